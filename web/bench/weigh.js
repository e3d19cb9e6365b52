// Weighs what a visit downloads, by kind, as a host sends it: raw, gzip and brotli.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";

const DIST = join(import.meta.dirname, "..", "dist");

/** Bytes that a first visit may download besides the network, compressed. */
export const BUDGET = 750_000;
export const NETWORK = "network";

/** The kind of a file in dist. */
function nameKind(path) {
  if (path.startsWith("models/tfjs/")) return NETWORK;
  if (path.startsWith("models/face/")) return "detector";
  if (path.endsWith(".wasm")) return "wasm";
  if (path.endsWith(".js")) return "code";
  if (/\.(html|css|webmanifest)$/.test(path) || path === "") return "page";
  return /\.(json)$/.test(path) ? "data" : "pictures";
}

/** How many parameters the shipped network has, and in how many bytes of its files they are. */
export function measureNetwork() {
  const start = JSON.parse(readFileSync(join(DIST, "models", "start.json"), "utf8"));
  const model = JSON.parse(readFileSync(join(DIST, "models", start.models.network), "utf8"));
  const measured = { parameters: 0, bytes: 0 };
  for (const { shape, dtype, quantization } of model.weightsManifest.flatMap(({ weights }) => weights)) {
    const count = shape.reduce((a, b) => a * b, 1);
    if (dtype !== "float32") continue; // constants of the graph, such as the axes of a mean
    measured.parameters += count;
    measured.bytes += count * (quantization ? { uint8: 1, uint16: 2, float16: 2 }[quantization.dtype] : 4);
  }
  return measured;
}

/**
 * Bytes by kind of the files behind addresses, each file once.
 *
 * @param {string[]} addresses paths from the root of dist, as "/assets/x.js"
 * @returns {Record<string, {raw: number, gzip: number, brotli: number}>}
 */
export function weighRequests(addresses) {
  /** @type {Record<string, {raw: number, gzip: number, brotli: number}>} */
  const weights = {};
  for (const address of new Set(addresses.map((text) => text.replace(/\?.*/, "").slice(1)))) {
    const content = readFileSync(join(DIST, address || "index.html"));
    const entry = (weights[nameKind(address)] ??= { raw: 0, gzip: 0, brotli: 0 });
    entry.raw += content.length;
    entry.gzip += gzipSync(content).length;
    entry.brotli += brotliCompressSync(content).length;
  }
  return weights;
}
