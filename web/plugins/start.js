// What the page needs first: models/start.json with addresses, sizes and hash of the networks, two goldens, measured numbers.

import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";

const SPLITS = ["PrivateTest", "PublicTest", "Validation"]; // the first that was measured is printed

const readJson = (path) => JSON.parse(readFileSync(path, "utf8"));
const listContents = (folder) => readdirSync(folder).sort().map((name) => readFileSync(join(folder, name)));
const hash = (contents) => contents.reduce((sum, content) => sum.update(content), createHash("sha256")).digest("hex");

/** The networks that the page takes: name to the model.json below models/. */
function listNetworks(contract) {
  const { default: chosen, tfjs } = contract.artifacts;
  return { network: tfjs[chosen.tfjs], short: "face/tfjs-short/model.json", back: "face/tfjs-back/model.json" };
}

/**
 * Each network's folder with its name in dist, which its contents' hash is part of: such files never change, so that the
 * service worker may take them from the browser's cache, where the page has just put them.
 *
 * @param {string} models the folder of contract and artifacts
 * @returns {Record<string, {source: string, target: string}>} by the network's name, both relative to models/
 */
export function placeNetworks(models) {
  const networks = Object.entries(listNetworks(readJson(join(models, "contract.json"))));
  return Object.fromEntries(
    networks.map(([name, file]) => {
      const source = dirname(file);
      return [name, { source, target: `${source}-${hash(listContents(join(models, source))).slice(0, 12)}` }];
    }),
  );
}

/** The hash of a graph model as the report has it: of model.json and its weights, in that order. */
function hashArtifact(models, file) {
  const weights = readJson(join(models, file)).weightsManifest.flatMap(({ paths }) => paths);
  return hash([file, ...weights.map((path) => join(dirname(file), path))].map((path) => readFileSync(join(models, path))));
}

/**
 * How often the network is wrong and which expression it finds least; null where the report lacks it.
 *
 * @param {object} report models/report.json
 */
export function pickFacts(report) {
  const splits = report.evaluation?.splits ?? {};
  const split = SPLITS.find((name) => splits[name]);
  if (!split) return null;
  const { labels, ferplus } = splits[split];
  const classes = Object.entries(labels.classes);
  const [weakest, measured] = classes.reduce((low, next) => (next[1].recall < low[1].recall ? next : low));
  return {
    split,
    labelError: 1 - labels.accuracy.share,
    voteError: ferplus ? 1 - ferplus.agreement.share : null,
    weakest,
    recall: measured.recall,
    support: measured.support,
  };
}

/** The first golden face and the first that Keras names differently: an answer that never changes fails too. */
export function pickGoldens({ faces }) {
  const findBest = ({ scores }) => scores.indexOf(Math.max(...scores));
  const [first, second] = faces;
  return [first, faces.find((face) => findBest(face) !== findBest(first)) ?? second];
}

/**
 * The text of start.json.
 *
 * @param {string} models the folder of contract, report and artifacts
 * @param {{folder: string, file: string}} wasm its folder in dist, and the file here that most browsers take
 */
export function writeStart(models, wasm) {
  const { artifacts } = readJson(join(models, "contract.json"));
  const file = artifacts.tfjs[artifacts.default.tfjs];
  const sha256 = hashArtifact(models, file);
  const report = existsSync(join(models, "report.json")) ? readJson(join(models, "report.json")) : {};
  const golden = readJson(join(models, "golden", "golden.json"));
  const places = placeNetworks(models);
  const first = [places.network, places.short].flatMap(({ source }) => listContents(join(models, source)));
  const measured = report.artifacts?.files?.[file]?.sha256 === sha256; // never another network's numbers
  return JSON.stringify({
    artifact: { name: artifacts.default.tfjs, sha256 },
    models: Object.fromEntries(Object.entries(places).map(([name, { target }]) => [name, `${target}/model.json`])),
    wasm: `../${wasm.folder}/`,
    bytes: first.reduce((sum, content) => sum + content.length, statSync(wasm.file).size),
    goldens: { labels: golden.labels, faces: pickGoldens(golden) },
    facts: measured ? pickFacts(report) : null,
  });
}
