// Builds the two pages into dist: static files that work on any host, under any path.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { defineConfig } from "vite";
import { VitePWA } from "vite-plugin-pwa";
import { copyFiles } from "./plugins/copy-files.js";
import { fillPages } from "./plugins/pages.js";
import { placeNetworks, writeStart } from "./plugins/start.js";

const root = import.meta.dirname;
const models = join(root, "..", "models");
const find = createRequire(import.meta.url).resolve;
const wasm = dirname(find("@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm"));
const wasmTarget = `wasm-${JSON.parse(readFileSync(find("@tensorflow/tfjs-backend-wasm/package.json"), "utf8")).version}`;
const networks = Object.values(placeNetworks(models)).map(({ source, target }) => [`models/${target}`, join(models, source)]);

/** What the pages fetch while they run, under the name it has in dist: a file, a folder, or a function that writes it. */
const files = {
  "models/start.json": () => writeStart(models, { folder: wasmTarget, file: join(wasm, "tfjs-backend-wasm-simd.wasm") }),
  "models/contract.json": join(models, "contract.json"),
  "models/report.json": join(models, "report.json"),
  "models/golden": join(models, "golden"),
  ...Object.fromEntries(networks),
  "models/face/LICENSE": join(models, "face", "LICENSE"),
  "emoji": join(root, "..", "edge", "emoji_edge", "emoji"),
  [`${wasmTarget}/tfjs-backend-wasm-simd.wasm`]: join(wasm, "tfjs-backend-wasm-simd.wasm"),
  [`${wasmTarget}/tfjs-backend-wasm.wasm`]: join(wasm, "tfjs-backend-wasm.wasm"),
};

/** The service worker keeps all of it, but for what only a browser without SIMD needs. */
const offline = VitePWA({
  registerType: "prompt",
  injectRegister: false, // src/offline.js registers it once the page is ready
  manifest: {
    id: "./",
    name: "Emoji the Possibilities",
    short_name: "Emoji",
    description: "Name the expression on a face, on your own device.",
    start_url: "./",
    scope: "./",
    display: "standalone",
    theme_color: "#fffaf2",
    background_color: "#fffaf2",
    icons: [
      { src: "icons/icon-192.png", sizes: "192x192", type: "image/png" },
      { src: "icons/icon-512.png", sizes: "512x512", type: "image/png" },
      { src: "icons/icon-maskable-512.png", sizes: "512x512", type: "image/png", purpose: "maskable" },
    ],
  },
  workbox: {
    globPatterns: ["**/*.{html,js,css,json,bin,wasm,png,jpg,webp,gif,svg,webmanifest}"],
    globIgnores: ["**/tfjs-backend-wasm.wasm"],
    maximumFileSizeToCacheInBytes: 16 * 2 ** 20,
    ignoreURLParametersMatching: [/.*/],
    dontCacheBustURLsMatching: /^(assets|wasm-|models\/.+-[0-9a-f]{12}\/)/, // a hash or a version is part of the name
    cleanupOutdatedCaches: true,
    navigateFallback: null,
  },
});

export default defineConfig({
  root,
  base: "./",
  plugins: [fillPages(root), copyFiles(files), offline],
  worker: { format: "es" },
  build: {
    outDir: "dist",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0, // data: addresses would need a wider Content-Security-Policy
    modulePreload: { polyfill: false },
    rollupOptions: { input: [join(root, "index.html"), join(root, "dashboard.html")] },
  },
});
