// Runs TF.js jobs in Node or in headless Chromium: node run.mjs node|chromium JOBS.json
//
// JOBS.json: [{model, input, shape, kind, backend, batch, out}], paths. Writes OUT.NAME.bin
// (float32) for each output and OUT.json with the facts, or with {error}.

import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { startChromium } from "../../../../web/host/browser.js";
import { ROOT, serveSite } from "../../../../web/host/site.js";

const packages = join(ROOT, "web", "node_modules");
const require = createRequire(join(packages, "index.js")); // the packages are not beside this file
const { build } = require("esbuild");
const wasm = dirname(require.resolve("@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm"));

/** infer.js and TF.js as one file. */
function bundle(outfile, platform) {
  return build({
    entryPoints: [join(import.meta.dirname, "infer.js")],
    bundle: true,
    outfile,
    platform,
    globalName: "verify",
    logLevel: "error",
    format: platform === "node" ? "cjs" : "iife",
    nodePaths: [packages],
    mainFields: ["module", "main"], // one tfjs-core for all, with one registry of backends
  });
}

/** Each job's model and input, the wasm files and the page under a path of their own, for serveSite. */
function listFolders(jobs, scratch) {
  const own = jobs.flatMap(({ model, input }, i) => [
    [`/model${i}/`, dirname(model)],
    [`/input${i}/`, dirname(input)],
  ]);
  return Object.fromEntries([["/scratch/", scratch], ["/wasm/", wasm], ...own]);
}

/** The job with addresses in place of paths. */
function addressJob(job, index, origin) {
  const model = `${origin}/model${index}/${basename(job.model)}`;
  return { ...job, model, input: `${origin}/input${index}/${basename(job.input)}` };
}

async function saveResult(job, { outputs, facts }) {
  for (const [name, array] of Object.entries(outputs)) await writeFile(`${job.out}.${name}.bin`, array);
  await writeFile(`${job.out}.json`, JSON.stringify(facts));
}

/** This Node as a runtime: {version, run(job), stop()}. */
async function startNode(scratch) {
  const file = join(scratch, "infer.cjs");
  await bundle(file, "node");
  const { runJob } = require(file);
  const run = async (job) => runJob({ ...job, wasm: `${wasm}/` });
  return { version: `Node ${process.versions.node}`, run, stop: () => {} };
}

/** Headless Chromium with a fresh profile as a runtime, like startNode's. */
async function startBrowser(scratch, address) {
  await bundle(join(scratch, "infer.js"), "browser");
  await writeFile(join(scratch, "index.html"), "<!doctype html><title>verify</title><script src=infer.js></script>");
  const browser = await startChromium({ graphics: true });
  const page = await browser.newPage();
  await page.goto(`${address}/scratch/index.html`);
  const run = async (job) => {
    const { outputs, facts } = await page.evaluate((job) => globalThis.verify.runEncoded(job), {
      ...job,
      wasm: `${address}/wasm/`,
    });
    const arrays = Object.entries(outputs).map(([name, text]) => [name, Buffer.from(text, "base64")]);
    return { facts, outputs: Object.fromEntries(arrays) };
  };
  return { version: `Chromium ${browser.version()}`, run, stop: () => browser.close() };
}

/** Run every job; one that fails is recorded as {error} and the others go on. */
async function main(platform, file) {
  const jobs = JSON.parse(await readFile(file, "utf8"));
  const scratch = await mkdtemp(join(tmpdir(), "verify-"));
  const site = await serveSite({ folders: listFolders(jobs, scratch) });
  const origin = new URL(site.address).origin;
  const start = platform === "node" ? startNode : startBrowser;
  const runtime = await start(scratch, origin);
  for (const [index, job] of jobs.entries()) {
    try {
      const { outputs, facts } = await runtime.run(addressJob(job, index, origin));
      const version = [`TF.js ${facts.version}`, runtime.version, facts.renderer].filter(Boolean).join(", ");
      await saveResult(job, { outputs, facts: { ...facts, version } });
    } catch (error) {
      await saveResult(job, { outputs: {}, facts: { error: String(error.message).split("\n")[0] } });
    }
  }
  await runtime.stop();
  await site.close();
  await rm(scratch, { recursive: true });
}

await main(process.argv[2], process.argv[3]);
