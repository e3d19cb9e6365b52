// Photo to expressions, all in this browser: the page's pipeline, for any other page or worker as well.
//
//   import { createClassifier } from "./pipeline/index.js";
//   const classifier = await createClassifier({ models: "./models/" });
//   const { result } = await classifier.classify(file);

import { Network, VERSION, countDownloads, downloadModel, readMemory, startBackend } from "./backend.js";
import { BACKENDS } from "./backends.js";
import { describeFace, rankScores, showScore } from "./classify.js";
import { ModelError, fetchJson, loadContract } from "./contract.js";
import { openPhoto } from "./decode.js";
import { findFaces } from "./face.js";
import { ImageError } from "./file.js";
import { cropFace, resizeFace } from "./resize.js";

export { BACKENDS, ImageError, ModelError, rankScores, showScore };

/**
 * @typedef {{scores: Float32Array, evidence: {values: Float32Array, shape: [number, number, number]}, pixels: Uint8Array}} Detail
 *   scores [labels]; evidence [h, w, labels], whose mean over h and w are the logits; the gray face that was seen
 * @typedef {{stage: "download" | "warm" | "check" | "ready", backend: string, loaded: number, total: number}} Progress bytes
 */

/**
 * Load contract, networks and backend, and hold the backend against two of Keras's own answers.
 *
 * @param {{models: string | URL, backend?: string, onProgress?: (progress: Progress) => void}} options
 *   models: address of the folder that `make site` puts into dist, with a slash at its end; backend: the one to try first
 * @returns {Promise<Classifier>}
 * @throws {ModelError} where no backend gives the right answers
 */
export async function createClassifier({ models, backend = BACKENDS[0], onProgress = () => {} }) {
  const folder = new URL(models, globalThis.location);
  const [contract, start] = await Promise.all([loadContract(folder), fetchJson(new URL("start.json", folder))]);
  const progress = { stage: "download", backend, loaded: 0, total: start.bytes };
  const report = (change) => onProgress(Object.assign(progress, change));
  report({});
  countDownloads((bytes) => report({ loaded: Math.min(progress.loaded + bytes, progress.total) }));
  const classifier = new Classifier(contract, start, folder);
  const download = classifier.download();
  download.catch(() => {}); // awaited in the loop; a failure before that must not count as unhandled
  for (const name of [backend, ...BACKENDS.filter((other) => other !== backend)]) {
    try {
      report({ backend: name });
      await startBackend(name, String(new URL(start.wasm, folder)));
      await download;
      report({ stage: "warm", loaded: progress.total });
      await classifier.build(name);
      report({ stage: "check" });
      await classifier.check();
      report({ stage: "ready" });
      return classifier;
    } catch (error) {
      classifier.failures.push({ backend: name, reason: error.message });
    }
  }
  throw new ModelError(classifier.failures.map(({ backend: name, reason }) => `${name}: ${reason}`).join("; "));
}

/** Photo to expressions; made by createClassifier. */
export class Classifier {
  /** Backends that were tried in vain, with the reason. */
  failures = [];
  backend = "";
  version = VERSION;
  #artifacts = {};
  #networks = {};

  constructor(contract, start, folder) {
    this.contract = contract;
    this.start = start;
    this.folder = folder;
    this.model = { artifact: start.artifact.name, sha256: start.artifact.sha256 };
  }

  /** The largest difference from Keras's scores that the gate allows this artifact on this backend. */
  get limit() {
    const { artifacts, webgl } = this.contract.gates;
    const limit = artifacts[this.model.artifact].score_difference;
    return this.backend === "webgl" ? Math.max(limit, webgl) : limit;
  }

