// Runs graph models on TensorFlow.js: starts a backend, loads networks, counts what is downloaded.

import { fetchFile } from "#platform/fetch.js";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import { loadGraphModel } from "@tensorflow/tfjs-converter";
import * as tf from "@tensorflow/tfjs-core";
import { ModelError } from "./contract.js";

/**
 * Fetches a file's bytes, and tells of each part that has come.
 *
 * @callback Download
 * @param {string | URL} address
 * @returns {Promise<ArrayBuffer>}
 */

/**
 * Make what downloads files.
 *
 * @param {(bytes: number) => void} onBytes hears of each part
 * @returns {Download} which throws ModelError where a file is not to be had
 */
export function makeDownload(onBytes) {
  return async (address) => {
    try {
      const response = await fetchFile(address);
      if (response.ok) return await new Response(countBytes(response.body, onBytes)).arrayBuffer();
    } catch {
      // no connection, or it broke off
    }
    throw new ModelError(`${address} cannot be loaded`);
  };
}

/** A stream whose parts are told of as they pass. */
function countBytes(stream, onBytes) {
  const counter = new TransformStream({
    transform(chunk, controller) {
      onBytes(chunk.byteLength);
      controller.enqueue(chunk);
    },
  });
  return stream.pipeThrough(counter);
}

/** How each of BACKENDS is loaded and started; webgl and cpu are downloaded when they are chosen. */
const STARTERS = {
  wasm: startWasm,
  webgl: async () => {
    await import("@tensorflow/tfjs-backend-webgl");
    return tf.setBackend("webgl");
  },
  cpu: async () => {
    await import("@tensorflow/tfjs-backend-cpu");
    return tf.setBackend("cpu");
  },
};

/** Start with the .wasm file that this device can run, checked: TensorFlow.js would wait forever for a damaged one. */
async function startWasm(folder, download) {
  tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false); // threads gain nothing on so small a network
  const simd = await tf.env().getAsync("WASM_HAS_SIMD_SUPPORT");
  const address = `${folder}tfjs-backend-wasm${simd ? "-simd" : ""}.wasm`;
  if ("wasm" in tf.engine().registry) return tf.setBackend("wasm"); // another classifier has started it
  const bytes = await download(address);
  if (!WebAssembly.validate(bytes)) throw new ModelError(`${address} is damaged`);
  const { platform } = tf.env();
  const { fetch: before } = platform;
  platform.fetch = async () => new Response(bytes); // it asks for this one file
  try {
    setWasmPaths(folder, true); // through the platform's fetch
    return await tf.setBackend("wasm");
  } finally {
    platform.fetch = before;
  }
}

let last = Promise.resolve();

/**
 * Make a backend the one in use, once the classifiers that began before have theirs.
 *
 * @param {string} name one of BACKENDS
 * @param {string} wasm address of the folder of the .wasm files, with a slash at its end
 * @param {Download} download
 * @throws {ModelError} where it cannot be had, for TensorFlow.js itself would silently take another
 */
export async function startBackend(name, wasm, download) {
  const started = last.then(() => STARTERS[name](wasm, download));
  last = started.catch(() => {});
  if (!(await started) || tf.getBackend() !== name) throw new ModelError("not to be had here");
}

/**
 * Download a graph model; it can be built on one backend after another.
 *
 * @param {URL} address of its model.json
 * @param {Download} download
 * @returns {Promise<tf.io.ModelArtifacts>}
 */
export async function downloadModel(address, download) {
  try {
    const model = JSON.parse(new TextDecoder().decode(await download(address)));
    return await tf.io.getModelArtifactsForJSON(model, async (manifest) => {
      const files = manifest.flatMap(({ paths }) => paths.map((path) => new URL(path, address)));
      return [tf.io.getWeightSpecs(manifest), await Promise.all(files.map(download))];
    });
  } catch {
    throw new ModelError(`${address} cannot be loaded`);
  }
}

/** A graph model with outputs read by name. */
export class Network {
  /** @param {tf.io.ModelArtifacts} artifacts as downloadModel gives them */
  static async build(artifacts) {
    return new Network(await loadGraphModel({ load: async () => artifacts }));
  }

  /** @param {import("@tensorflow/tfjs-converter").GraphModel} model */
  constructor(model) {
    this.model = model;
    const { inputs, outputs } = /** @type {any} */ (model.modelSignature);
    this.input = Object.keys(inputs)[0];
    this.outputs = Object.fromEntries(Object.entries(outputs).map(([name, { name: node }]) => [name, node]));
  }

  /**
   * @param {Float32Array} values of one input
   * @param {number[]} shape
   * @param {string[]} names of outputs
   * @returns {Promise<{values: any, shape: number[]}[]>} Float32Arrays, in the order of the names
   */
  async run(values, shape, names) {
    const missing = names.find((name) => !(name in this.outputs));
    if (missing) throw new ModelError(`the network has no output ${missing}`);
    const tensors = tf.tidy(() => {
      const answer = this.model.execute(
        { [this.input]: tf.tensor(values, shape) },
        names.map((name) => this.outputs[name]),
      );
      return Array.isArray(answer) ? answer : [answer];
    });
    try {
      return await Promise.all(tensors.map(async (tensor) => ({ values: await tensor.data(), shape: tensor.shape })));
    } finally {
      tf.dispose(tensors);
    }
  }

  dispose() {
    this.model.dispose();
  }
}

/** What TensorFlow.js holds at the moment: {tensors, bytes, version}. */
export function readMemory() {
  const { numTensors, numBytes } = tf.memory();
  return { tensors: numTensors, bytes: numBytes };
}

export const VERSION = tf.version_core;
