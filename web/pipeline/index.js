// Photo to expressions, all on this device, in a page, in a worker and in Node.
//
//   import { createClassifier } from "emoji-edge";
//   const classifier = await createClassifier({ assets: "./assets/" });
//   const { faces } = await classifier.classify(file);

import { findBase } from "#platform/fetch.js";
import { Network, VERSION, downloadModel, makeDownload, readMemory, startBackend } from "./network.js";
import { BACKENDS } from "./backends.js";
import { describeFace, rankScores, showScore } from "./classify.js";
import { ModelError, fetchJson, loadContract } from "./contract.js";
import { openPhoto } from "./decode.js";
import { cropFace, resizeFace } from "./crop.js";
import { findFaces } from "./face.js";
import { ImageError } from "./errors.js";

export { BACKENDS, ImageError, ModelError, rankScores, showScore };

/**
 * @typedef {{values: Float32Array, shape: number[]}} Evidence [h, w, labels], whose mean over h and w are the logits of `scores`
 * @typedef {{scores: Float32Array, labelScores: Float32Array, evidence: Evidence, pixels: Uint8Array | Uint8ClampedArray}} Detail
 *   scores [labels]: the share of voters for each expression; labelScores [labels]: what FER-2013's own label would be, never
 *   shown as an answer; pixels: the gray face that was seen
 * @typedef {[number, number, number, number]} Box x0, y0, x1, y1 in pixels of the upright photo
 * @typedef {"auto" | "whole" | Box} FaceChoice
 * @typedef {import("./decode.js").Source} Source
 * @typedef {import("./decode.js").Photo} Photo
 * @typedef {import("./rows.js").Result} Result
 * @typedef {{name?: string, face?: FaceChoice, finder?: import("./face.js").FinderOptions, top?: number}} Options name: of the
 *   photo in the result; face: "whole" where the picture is the face, or the part of it that is; top: how many expressions
 * @typedef {{stage: "download" | "warm" | "check" | "ready", backend: string, loaded: number, total: number}} Progress bytes
 */

// Bundlers would take the folder for a file, were the address written in one piece.
const here = import.meta.url;
const ASSETS = new URL("./dist/assets/", here);

/**
 * Load contract, networks and backend, and hold the backend against two of Keras's own answers.
 *
 * @param {{assets?: string | URL, backend?: string, onProgress?: (progress: Progress) => void}} [options]
 *   assets: address of the folder of weights and wasm, with a slash at its end, where it is not the package's own; backend:
 *   the one to try first
 * @returns {Promise<Classifier>}
 * @throws {ModelError} where the assets are not to be had, or no backend gives the right answers
 */