  /** Fetch what every photo needs. */
  async download() {
    await Promise.all(["network", "short"].map((name) => this.#fetchArtifacts(name)));
  }

  /** Build the networks on the backend in use and run each once, which compiles or allocates what it needs. */
  async build(backend) {
    for (const network of Object.values(this.#networks)) (await network).dispose();
    this.#networks = {};
    this.backend = backend;
    const { size } = this.contract.detector.models.short;
    await this.#runDetector("short", new Float32Array(size * size * 3));
    await this.runFace(new Uint8Array(this.contract.input.size ** 2).fill(128));
  }

  /** Hold the networks against Keras on the goldens that came with them; ModelError where they are apart. */
  async check() {
    const { labels, faces } = this.start.goldens;
    if (labels.join() !== this.contract.labels.join()) throw new ModelError("the goldens have other labels");
    for (const face of faces) {
      const { difference } = await this.compareGolden(face);
      if (!(difference <= this.limit)) throw new ModelError(`its answer is ${difference.toPrecision(2)} away from Keras's`);
    }
  }

  /**
   * The largest differences from Keras on one golden face.
   *
   * @param {{pixels: string, scores: number[], logits: number[]}} golden pixels in base64
   */
  async compareGolden(golden) {
    const { scores, evidence } = await this.runFace(decodePixels(golden.pixels));
    const labels = scores.length;
    const cells = evidence.values.length / labels;
    const logits = golden.logits.map((_, k) => evidence.values.reduce((sum, v, i) => sum + (i % labels === k ? v : 0), 0) / cells);
    const largest = (found, expected) => Math.max(...expected.map((value, i) => Math.abs(found[i] - value)));
    return { scores, difference: largest(scores, golden.scores), logits: largest(logits, golden.logits) };
  }

  /**
   * Scores and evidence of one gray face.
   *
   * @param {Uint8Array} pixels [size * size]
   * @returns {Promise<Detail>}
   */
  async runFace(pixels) {
    const { input, outputs } = this.contract;
    const network = await this.#load("network");
    const shape = [1, input.size, input.size, 1];
    const [scores, evidence] = await network.run(Float32Array.from(pixels), shape, [outputs.scores, outputs.evidence]);
    const sum = scores.values.reduce((a, b) => a + b, 0);
    if (!(Math.abs(sum - 1) < 0.05)) throw new ModelError("its scores do not add up to one");
    return { scores: scores.values, evidence: { values: evidence.values, shape: evidence.shape.slice(1) }, pixels };
  }

  /**
   * Upright pixels of a photo; ImageError where it cannot be used.
   *
   * @param {Blob | ImageBitmap} source
   */
  openPhoto(source) {
    return openPhoto(source, this.contract.max_pixels);
  }

  /**
   * Box, detector's score and gray pixels of each face, largest first.
   *
   * @param {import("./decode.js").Photo} photo
   * @param {"auto" | "whole" | number[]} face "whole": the picture is the face; [x0, y0, x1, y1]: that part of it is
   */
  async cutFaces(photo, face = "auto") {
    const whole = [0, 0, photo.width, photo.height];
    const small = Math.max(photo.width, photo.height) <= this.contract.small_picture;
    if (face !== "auto" || small) {
      const box = Array.isArray(face) ? face.map(Math.round) : whole;
      return [{ box, detection: null, pixels: resizeFace(photo, box, this.contract) }];
    }
    const found = await findFaces(photo, this.contract, (name, values) => this.#runDetector(name, values));
    return found.map(({ box, score }) => ({ box, detection: score, pixels: cropFace(photo, box, this.contract) }));
  }

  /**
   * Every face of a photo with its expressions.
   *
   * @param {Blob | ImageBitmap} source
   * @param {{name?: string, face?: "auto" | "whole" | number[]}} [options]
   * @returns {Promise<{result: object, details: Detail[], photo: import("./decode.js").Photo}>} result in the shape that every
   *   front end shares; details of each of its faces; the upright pixels
   * @throws {ImageError}
   */
  async classify(source, { name = source.name ?? "", face = "auto" } = {}) {
    const photo = await this.openPhoto(source);
    const details = [];
    const faces = [];
    for (const { box, detection, pixels } of await this.cutFaces(photo, face)) {
      const detail = await this.runFace(pixels);
      details.push(detail);
      faces.push(describeFace(box, detection, detail.scores, this.contract));
    }
    return { result: { photo: name, size: [photo.width, photo.height], faces, model: this.model }, details, photo };
  }

  /** Tensors and bytes that TensorFlow.js holds. */
  readMemory() {
    return readMemory();
  }

  #fetchArtifacts(name) {
    this.#artifacts[name] ??= downloadModel(new URL(this.start.models[name], this.folder)).catch((error) => {
      delete this.#artifacts[name]; // the next photo tries again
      throw error;
    });
    return this.#artifacts[name];
  }

  #load(name) {
    this.#networks[name] ??= this.#fetchArtifacts(name)
      .then((artifacts) => Network.build(artifacts))
      .catch((error) => {
        delete this.#networks[name];
        throw error;
      });
    return this.#networks[name];
  }

  async #runDetector(name, values) {
    const { models, outputs } = this.contract.detector;
    const { size } = models[name];
    const network = await this.#load(name);
    const [boxes, scores] = await network.run(values, [1, size, size, 3], [outputs.boxes, outputs.scores]);
    return { boxes: boxes.values, scores: scores.values };
  }
}

/** Bytes of a base64 text. */
export const decodePixels = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
