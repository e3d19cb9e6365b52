// Runs TF.js jobs in Node or in headless Chromium: node run.mjs node|chromium JOBS.json
//
// JOBS.json: [{model, input, shape, kind, backend, batch, out}], paths. Writes OUT.NAME.bin
// (float32) for each output and OUT.json with the facts, or with {error}.

import { existsSync } from "node:fs";
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { build } from "esbuild";
import { chromium } from "playwright-core";

const FLAGS = [
  "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
];
const DRIVERS = "/usr/share/vulkan/icd.d";
const CANDIDATES = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const wasm = dirname(createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm"));

/** infer.js and TF.js as one file. */
function bundle(outfile, platform) {
  return build({
    entryPoints: [join(import.meta.dirname, "infer.js")],
    bundle: true, outfile, platform, globalName: "verify", logLevel: "error",
    format: platform === "node" ? "cjs" : "iife",
    mainFields: ["module", "main"], // one tfjs-core for all, with one registry of backends
  });
}

/** Serves the folders, by name, on this machine only. */
async function serve(folders) {
  const types = { js: "text/javascript", json: "application/json", wasm: "application/wasm", html: "text/html" };
  const server = createServer(async (request, response) => {
    const path = decodeURIComponent(new URL(request.url, "http://local").pathname);
    const [, name, ...rest] = path.split("/");
    try {
      if (!(name in folders)) throw new Error("no such folder");
      const body = await readFile(join(folders[name], ...rest));
      response.setHeader("content-type", types[path.split(".").at(-1)] ?? "application/octet-stream");
      response.end(body);
    } catch {
      response.statusCode = 404;
      response.end();
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { address: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}

/** Each job's model and input under a name of their own, for `serve`. */
function nameFolders(jobs) {
  const folders = jobs.flatMap((job, i) => [[`model${i}`, dirname(job.model)], [`input${i}`, dirname(job.input)]]);
  return Object.fromEntries(folders);
}

/** The job with addresses in place of paths. */
function addressJob(job, index, address) {
  const [model, input] = [job.model, job.input].map((path) => path.split("/").at(-1));
  return { ...job, model: `${address}/model${index}/${model}`, input: `${address}/input${index}/${input}` };
}

async function saveResult(job, { outputs, facts }) {
  for (const [name, array] of Object.entries(outputs)) await writeFile(`${job.out}.${name}.bin`, array);
  await writeFile(`${job.out}.json`, JSON.stringify(facts));
}

/** This Node as a runtime: {version, run(job), stop()}. */
async function startNode(scratch) {
  const file = join(scratch, "infer.cjs");
  await bundle(file, "node");
  const { runJob } = createRequire(import.meta.url)(file);
  const run = async (job) => runJob({ ...job, wasm: `${wasm}/` });
  return { version: `Node ${process.versions.node}`, run, stop: () => {} };
}

/**
 * How Chromium draws, as options of launch. Without a graphics processor, Mesa's Vulkan in software
 * (Debian's mesa-vulkan-drivers) runs the networks two to three times as fast as Chromium's own.
 */
async function chooseGraphics() {
  const drivers = existsSync(DRIVERS) ? await readdir(DRIVERS) : [];
  const software = drivers.find((name) => name.startsWith("lvp_icd"));
  if (!software || existsSync("/dev/dri")) return { args: [...FLAGS, "--enable-unsafe-swiftshader"] };
  const args = ["--use-angle=vulkan", "--enable-features=Vulkan", "--ignore-gpu-blocklist"];
  return { args: [...FLAGS, ...args], env: { ...process.env, VK_ICD_FILENAMES: join(DRIVERS, software) } };
}

/** Headless Chromium with a fresh profile as a runtime, like startNode's. */
async function startChromium(scratch, address) {
  await bundle(join(scratch, "infer.js"), "browser");
  await writeFile(join(scratch, "index.html"), "<!doctype html><title>verify</title><script src=infer.js></script>");
  const executablePath = CANDIDATES.find((path) => path && existsSync(path));
  if (!executablePath) throw new Error("no Chromium found: install it, or set CHROMIUM to its path");
  const browser = await chromium.launch({ executablePath, ...(await chooseGraphics()) });
  const page = await browser.newPage();
  await page.goto(`${address}/scratch/index.html`);
  const run = async (job) => {
    const { outputs, facts } = await page.evaluate((job) => verify.runEncoded(job), { ...job, wasm: `${address}/wasm/` });
    const arrays = Object.entries(outputs).map(([name, text]) => [name, Buffer.from(text, "base64")]);
    return { facts, outputs: Object.fromEntries(arrays) };
  };
  return { version: `Chromium ${browser.version()}`, run, stop: () => browser.close() };
}

/** Run every job; one that fails is recorded as {error} and the others go on. */
async function main(platform, file) {
  const jobs = JSON.parse(await readFile(file, "utf8"));
  const scratch = await mkdtemp(join(tmpdir(), "verify-"));
  const server = await serve({ ...nameFolders(jobs), scratch, wasm });
  const start = platform === "node" ? startNode : startChromium;
  const runtime = await start(scratch, server.address);
  for (const [index, job] of jobs.entries()) {
    try {
      const { outputs, facts } = await runtime.run(addressJob(job, index, server.address));
      const version = [`TF.js ${facts.version}`, runtime.version, facts.renderer].filter(Boolean).join(", ");
      await saveResult(job, { outputs, facts: { ...facts, version } });
    } catch (error) {
      await saveResult(job, { outputs: {}, facts: { error: String(error.message).split("\n")[0] } });
    }
  }
  await runtime.stop();
  server.close();
  await rm(scratch, { recursive: true });
}

await main(process.argv[2], process.argv[3]);
