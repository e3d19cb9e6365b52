// The pipeline in a worker, as both pages use it: one start, the visitor's own backend, and an end when the worker fails.

import * as Comlink from "comlink";
import { BACKENDS } from "emoji-edge/backends.js";
import { readSetting } from "./settings.js";
import { t } from "./strings.js";

/**
 * @typedef {import("emoji-edge").Progress} Progress
 * @typedef {object} Engine
 * @property {string} backend the one in use
 * @property {{backend: string, reason: string}[]} failures backends that were tried in vain
 * @property {string} version of TensorFlow.js
 * @property {import("emoji-edge/contract.js").Contract} contract
 * @property {any} facts measured numbers of models/start.json; null where the report lacks them
 * @property {(source: Blob | ImageBitmap, options: object) => Promise<any>} classify as worker/answers.js has it
 * @property {(file: Blob, options: {every: number}, onFrame: (answer: any) => void) => Promise<any>} readVideo as worker/answers.js has it
 * @property {() => Promise<void>} stopVideo ends what readVideo reads
 * @property {() => Promise<import("emoji-edge/selftest.js").SelfTest>} selfTest
 * @property {() => Promise<{tensors: number, bytes: number}>} readMemory
 * @property {() => void} stop ends the worker; what is still asked fails
 */

/** The backend that the visitor chose, else the first. */
export const chooseBackend = () => BACKENDS.find((name) => name === readSetting("backend")) ?? BACKENDS[0];

/**
 * Load everything in a fresh worker.
 *
 * @param {(progress: Progress) => void} onProgress
 * @param {AbortSignal} [signal] ends the worker before it is ready, too
 * @returns {Promise<Engine>}
 * @throws {Error} where no backend gives the right answers, or the worker itself fails
 */
export async function startEngine(onProgress, signal) {
  const worker = new Worker(new URL("../worker/worker.js", import.meta.url), { type: "module" });
  /** @type {Set<(error: Error) => void>} what is asked and not answered yet */
  const waiting = new Set();
  /** @type {Error | null} */
  let failure = null;
  const fail = (/** @type {Error} */ error) => {
    failure ??= error;
    for (const reject of waiting) reject(failure);
  };
  worker.addEventListener("error", () => fail(new Error(t("engine.broken"))));
  const stop = () => {
    worker.terminate();
    fail(new Error(t("engine.stopped")));
  };
  signal?.addEventListener("abort", stop);
  const remote = /** @type {any} */ (Comlink.wrap(worker));
  // No race against one promise of the failure: that promise would keep every answer for ever.
  const ask =
    (name) =>
    (/** @type {any[]} */ ...values) =>
      new Promise((resolve, reject) => {
        if (failure) return reject(failure);
        waiting.add(reject);
        const answered = remote[name](...values).finally(() => waiting.delete(reject));
        answered.then(resolve, reject);
      });
  try {
    const options = { assets: String(new URL("./models/", location.href)), backend: chooseBackend() };
    const started = await ask("start")(options, Comlink.proxy(onProgress));
    return {
      ...started,
      classify: ask("classify"),
      readVideo: (file, options, onFrame) => ask("readVideo")(file, options, Comlink.proxy(onFrame)),
      stopVideo: ask("stopVideo"),
      selfTest: ask("selfTest"),
      readMemory: ask("readMemory"),
      stop,
    };
  } catch (error) {
    stop();
    throw error;
  }
}
