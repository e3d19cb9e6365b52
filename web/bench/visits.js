// What a visit costs in headless Chromium, as JSON: node visits.js NEAR FAR [FOLDER of the peers' packages]
//
// NEAR and FAR are photos: one where the first face detector suffices, one where both run.

import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { startChromium } from "../host/browser.js";
import { serveSite } from "../host/site.js";
import { measureNetwork, weighRequests } from "./weigh.js";

const VISITS = 7; // fresh profiles; the median counts
const RUNS = 30; // of each photo, after a few to warm up
const WARM_UP = 3;

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const round = (value) => Number(value.toFixed(1));

/** Visit with an empty cache: ms from navigation to ready, what was fetched until the first answer, and by the whole visit. */
async function visitOnce(browser) {
  const site = await serveSite();
  const context = await browser.newContext();
  const page = await context.newPage();
  const list = () => site.requests.map(({ url }) => url).filter((url) => url !== "/favicon.ico");
  await page.goto(site.address);
  await page.waitForSelector("html[data-engine=ready]", { timeout: 120_000 });
  const ready = await page.evaluate(() => performance.getEntriesByName("emoji-ready")[0].startTime);
  await page.click("#sample");
  await page.waitForSelector("article");
  const first = list();
  await page.waitForFunction(() => document.documentElement.dataset.offline, null, { timeout: 120_000 });
  const whole = list();
  await context.close();
  await site.close();
  return { ready, first, whole };
}

/** Sum of weights by kind. */
function addWeights(weights) {
  const sum = { raw: 0, gzip: 0, brotli: 0 };
  for (const entry of weights) for (const key of Object.keys(sum)) sum[key] += entry[key];
  return sum;
}

async function measureVisits(browser) {
  const visits = [];
  for (let i = 0; i < VISITS; i++) visits.push(await visitOnce(browser));
  const [{ first, whole }] = visits;
  const kinds = weighRequests(first);
  const { network, ...others } = kinds;
  return {
    ready_ms: round(median(visits.map(({ ready }) => ready))),
    transfer: {
      kinds,
      besides_network: addWeights(Object.values(others)),
      network,
      offline_copy: addWeights(Object.values(weighRequests(whole))),
    },
    network: measureNetwork(),
  };
}

/** Median ms of a photo in the worker, from bytes to answer, on one backend. */
async function measurePhotos(browser, paths, backend) {
  const site = await serveSite();
  const context = await browser.newContext({ serviceWorkers: "block" });
  await context.addInitScript((name) => localStorage.setItem("backend", name), backend);
  const page = await context.newPage();
  await page.goto(site.address);
  await page.waitForSelector("html[data-engine=ready]", { timeout: 120_000 });
  const times = {};
  for (const [name, path] of Object.entries(paths)) {
    const bytes = [...readFileSync(path)];
    const { ms, faces } = await page.evaluate(
      async ([values, file, count]) => {
        const photo = new File([Uint8Array.from(values)], file);
        const answers = [];
        for (let i = 0; i < count; i++) answers.push(await window.emoji.classify(photo));
        return { ms: answers.map((answer) => answer.ms), faces: answers[0].result.faces.length };
      },
      [bytes, basename(path), RUNS + WARM_UP],
    );
    times[name] = { ms: round(median(ms.slice(WARM_UP))), faces };
  }
  await context.close();
  await site.close();
  return times;
}

