// Runs one TF.js graph model over a file of inputs. The same code runs in the browser and in Node.

import "@tensorflow/tfjs-backend-cpu";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import "@tensorflow/tfjs-backend-webgl";
import { loadGraphModel } from "@tensorflow/tfjs-converter";
import * as tf from "@tensorflow/tfjs-core";

/** Start a backend; throws where TF.js falls back to another one, which would measure that one. */
async function startBackend(name, wasm) {
  setWasmPaths(wasm);
  await tf.setBackend(name);
  await tf.ready();
  if (tf.getBackend() !== name) throw new Error(`backend ${name} is not to be had here`);
}

/** What this backend can do, so that a difference can be explained later. */
async function describeBackend(name) {
  if (name === "wasm") return { simd: await tf.env().getAsync("WASM_HAS_SIMD_SUPPORT") };
  if (name === "webgl") return { float32: tf.env().getBool("WEBGL_RENDER_FLOAT32_ENABLED"), renderer: nameRenderer() };
  return {};
}

/** The graphics processor, or the program in place of one, that WebGL draws with. */
function nameRenderer() {
  const { gl } = tf.backend().gpgpu;
  const info = gl.getExtension("WEBGL_debug_renderer_info");
  return gl.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : gl.RENDERER);
}

/** Outputs of the pictures start..stop by name, as Float32Arrays, and the milliseconds taken. */
function inferBatch(model, values, shape, start, stop) {
  const size = shape.slice(1).reduce((a, b) => a * b, 1);
  const signature = model.modelSignature;
  const input = Object.keys(signature.inputs)[0];
  const names = Object.keys(signature.outputs);
  return tf.tidy(() => {
    const part = Float32Array.from(values.subarray(start * size, stop * size));
    const began = performance.now();
    const x = tf.tensor(part, [stop - start, ...shape.slice(1)], "float32");
    const tensors = model.execute(
      { [input]: x },
      names.map((name) => signature.outputs[name].name),
    );
    const outputs = tensors.map((tensor) => tensor.dataSync());
    return { ms: performance.now() - began, outputs: Object.fromEntries(names.map((n, i) => [n, outputs[i]])) };
  });
}

function joinArrays(parts) {
  const whole = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/**
 * job: {model, input, shape: [n, ...], kind: "uint8" | "float32", backend, batch, wasm}, addresses
 * for model, input and wasm. Resolves to {outputs: {name: Float32Array}, facts: {...}}.
 */
export async function runJob(job) {
  await startBackend(job.backend, job.wasm);
  const before = tf.memory().numTensors;
  const model = await loadGraphModel(job.model);
  const buffer = await (await fetch(job.input)).arrayBuffer();
  const values = job.kind === "uint8" ? new Uint8Array(buffer) : new Float32Array(buffer);
  const [count] = job.shape;
  const parts = {};
  const times = [];
  for (let start = 0; start < count; start += job.batch) {
    const stop = Math.min(start + job.batch, count);
    const { ms, outputs } = inferBatch(model, values, job.shape, start, stop);
    times.push(ms / (stop - start));
    for (const [name, array] of Object.entries(outputs)) (parts[name] ??= []).push(array);
  }
  model.dispose();
  const leaked = tf.memory().numTensors - before;
  if (leaked) throw new Error(`${leaked} tensors are left behind`);
  return {
    outputs: Object.fromEntries(Object.entries(parts).map(([name, list]) => [name, joinArrays(list)])),
    facts: { times, version: tf.version_core, ...(await describeBackend(job.backend)) },
  };
}

/** runJob with each output as base64, for what only passes text. */
export async function runEncoded(job) {
  const { outputs, facts } = await runJob(job);
  const encoded = Object.entries(outputs).map(([name, array]) => [name, encodeBytes(array)]);
  return { outputs: Object.fromEntries(encoded), facts };
}

function encodeBytes(array) {
  const bytes = new Uint8Array(array.buffer);
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text);
}
