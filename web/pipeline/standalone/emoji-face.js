// <emoji-face> in one file, TensorFlow.js included, beside the folder of its assets. The same file is its worker.

import * as Comlink from "comlink";
import { EmojiFace, defineElement } from "../element/element.js";
import { startEngine } from "../element/engine.js";

/** @type {import("../element/engine.js").Engine} */
let engine;

/** In the worker: what the page asks. */
const answers = {
  start: async (assets) => {
    engine = await startEngine(assets);
  },
  answer: async (source, question) => {
    const answer = await engine.answer(source, question);
    return Comlink.transfer(answer, "preview" in answer ? [answer.preview] : []);
  },
};

/** In the page: the engine in a worker, or on this thread where the page's policy or another origin allows none. */
async function startWorker(assets) {
  try {
    const worker = new Worker(import.meta.url, { type: "module" });
    const failed = new Promise((_, reject) => (worker.onerror = () => reject(new Error("no worker"))));
    const remote = /** @type {any} */ (Comlink.wrap(worker));
    await Promise.race([remote.start(assets), failed]);
    return remote;
  } catch {
    return startEngine(assets);
  }
}

if (globalThis.document) {
  EmojiFace.assets = new URL("./assets/", import.meta.url);
  EmojiFace.start = startWorker;
  defineElement();
} else {
  Comlink.expose(answers);
}

export { EmojiFace };