export async function createClassifier({ assets = ASSETS, backend = BACKENDS[0], onProgress = () => {} } = {}) {
  const folder = new URL(assets, findBase());
  const facts = fetchJson(new URL("start.json", folder));
  facts.catch(() => {}); // awaited below; where both are missing, the contract is the one that is named
  const contract = await loadContract(folder);
  const start = await facts;
  const progress = { stage: "download", backend, loaded: 0, total: start.bytes };
  const report = (change) => onProgress({ ...Object.assign(progress, change) }); // React takes the same object for no change
  report({});
  const download = makeDownload((bytes) => report({ loaded: Math.min(progress.loaded + bytes, progress.total) }));
  const classifier = new Classifier(contract, start, folder, download);
  const first = classifier.download();
  first.catch(() => {}); // awaited in the loop; a failure before that must not count as unhandled
  for (const name of [backend, ...BACKENDS.filter((other) => other !== backend)]) {
    try {
      report({ backend: name });
      await startBackend(name, String(new URL(start.wasm, folder)), download);
      await first;
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
  #download;
  #disposed = false;

  constructor(contract, start, folder, download) {
    this.#download = download;
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
    await this.#disposeNetworks();
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
      if (!(difference <= this.limit))
        throw new ModelError(`its answer is ${difference.toPrecision(2)} away from Keras's`);
    }
  }

  /**
   * The largest differences from Keras on one golden face: of the scores of both heads, and of the logits.
   *
   * @param {{pixels: string, scores: number[], label_scores: number[], logits: number[]}} golden pixels in base64
   */
  async compareGolden(golden) {
    const { scores, labelScores, evidence } = await this.runFace(decodePixels(golden.pixels));
    const labels = scores.length;
    const cells = evidence.values.length / labels;
    const logits = golden.logits.map(
      (_, k) => evidence.values.reduce((sum, v, i) => sum + (i % labels === k ? v : 0), 0) / cells,
    );
    const largest = (found, expected) => Math.max(...expected.map((value, i) => Math.abs(found[i] - value)));
    const labelDifference = largest(labelScores, golden.label_scores);
    const difference = Math.max(largest(scores, golden.scores), labelDifference);
    return { scores, difference, labelDifference, logits: largest(logits, golden.logits) };
  }

  /**
   * Scores of both heads and evidence of one gray face.
   *
   * @param {Uint8Array | Uint8ClampedArray} pixels [size * size]
   * @returns {Promise<Detail>}
   */
  async runFace(pixels) {
    const { input, outputs } = this.contract;
    const network = await this.#load("network");
    const shape = [1, input.size, input.size, 1];
    const names = [outputs.scores, outputs.label_scores, outputs.evidence];
    const [scores, labelScores, evidence] = await network.run(Float32Array.from(pixels), shape, names);
    for (const { values } of [scores, labelScores]) {
      const sum = values.reduce((a, b) => a + b, 0);
      if (!(Math.abs(sum - 1) < 0.05)) throw new ModelError("its scores do not add up to one");
    }
    return {
      scores: scores.values,
      labelScores: labelScores.values,
      evidence: { values: evidence.values, shape: evidence.shape.slice(1) },
      pixels,
    };
  }

  /**
   * Upright pixels of a photo; ImageError where it cannot be used.
   *
   * @param {Source} source
   */
  openPhoto(source) {
    return openPhoto(source, this.contract.max_pixels);
  }

  /**
   * Box, roll, detector's score and gray pixels of each face, largest first.
   *
   * @param {import("./decode.js").Photo} photo
   * @param {FaceChoice} face "whole": the picture is the face; [x0, y0, x1, y1]: that part of it is
   * @param {import("./face.js").FinderOptions} finder
   */
  async cutFaces(photo, face = "auto", finder = {}) {
    /** @type {Box} */
    const whole = [0, 0, photo.width, photo.height];
    const small = Math.max(photo.width, photo.height) <= this.contract.small_picture;
    if (face !== "auto" || small) {
      const box = Array.isArray(face) ? /** @type {Box} */ (face.map(Math.round)) : whole;
      const part = Array.isArray(face) ? box : null;
      return [{ box, roll: null, detection: null, pixels: resizeFace(photo, this.contract, part) }];
    }
    const run = (name, values) => this.#runDetector(name, values);
    const found = await findFaces(photo, this.contract, run, finder);
    return found.map(({ box, roll, score }) => {
      return { box, roll, detection: score, pixels: cropFace(photo, box, this.contract, roll) };
    });
  }

  /**
   * Every face of a photo with its expressions.
   *
   * @param {Source} source
   * @param {Options} [options]
   * @returns {Promise<Result>} in the shape that every front end shares
   * @throws {ImageError} where the photo cannot be used
   * @throws {RangeError} where a box is too long for it
   */
  async classify(source, options) {
    return (await this.classifyInDetail(source, options)).result;
  }

  /**
   * The same with what lies behind it: all scores and the evidence of each of its faces, and the upright pixels.
   *
   * @param {Source} source
   * @param {Options} [options]
   * @returns {Promise<{result: Result, details: Detail[], photo: Photo}>}
   * @throws {ImageError}
   */
  async classifyInDetail(
    source,
    { name = findName(source), face = "auto", finder = {}, top = this.contract.top } = {},
  ) {
    const photo = await this.openPhoto(source);
    const details = [];
    const faces = [];
    for (const { pixels, ...place } of await this.cutFaces(photo, face, finder)) {
      const detail = await this.runFace(pixels);
      details.push(detail);
      faces.push(describeFace(place, detail.scores, this.contract, top));
    }
    return { result: { photo: name, size: [photo.width, photo.height], faces, model: this.model }, details, photo };
  }

  /** Give back what the networks hold; nothing can be classified afterwards. */
  async dispose() {
    this.#disposed = true;
    this.#artifacts = {};
    await this.#disposeNetworks();
  }

  /** Tensors and bytes that TensorFlow.js holds. */
  readMemory() {
    return readMemory();
  }

  #fetchArtifacts(name) {
    this.#artifacts[name] ??= downloadModel(new URL(this.start.models[name], this.folder), this.#download).catch(
      (error) => {
        delete this.#artifacts[name]; // the next photo tries again
        throw error;
      },
    );
    return this.#artifacts[name];
  }

  async #disposeNetworks() {
    const networks = Object.values(this.#networks);
    this.#networks = {};
    for (const network of networks) (await network).dispose();
  }

  #load(name) {
    if (this.#disposed) throw new ModelError("the classifier was disposed of");
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

/** A file's own name. */
const findName = (source) => (globalThis.File && source instanceof File ? source.name : "");

/** Bytes of a base64 text. */
export const decodePixels = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
