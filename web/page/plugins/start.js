// What the page needs first: models/start.json, as every classifier reads it, with measured numbers of the report.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describeStart } from "../../pipeline/build/assets.js";
import { readContract } from "../../pipeline/build/contract.js";
import { findSplit } from "../shared/splits.js";

/**
 * How often the network is wrong and which expression it finds least; null where the report lacks it.
 *
 * @param {object} report models/report.json
 */
export function pickFacts(report) {
  const split = findSplit(report);
  if (!split) return null;
  const { labels, votes } = report.evaluation.splits[split];
  const found = votes
    ? Object.entries(votes.recall).map(([name, { share, pictures }]) => [name, share, pictures])
    : Object.entries(labels.classes).map(([name, { recall, support }]) => [name, recall, support]);
  const [weakest, recall, support] = found.reduce((low, next) => (next[1] < low[1] ? next : low));
  return {
    split,
    labelError: 1 - labels.accuracy.share,
    voteError: votes ? 1 - votes.agreement.share : null,
    weakest,
    recall,
    support,
    outside: pickOutside(report),
  };
}

/** How often it agrees on photos that are not of its own collection; null where the report lacks them. */
function pickOutside({ photos }) {
  const first = photos?.sets.photos?.scores.first;
  return first ? { photos: first.photos, share: first.share } : null;
}

/**
 * The text of start.json.
 *
 * @param {string} models the folder of contract, report and artifacts
 * @param {string} wasmAddress of the folder of the .wasm files, from start.json on
 */
export function writeStart(models, wasmAddress) {
  const start = describeStart(models, wasmAddress);
  const path = join(models, "report.json");
  const report = existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : {};
  const file = readContract(models).artifacts.tfjs[start.artifact.name];
  const measured = report.artifacts?.files?.[file]?.sha256 === start.artifact.sha256; // never another network's numbers
  return JSON.stringify({ ...start, facts: measured ? pickFacts(report) : null });
}
