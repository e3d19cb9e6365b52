// The contract as the build reads it: held against its schema, so that a wrong one never reaches a visitor.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Validator } from "@cfworker/json-schema";
import { checkNames } from "../contract.js";

const readJson = (path) => JSON.parse(readFileSync(path, "utf8"));

/**
 * Refuse a contract that its schema does not allow; the first place that is wrong stands in the message.
 *
 * @param {object} contract
 * @param {object} schema models/contract.schema.json
 */
export function checkContract(contract, schema) {
  const { valid, errors } = new Validator(schema, "7", false).validate(contract);
  if (valid) return checkNames(/** @type {any} */ (contract));
  const deepest = errors.reduce((deep, next) =>
    next.instanceLocation.length >= deep.instanceLocation.length ? next : deep,
  );
  throw new Error(`models/contract.json: ${deepest.instanceLocation}: ${deepest.error}`);
}

/**
 * Read and check models/contract.json.
 *
 * @param {string} models its folder
 * @returns {import("../contract.js").Contract}
 */
export function readContract(models) {
  const contract = readJson(join(models, "contract.json"));
  checkContract(contract, readJson(join(models, "contract.schema.json")));
  return contract;
}

/**
 * The networks that the page takes: name to the model.json below models/.
 *
 * @param {import("../contract.js").Contract} contract
 * @returns {Record<string, string>}
 */
export function listNetworks({ artifacts, detector }) {
  const { short, back } = detector.models;
  return { network: artifacts.tfjs[artifacts.default.tfjs], short: short.tfjs, back: back.tfjs };
}
