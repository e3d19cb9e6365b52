// The pipeline and TensorFlow.js in one file, beside the folder of its assets: for pages without a bundler.

import { createClassifier as create } from "../index.js";

export * from "../index.js";

/** As index.js has it; the assets lie beside this file. */
export const createClassifier = (options = {}) => create({ assets: new URL("./assets/", import.meta.url), ...options });
