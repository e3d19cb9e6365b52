// Puts files from outside web/ into the build, under a name of their own, and serves them in `vite dev`.

import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** Each file as [name in dist, how to read it]; folders with all that is in them. */
function* listFiles(files) {
  for (const [name, source] of Object.entries(files)) {
    if (typeof source === "function") yield [name, source];
    else if (!existsSync(source))
      continue; // a report that was not written yet
    else if (!statSync(source).isDirectory()) yield [name, () => readFileSync(source)];
    else
      yield* listFiles(
        Object.fromEntries(readdirSync(source).map((entry) => [`${name}/${entry}`, join(source, entry)])),
      );
  }
}

/** @param {Record<string, string | (() => string)>} files name in dist: file, folder, or a function that writes the file
 * @returns {import("vite").Plugin}
 */
export function copyFiles(files) {
  return {
    name: "copy-files",
    configureServer(server) {
      const known = new Map(listFiles(files));
      server.middlewares.use((request, response, next) => {
        const { pathname } = new URL(request.url ?? "/", "http://local");
        const read = known.get(decodeURIComponent(pathname.slice(1)));
        if (!read) return next();
        if (pathname.endsWith(".wasm")) response.setHeader("content-type", "application/wasm");
        response.end(read());
      });
    },
    generateBundle() {
      for (const [fileName, read] of listFiles(files)) this.emitFile({ type: "asset", fileName, source: read() });
    },
  };
}
