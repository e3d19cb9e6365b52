// Serves web/dist as a static host would, and starts Chromium on it, for tests and benchmarks.

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join, normalize } from "node:path";
import { chromium } from "playwright-core";

export const ROOT = join(import.meta.dirname, "..");
export const DIST = join(ROOT, "web", "dist");
const TYPES = {
  html: "text/html; charset=utf-8", js: "text/javascript", css: "text/css", json: "application/json", svg: "image/svg+xml",
  wasm: "application/wasm", png: "image/png", webmanifest: "application/manifest+json",
}; // prettier-ignore
const FLAGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
]; // prettier-ignore
const CANDIDATES = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/**
 * Serve a folder under a path of 127.0.0.1, without any header but the type's.
 *
 * @param {{folder?: string, base?: string, port?: number, headers?: Record<string, string>, extra?: Record<string, Buffer>}} [options]
 *   extra: contents of addresses that are no files
 * @returns {Promise<{address: string, port: number, requests: {method, url, body: Buffer, bytes: number}[], close: () => Promise<void>}>}
 */
export async function serveSite({ folder = DIST, base = "/", port = 0, headers = {}, extra = {} } = {}) {
  const requests = [];
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const noted = { method: request.method, url: request.url, body: Buffer.concat(chunks), bytes: 0 };
    requests.push(noted);
    const { pathname } = new URL(request.url, "http://local");
    const inside = pathname.startsWith(base) ? normalize(decodeURIComponent(pathname.slice(base.length))) : "..";
    const path = join(folder, pathname.endsWith("/") ? join(inside, "index.html") : inside);
    try {
      if (inside.startsWith("..")) throw new Error("outside");
      const body = extra[pathname] ?? (await readFile(path));
      noted.bytes = body.length;
      const type = TYPES[path.split(".").at(-1)] ?? "application/octet-stream";
      response.writeHead(200, { "content-type": type, ...headers }).end(body);
    } catch {
      response.writeHead(404).end("not found");
    }
  });
  await new Promise((resolve) => server.listen(port, "127.0.0.1", resolve));
  const close = () =>
    new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
  return { address: `http://127.0.0.1:${server.address().port}${base}`, port: server.address().port, requests, close };
}

/** Headless Chromium with a fresh profile; extra flags as a list. */
export async function startChromium(flags = []) {
  const executablePath = CANDIDATES.find((path) => path && existsSync(path));
  if (!executablePath) throw new Error("no Chromium found: install it, or set CHROMIUM to its path");
  return chromium.launch({ executablePath, args: [...FLAGS, ...flags] });
}
