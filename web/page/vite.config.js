// Builds the two pages into dist: static files that work on any host, under any path.

import { join } from "node:path";
import { defineConfig } from "vite";
import { VitePWA } from "vite-plugin-pwa";
import { WASM_FOLDER, listModels, listWasm } from "../pipeline/build/assets.js";
import { copyFiles } from "./plugins/copy-files.js";
import { fillPages } from "./plugins/pages.js";
import { writeStart } from "./plugins/start.js";

const root = import.meta.dirname;
const models = join(root, "..", "..", "models");

/** Files under another folder's name. */
const placeFiles = (folder, files) =>
  Object.fromEntries(Object.entries(files).map(([name, source]) => [`${folder}/${name}`, source]));

/** What the pages fetch while they run, under the name it has in dist: a file, a folder, or a function that writes it. */
const files = {
  "models/start.json": () => writeStart(models, `../${WASM_FOLDER}/`),
  "models/report.json": join(models, "report.json"),
  ...placeFiles("models", listModels(models)),
  emoji: join(root, "..", "..", "edge", "emoji_edge", "emoji"),
  ...placeFiles(WASM_FOLDER, listWasm()),
};

/** The service worker keeps all of it, but for what only a browser without SIMD needs. */
const offline = VitePWA({
  registerType: "prompt",
  injectRegister: false, // shared/offline.js registers it once the page is ready
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
    share_target: {
      action: "./share-target",
      method: "POST",
      enctype: "multipart/form-data",
      params: { files: [{ name: "photos", accept: ["image/*", "video/*"] }] },
    },
    icons: [
      { src: "icons/icon-192.png", sizes: "192x192", type: "image/png" },
      { src: "icons/icon-512.png", sizes: "512x512", type: "image/png" },
      { src: "icons/icon-maskable-512.png", sizes: "512x512", type: "image/png", purpose: "maskable" },
    ],
  },
  workbox: {
    clientsClaim: true, // the first visit too loads what it has not needed yet from the device
    globPatterns: ["**/*.{html,js,css,json,bin,wasm,png,jpg,webp,gif,svg,webmanifest}"],
    globIgnores: ["**/tfjs-backend-wasm.wasm", "preview.png", "share-target.js"],
    maximumFileSizeToCacheInBytes: 16 * 2 ** 20,
    ignoreURLParametersMatching: [/.*/],
    dontCacheBustURLsMatching: /^(assets|wasm-|models\/.+-[0-9a-f]{12}\/)/, // a hash or a version is part of the name
    importScripts: ["share-target.js"],
    cleanupOutdatedCaches: true,
    navigateFallback: null,
  },
});

export default defineConfig({
  root,
  base: "./",
  plugins: [fillPages(root), copyFiles(files), offline],
  worker: {
    format: "es",
    rollupOptions: { output: { manualChunks: { answers: [join(root, "worker", "answers.js")] } } }, // away from the entry
  },
  build: {
    outDir: join(root, "..", "dist"),
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0, // data: addresses would need a wider Content-Security-Policy
    modulePreload: { polyfill: false },
    rollupOptions: { input: [join(root, "index.html"), join(root, "dashboard.html")] },
  },
});
