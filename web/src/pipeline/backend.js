// Runs graph models on TensorFlow.js: starts a backend, loads networks, counts what is downloaded.

import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import { loadGraphModel } from "@tensorflow/tfjs-converter";
import * as tf from "@tensorflow/tfjs-core";
import { ModelError } from "./contract.js";

/** How each of BACKENDS is loaded; webgl and cpu are downloaded when they are chosen. */
const LOADERS = {
  wasm: fetchWasm,
  webgl: () => import("@tensorflow/tfjs-backend-webgl"),
  cpu: () => import("@tensorflow/tfjs-backend-cpu"),
};

/** Files that were fetched already, until TensorFlow.js asks for them. */
const held = new Map();

/**
 * Tell `onBytes` of each part that TensorFlow.js downloads.
 *
 * @param {(bytes: number) => void} onBytes
 */
export function countDownloads(onBytes) {
  tf.env().platform.fetch = async (address, options) => {
    const bytes = held.get(address);
    if (held.delete(address)) return new Response(bytes);
    const response = await fetch(address, options);
    if (!response.ok) throw new ModelError(`${address} cannot be loaded`);
    if (!response.body) return response;
    const counter = new TransformStream({
      transform(chunk, controller) {
        onBytes(chunk.byteLength);
        controller.enqueue(chunk);
      },
    });
    return new Response(response.body.pipeThrough(counter), { status: response.status, headers: response.headers });
  };
}

/** The .wasm file that this browser can run, checked: TensorFlow.js would wait forever for one that is missing or damaged. */
async function fetchWasm(folder) {
  tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false); // threads gain nothing on so small a network
  const simd = await tf.env().getAsync("WASM_HAS_SIMD_SUPPORT");
  const address = `${folder}tfjs-backend-wasm${simd ? "-simd" : ""}.wasm`;
  const bytes = await (await tf.env().platform.fetch(address)).arrayBuffer();
  if (!WebAssembly.validate(bytes)) throw new ModelError(`${address} is damaged`);
  held.set(address, bytes);
}

/**
 * Make a backend the one in use.
 *
 * @param {string} name one of BACKENDS
 * @param {string} wasm address of the folder of the .wasm files, with a slash at its end
 * @throws {ModelError} where it cannot be had, for TensorFlow.js itself would silently take another
 */
export async function startBackend(name, wasm) {
  await LOADERS[name](wasm);
  setWasmPaths(wasm, true); // through the platform's fetch
  const started = await tf.setBackend(name);
  if (!started || tf.getBackend() !== name) throw new ModelError("not to be had here");
}

/** Download a graph model; it can be built on one backend after another. */
export async function downloadModel(address) {
  try {
    return await tf.io.http(String(address)).load();
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

  constructor(model) {
    this.model = model;
    const { inputs, outputs } = model.modelSignature;
    [this.input] = Object.keys(inputs);
    this.outputs = Object.fromEntries(Object.entries(outputs).map(([name, { name: node }]) => [name, node]));
  }

  /**
   * @param {Float32Array} values of one input
   * @param {number[]} shape
   * @param {string[]} names of outputs
   * @returns {Promise<{values: Float32Array, shape: number[]}[]>} in the order of the names
   */
  async run(values, shape, names) {
    const missing = names.find((name) => !(name in this.outputs));
    if (missing) throw new ModelError(`the network has no output ${missing}`);
    const tensors = tf.tidy(() => {
      const answer = this.model.execute({ [this.input]: tf.tensor(values, shape) }, names.map((name) => this.outputs[name]));
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
