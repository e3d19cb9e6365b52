// Bundles the two files that need no bundler: the pipeline, and the element.

import { join } from "node:path";
import { build } from "esbuild";

const root = join(import.meta.dirname, "..");
/** Names of the files. */
export const BUNDLES = ["emoji-edge.js", "emoji-face.js"];

/**
 * Bundle one of BUNDLES, minified.
 *
 * @param {string} name
 * @param {{outdir?: string, external?: string[]}} [options] outdir: where it is written; external: packages that stay outside
 * @returns {Promise<Uint8Array>} its contents
 */
export async function bundleFile(name, { outdir, external = [] } = {}) {
  const { outputFiles } = await build({
    entryPoints: [join(root, "standalone", name)],
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    charset: "utf8",
    legalComments: "eof",
    logLevel: "error",
    external,
    ...(outdir ? { outdir } : { outdir: root, write: false }),
  });
  return outputFiles?.[0].contents ?? new Uint8Array();
}
