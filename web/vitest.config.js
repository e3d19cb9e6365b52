// Runs tests/web: units in Node, and the pages in real browsers through playwright-core and puppeteer-core.

import { join } from "node:path";
import { defineConfig } from "vitest/config";

const root = import.meta.dirname;

/** The tests lie outside web/, where packages would not be found: look them up from here. */
const findPackages = {
  name: "find-packages",
  enforce: "pre",
  resolveId(source, importer) {
    const outside = importer && !importer.startsWith(root);
    return outside && /^[@\w]/.test(source) && !source.startsWith("node:") ? this.resolve(source, join(root, "package.json")) : null;
  },
};

export default defineConfig({
  root: join(root, ".."),
  plugins: [findPackages],
  test: {
    include: ["tests/web/**/*.test.js"],
    globalSetup: ["tests/web/setup.js"],
    fileParallelism: false, // one browser at a time
    testTimeout: 300_000, // so far off that a busy machine fails no test
    hookTimeout: 300_000,
  },
});
