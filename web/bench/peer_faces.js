// What other packages see on photos, in headless Chromium: paths as lines in, JSON lines out.
// node peer_faces.js PACKAGE FOLDER [MOST]: the folder of packages as peer_packages.py makes it; the most faces of a photo

import { readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { startChromium } from "../host/browser.js";
import { serveSite } from "../host/site.js";

const most = Number(process.argv[4] || 0); // 0: as many as the package takes by itself

/** What loads a package, and the function that gives the faces of a photo; each as its documentation begins. */
const PAGES = {
  "@vladmandic/face-api": `
    import * as faceapi from "/node_modules/@vladmandic/face-api/dist/face-api.esm.js";
    const models = "/node_modules/@vladmandic/face-api/model/";
    faceapi.tf.setWasmPaths("/wasm/"); // without them it falls back to WebGL, which is drawn in software here
    await faceapi.tf.setBackend("wasm");
    await faceapi.tf.ready();
    await Promise.all([faceapi.nets.ssdMobilenetv1.loadFromUri(models), faceapi.nets.faceExpressionNet.loadFromUri(models)]);
    /** @type {any} */ (window).answer = async (image) =>
      (await faceapi.detectAllFaces(image, new faceapi.SsdMobilenetv1Options()).withFaceExpressions()).map(
        ({ detection: { box }, expressions }) => ({
          box: [box.left, box.top, box.right, box.bottom],
          scores: Object.fromEntries(Object.entries(expressions)),
        }),
      );`,
  "@vladmandic/human": `
    import { Human } from "/node_modules/@vladmandic/human/dist/human.esm.js";
    const human = new Human({
      backend: "wasm", wasmPath: "/wasm/", modelBasePath: "/node_modules/@vladmandic/human/models/", cacheSensitivity: 0,
      face: {${most ? ` detector: { maxDetected: ${most} },` : ""}
        emotion: { enabled: true, minConfidence: 0 }, description: { enabled: false }, iris: { enabled: false } },
      body: { enabled: false }, hand: { enabled: false }, object: { enabled: false }, gesture: { enabled: false },
    });
    await human.load();
    /** @type {any} */ (window).answer = async (image) =>
      (await human.detect(image)).face.map(({ box: [x, y, width, height], emotion }) => ({
        box: [x, y, x + width, y + height],
        scores: Object.fromEntries((emotion ?? []).map(({ emotion: name, score }) => [name, score])),
      }));`,
};
const TYPES = { ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".webp": "image/webp" };

/** In a peer's page: the faces of a photo, given as a data: address. */
async function askPeer(address) {
  const image = new Image();
  image.src = address;
  await image.decode();
  return /** @type {any} */ (window).answer(image);
}

/** Print the faces that one package sees on each photo. */
async function askAll(browser, name, folder, paths) {
  const { version } = JSON.parse(readFileSync(join(folder, "node_modules", name, "package.json"), "utf8"));
  const html = `<!doctype html><title>peer</title><script type="module">${PAGES[name]} window.done = true;</script>`;
  const site = await serveSite({ folders: { "/": folder }, extra: { "/": Buffer.from(html) } });
  const page = await (await browser.newContext()).newPage();
  page.on("pageerror", (error) => console.error(`${name}: ${error.message}`));
  await page.goto(site.address, { waitUntil: "commit" }); // the load event waits for the models
  await page.waitForFunction(() => /** @type {any} */ (window).done, null, { timeout: 240_000 });
  for (const path of paths) {
    const type = TYPES[extname(path).toLowerCase()] ?? "image/jpeg";
    const faces = await page.evaluate(askPeer, `data:${type};base64,${readFileSync(path, "base64")}`);
    console.log(JSON.stringify({ package: name, version, photo: path, faces }));
  }
  await page.context().close();
  await site.close();
}

const paths = readFileSync(0, "utf8").split("\n").filter(Boolean);
const browser = await startChromium();
await askAll(browser, process.argv[2], process.argv[3], paths);
await browser.close();
