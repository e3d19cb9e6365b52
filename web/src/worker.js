// The pipeline in a worker of its own, so that the page never waits for it.

import * as Comlink from "comlink";
import { ImageError, createClassifier } from "./pipeline/index.js";
import { runSelfTest } from "./pipeline/selftest.js";

const PREVIEW = 1600; // pixels of the longer side of the picture that the page shows

let classifier;

/** The upright photo at the size of a screen, as a bitmap for the page. */
async function makePreview({ width, height, data }) {
  const scale = Math.min(1, PREVIEW / Math.max(width, height));
  const size = { resizeWidth: Math.max(1, Math.round(width * scale)), resizeHeight: Math.max(1, Math.round(height * scale)) };
  const pixels = new Uint8ClampedArray(data.buffer, data.byteOffset, data.length);
  return createImageBitmap(new ImageData(pixels, width, height), { ...size, resizeQuality: "high" });
}

/** The pipeline's answer for the page; a picture that cannot be used gives {failure, code, values}. */
async function classify(source, { name, face = "auto", preview = true }) {
  const began = performance.now();
  try {
    const { result, details, photo } = await classifier.classify(source, { name, face });
    const ms = performance.now() - began;
    const answer = { result, details, ms, animated: photo.animated ?? false, preview: preview ? await makePreview(photo) : null };
    return Comlink.transfer(answer, answer.preview ? [answer.preview] : []);
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    return { failure: { photo: name, error: error.message }, code: error.code, values: error.values };
  }
}

Comlink.expose({
  /** Load everything; resolves to what the page shows about it. */
  async start(options, onProgress) {
    classifier = await createClassifier({ ...options, onProgress });
    const { backend, failures, contract, version, start } = classifier;
    return { backend, failures, contract, version, facts: start.facts, model: classifier.model };
  },
  classify,
  selfTest: () => runSelfTest(classifier),
  readMemory: () => classifier.readMemory(),
});
