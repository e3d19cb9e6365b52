// Serves folders as a static host would, for tests, benchmarks and the converter's proof.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join, normalize } from "node:path";

export const ROOT = join(import.meta.dirname, "..", "..");
export const DIST = join(ROOT, "web", "dist");
const TYPES = {
  html: "text/html; charset=utf-8",
  js: "text/javascript",
  css: "text/css",
  json: "application/json",
  svg: "image/svg+xml",
  wasm: "application/wasm",
  png: "image/png",
  webmanifest: "application/manifest+json",
};

/**
 * @typedef {{method: string, url: string, body: Buffer, bytes: number}} Request bytes: of the answer
 * @typedef {{address: string, port: number, requests: Request[], close: () => Promise<void>}} Site
 */

/** A path as it is named on the disk; a percent sign that encodes nothing is one. */
function decodeName(path) {
  try {
    return decodeURIComponent(path.replace(/%(?![0-9a-f]{2})/gi, "%25"));
  } catch {
    return path; // bytes that are no UTF-8
  }
}

/** The file behind an address: in the folder whose path it begins with; null where there is none. */
function findFile(pathname, folders) {
  const base = Object.keys(folders).find((path) => pathname.startsWith(path));
  if (base === undefined) return null;
  const inside = normalize(decodeName(pathname.slice(base.length)));
  if (inside.startsWith("..")) return null;
  return join(folders[base], pathname.endsWith("/") ? join(inside, "index.html") : inside);
}

async function readBody(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/**
 * Serve folders on this machine only, without any header but the type's.
 *
 * @param {object} [options]
 * @param {Record<string, string>} [options.folders] by the path that they lie under, with a slash at its end
 * @param {number} [options.port] 0: any that is free
 * @param {Record<string, string>} [options.headers] to be sent with every file
 * @param {Record<string, Buffer>} [options.extra] contents of addresses that are no files
 * @returns {Promise<Site>} address: of the first folder
 */
export async function serveSite({ folders = { "/": DIST }, port = 0, headers = {}, extra = {} } = {}) {
  /** @type {Request[]} */
  const requests = [];
  const server = createServer(async (request, response) => {
    const { method = "GET", url = "/" } = request;
    const noted = { method, url, body: await readBody(request), bytes: 0 };
    requests.push(noted);
    const { pathname } = new URL(url, "http://local");
    const path = findFile(pathname, folders);
    try {
      const body = extra[pathname] ?? (await readFile(path ?? ""));
      noted.bytes = body.length;
      const type = TYPES[(path ?? "").split(".").at(-1)] ?? "application/octet-stream";
      response.writeHead(200, { "content-type": type, ...headers }).end(body);
    } catch {
      response.writeHead(404).end("not found");
    }
  });
  await new Promise((resolve) => server.listen(port, "127.0.0.1", () => resolve(null)));
  const { port: chosen } = /** @type {import("node:net").AddressInfo} */ (server.address());
  const close = () =>
    new Promise((/** @type {(value?: any) => void} */ resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
  return { address: `http://127.0.0.1:${chosen}${Object.keys(folders)[0]}`, port: chosen, requests, close };
}