/** The peers' pages: what loads a package and the function that answers a photo, an HTMLImageElement. */
const PEERS = {
  "@vladmandic/face-api": `
    import * as faceapi from "/node_modules/@vladmandic/face-api/dist/face-api.esm.js";
    const models = "/node_modules/@vladmandic/face-api/model/";
    await faceapi.tf.setBackend("BACKEND");
    await faceapi.tf.ready();
    await Promise.all([faceapi.nets.tinyFaceDetector.loadFromUri(models), faceapi.nets.faceExpressionNet.loadFromUri(models)]);
    const options = new faceapi.TinyFaceDetectorOptions();
    window.backend = () => faceapi.tf.getBackend();
    window.answer = async (image) => (await faceapi.detectAllFaces(image, options).withFaceExpressions()).length;`,
  "@vladmandic/human": `
    import { Human } from "/node_modules/@vladmandic/human/dist/human.esm.js";
    const off = { enabled: false };
    const human = new Human({
      backend: "BACKEND", wasmPath: "/wasm/", modelBasePath: "/node_modules/@vladmandic/human/models/", cacheSensitivity: 0,
      face: {
        enabled: true, detector: { maxDetected: 10 }, emotion: { enabled: true },
        mesh: off, iris: off, description: off, antispoof: off, liveness: off,
      },
      body: off, hand: off, object: off, gesture: off, segmentation: off,
    });
    await human.load();
    window.backend = () => human.tf.getBackend();
    window.answer = async (image) => (await human.detect(image)).face.length;`,
};

/** A peer's page on one backend: ms to its first answer, ms of a photo, bytes. */
async function measurePeer(browser, name, backend, folder, paths) {
  const version = JSON.parse(readFileSync(join(folder, "node_modules", name, "package.json"), "utf8")).version;
  const script = PEERS[name].replace("BACKEND", backend);
  const html = `<!doctype html><title>peer</title><script type="module">${script} window.done = true;</script>`;
  const photos = Object.fromEntries(
    Object.values(paths).map((path) => [`/photos/${basename(path)}`, readFileSync(path)]),
  );
  const site = await serveSite({ folders: { "/": folder }, extra: { "/": Buffer.from(html), ...photos } });
  const page = await (await browser.newContext()).newPage();
  const problems = [];
  page.on("pageerror", (error) => problems.push(error.message));
  const began = performance.now();
  await page.goto(site.address, { waitUntil: "commit" }); // the load event waits for the models
  const measured = { package: name, version, backend, photos: {} };
  try {
    await page.waitForFunction(() => /** @type {any} */ (window).done, null, { timeout: 240_000 });
    measured.ready_ms = round(performance.now() - began);
    measured.backend = await page.evaluate(() => /** @type {any} */ (window).backend());
    for (const [key, path] of Object.entries(paths)) {
      const { times, faces } = await page.evaluate(timePeer, [`/photos/${basename(path)}`, RUNS + WARM_UP]);
      measured.photos[key] = { ms: round(median(times.slice(WARM_UP))), first_ms: round(times[0]), faces };
    }
    measured.bytes = site.requests.reduce((sum, { bytes }) => sum + bytes, 0);
  } catch (error) {
    measured.error = (problems[0] ?? error.message).split("\n")[0];
  }
  await page.context().close();
  await site.close();
  return measured;
}

/** In a peer's page: ms of each run from the file's bytes to the answer, as this project's own are measured. */
async function timePeer([address, count]) {
  const blob = await (await fetch(address)).blob();
  const times = [];
  let faces = 0;
  for (let i = 0; i < count; i++) {
    const start = performance.now();
    const image = new Image();
    image.src = URL.createObjectURL(blob);
    await image.decode();
    faces = await /** @type {any} */ (window).answer(image);
    times.push(performance.now() - start);
    URL.revokeObjectURL(image.src);
  }
  return { times, faces };
}

/** @param {string[]} values */
async function main([near, far, peers]) {
  const browser = await startChromium();
  const paths = { near, far };
  const visits = await measureVisits(browser);
  const photos = {
    wasm: await measurePhotos(browser, paths, "wasm"),
    webgl: await measurePhotos(browser, paths, "webgl"),
  };
  const others = [];
  for (const name of peers ? Object.keys(PEERS) : []) {
    others.push(await measurePeer(browser, name, "wasm", peers, paths)); // webgl in software takes them minutes
  }
  const about = { browser: `Chromium ${browser.version()}`, runs: RUNS, visits: VISITS };
  await browser.close();
  console.log(JSON.stringify({ ...about, ...visits, photos, peers: others }));
}

await main(process.argv.slice(2));
