// Reads the contract, where labels, sizes, constants and thresholds stand; nothing of it is repeated in code.

import { fetchFile } from "#platform/fetch.js";

const VERSION = 1;

/**
 * What the pipeline reads of models/contract.json; models/contract.schema.json describes all of it.
 *
 * @typedef {object} Contract
 * @property {number} version
 * @property {string[]} labels in the network's order
 * @property {Record<string, string>} emoji
 * @property {Record<string, string>} display_names
 * @property {{name: string, size: number}} input
 * @property {{scores: string, label_scores: string, evidence: string}} outputs
 * @property {number} top
 * @property {{weights: number[], shift: number}} gray
 * @property {{scale: number, shift_up: number, samples: number, longest_box: number}} crop
 * @property {number} small_picture
 * @property {number} max_pixels
 * @property {Record<string, any>} detector
 * @property {{overlap: number, gap: number}} track
 * @property {{score_below: number}} not_sure
 * @property {{box: number, roll: number, score: number, lossy_pixel: number}} same_answer
 * @property {{tfjs: Record<string, string>, default: {tfjs: string}}} artifacts
 * @property {{webgl: number, artifacts: Record<string, {score_difference: number}>}} gates
 */

/** The contract or a network cannot be used; the message says why in one line. */
export class ModelError extends Error {
  name = "ModelError";
}

/**
 * Fetch a JSON file.
 *
 * @param {string | URL} address
 * @throws {ModelError} where it is not to be had, or is no JSON
 */
export async function fetchJson(address) {
  try {
    const response = await fetchFile(address);
    if (response.ok) return await response.json();
  } catch {
    // no connection, or a file cut short
  }
  throw new ModelError(`${address} cannot be loaded`);
}

/**
 * Load the contract. The build held it against its schema; here only its version and its names are looked at.
 *
 * @param {string | URL} models address of the models folder, with a slash at its end
 * @returns {Promise<Contract>}
 * @throws {ModelError}
 */
export async function loadContract(models) {
  const contract = await fetchJson(new URL("contract.json", models));
  if (contract.version !== VERSION) {
    throw new ModelError(`the contract's version is ${contract.version}, this page reads ${VERSION}`);
  }
  checkNames(contract);
  return contract;
}

/**
 * Refuse a contract in which a label has no emoji or no name, which a schema cannot say.
 *
 * @param {Contract} contract
 * @throws {ModelError}
 */
export function checkNames(contract) {
  for (const names of /** @type {const} */ (["emoji", "display_names"])) {
    const odd = contract.labels.find((label) => !contract[names][label]);
    if (odd) throw new ModelError(`the contract's ${names} lacks ${odd}`);
  }
}
