/** Names of TensorFlow.js's backends, from the first choice to the last resort. */
export const BACKENDS = ["wasm", "webgl", "cpu"];
