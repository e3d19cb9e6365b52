// Runs tests/web: units in Node, and the pages in real browsers through playwright-core and puppeteer-core.

import { join } from "node:path";
import { defineConfig } from "vitest/config";

const root = join(import.meta.dirname, ".."); // the folder of package.json

// The tests lie outside web/, where packages would not be found: look them up from here.
/** @type {import("vite").Plugin} */
const findPackages = {
  name: "find-packages",
  enforce: "pre",
  resolveId(source, importer) {
    const outside = importer && !importer.startsWith(root);
    return outside && /^[@\w]/.test(source) && !source.startsWith("node:")
      ? this.resolve(source, join(root, "package.json"))
      : null;
  },
};

export default defineConfig({
  root: join(root, ".."),
  cacheDir: join(root, "node_modules", ".vite"),
  plugins: [findPackages],
  test: {
    include: ["tests/web/**/*.test.js"],
    globalSetup: ["tests/helpers/setup.js"],
    fileParallelism: false, // one browser at a time
    testTimeout: 300_000, // so far off that a busy machine fails no test
    hookTimeout: 300_000,
    retry: 1, // a browser on a busy machine fails at times for reasons of its own; the report names what was tried twice
  },
});
