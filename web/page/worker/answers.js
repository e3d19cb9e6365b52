// The pipeline in a worker of its own, so that the page never waits for it.

import * as Comlink from "comlink";
import { ImageError, createClassifier } from "emoji-edge";
import { makePreview } from "emoji-edge/preview.js";
import { runSelfTest } from "emoji-edge/selftest.js";
import { MOVING, makePicker } from "emoji-edge/timeline.js";

/** @type {import("emoji-edge").Classifier} */
let classifier;

/** SHA-256 of a file as hexadecimal digits; undefined where the browser does not offer it, as on a page without HTTPS. */
async function hashFile(file) {
  const digest = await crypto.subtle?.digest("SHA-256", await file.arrayBuffer());
  return digest && [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * The pipeline's answer for the page.
 *
 * @param {Blob | ImageBitmap} source
 * @param {{name: string, face?: import("emoji-edge").FaceChoice, preview?: number, hash?: boolean,
 *   finder?: object}} options finder: as the pipeline takes it; preview: pixels of the longer side of the picture that comes
 *   with it, 0 for none; hash: whether the file's SHA-256 comes too
 * @returns {Promise<object>} {result, details, ms, animated, preview, sha256}; {failure, code, values, sha256} of a picture
 *   that cannot be used
 */
async function classify(source, { name, face = "auto", finder = {}, preview: side = 0, hash = false }) {
  const began = performance.now();
  const sha256 = hash ? await hashFile(source).catch(() => undefined) : undefined;
  try {
    const { result, details, photo } = await classifier.classifyInDetail(source, { name, face, finder });
    const ms = performance.now() - began;
    const preview = side ? await makePreview(photo, side) : null;
    const answer = { result, details, ms, animated: photo.animated ?? false, preview, sha256 };
    return Comlink.transfer(answer, preview ? [preview] : []);
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    return { failure: { photo: name, error: error.message }, code: error.code, values: error.values, sha256 };
  } finally {
    if (source instanceof ImageBitmap) source.close(); // the worker's own copy
  }
}

let reading = 0; // counts what is read; an earlier reading ends when the next begins

/**
 * Read a video and give each frame's answer to `onFrame`, until its end or stopVideo.
 *
 * @param {Blob} file
 * @param {{every: number}} options at most one frame in so many seconds; all where 0
 * @param {(answer: object) => void} onFrame
 * @returns {Promise<{failure?: string, values?: object}>} the code of a text where it cannot be read, or not to its end
 */
async function readVideo(file, { every }, onFrame) {
  const mine = ++reading;
  let video;
  try {
    const { openVideo } = await import("./video.js");
    video = await openVideo(file);
    for await (const { frame, time, picture } of video.readFrames(makePicker(every))) {
      if (mine !== reading) break;
      const { result, details } = await classifier.classifyInDetail(picture, { finder: MOVING });
      const scores = details.map((detail) => detail.scores);
      await onFrame({ frame, time, size: result.size, faces: result.faces, scores, duration: video.duration });
    }
    return {};
  } catch (error) {
    // A decoder's own error has a number as its code: what it met is damaged.
    return { failure: typeof error.code === "string" ? error.code : "damaged", values: error.values ?? {} };
  } finally {
    video?.close();
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
  readVideo,
  stopVideo: () => void reading++,
  selfTest: () => runSelfTest(classifier),
  readMemory: () => classifier.readMemory(),
});
