// What answers the elements: one classifier for all that name the same assets, one photo at a time.

import { ImageError, createClassifier } from "../index.js";
import { makePreview } from "../preview.js";

const PREVIEW = 1280; // pixels of the longer side of the picture that is shown

/**
 * @typedef {import("../rows.js").Result} Result
 * @typedef {{name: string, top?: number}} Question
 * @typedef {{result: Result, names: Record<string, string>, preview: ImageBitmap}} Found names: of the labels, in English
 * @typedef {{failure: import("../rows.js").Failure, code: string, values: Record<string, any>}} Refused code: ImageError's
 * @typedef {{answer: (source: any, question: Question) => Promise<Found | Refused>}} Engine
 */

/**
 * Load a classifier on this thread.
 *
 * @param {string} assets
 * @returns {Promise<Engine>}
 */
export async function startEngine(assets) {
  const classifier = await createClassifier({ assets });
  return { answer: (source, question) => answerPhoto(classifier, source, question) };
}

/**
 * @param {import("../index.js").Classifier} classifier
 * @param {any} source
 * @param {Question} question
 * @returns {Promise<Found | Refused>}
 */
async function answerPhoto(classifier, source, { name, top }) {
  try {
    const { result, photo } = await classifier.classifyInDetail(source, { name, top });
    return { result, names: classifier.contract.display_names, preview: await makePreview(photo, PREVIEW) };
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    return { failure: { photo: name, error: error.message }, code: error.code, values: error.values };
  }
}

/** @type {Map<string, Promise<Engine>>} by the assets' address */
const engines = new Map();
let last = Promise.resolve();

/**
 * The answer for a photo, once those asked for before have theirs.
 *
 * @param {(assets: string) => Promise<Engine>} start
 * @param {string} assets
 * @param {any} source
 * @param {Question} question
 * @returns {Promise<Found | Refused>}
 */
export function askEngine(start, assets, source, question) {
  const answer = last.then(async () => {
    const engine = await findEngine(start, assets);
    return engine.answer(source, question);
  });
  last = answer.then(
    () => {},
    () => {},
  );
  return answer;
}

function findEngine(start, assets) {
  const known = engines.get(assets);
  if (known) return known;
  /** @type {Promise<Engine>} */
  const engine = start(assets);
  engines.set(assets, engine);
  engine.catch(() => engines.delete(assets)); // the next photo tries again
  return engine;
}
