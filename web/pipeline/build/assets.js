// What a classifier fetches: contract, networks, wasm, and start.json, which says where they are and what they weigh.

import { createHash } from "node:crypto";
import { readFileSync, readdirSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { listNetworks, readContract } from "./contract.js";

const find = createRequire(import.meta.url).resolve;
const wasm = dirname(find("@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm"));
const WASM_FILES = ["tfjs-backend-wasm-simd.wasm", "tfjs-backend-wasm.wasm"]; // most browsers take the first
/** The folder of the .wasm files, which their version is part of. */
export const WASM_FOLDER = `wasm-${JSON.parse(readFileSync(find("@tensorflow/tfjs-backend-wasm/package.json"), "utf8")).version}`;

const readJson = (path) => JSON.parse(readFileSync(path, "utf8"));
const listContents = (folder) =>
  readdirSync(folder)
    .sort()
    .map((name) => readFileSync(join(folder, name)));
const hash = (contents) => contents.reduce((sum, content) => sum.update(content), createHash("sha256")).digest("hex");

/**
 * Each network's folder with its name among the assets, which its contents' hash is part of: such files never change, so
 * that a service worker may take them from the browser's cache, where the page has just put them.
 *
 * @param {string} models the folder of contract and artifacts
 * @returns {Record<string, {source: string, target: string}>} by the network's name, both relative to models/
 */
export function placeNetworks(models) {
  const networks = Object.entries(listNetworks(readContract(models)));
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
  return hash(
    [file, ...weights.map((path) => join(dirname(file), path))].map((path) => readFileSync(join(models, path))),
  );
}

/** The first golden face and the first that Keras names differently: an answer that never changes fails too. */
export function pickGoldens({ faces }) {
  const findBest = ({ scores }) => scores.indexOf(Math.max(...scores));
  const [first, second] = faces;
  return [first, faces.find((face) => findBest(face) !== findBest(first)) ?? second];
}

/**
 * What start.json says: addresses, sizes and hash of the networks, and two goldens.
 *
 * @param {string} models the folder of contract and artifacts
 * @param {string} wasmAddress of the folder of the .wasm files, from start.json on
 */
export function describeStart(models, wasmAddress) {
  const { artifacts } = readContract(models);
  const golden = readJson(join(models, "golden", "golden.json"));
  const places = placeNetworks(models);
  const first = [places.network, places.short].flatMap(({ source }) => listContents(join(models, source)));
  return {
    artifact: {
      name: artifacts.default.tfjs,
      sha256: hashArtifact(models, artifacts.tfjs[artifacts.default.tfjs]),
    },
    models: Object.fromEntries(Object.entries(places).map(([name, { target }]) => [name, `${target}/model.json`])),
    wasm: wasmAddress,
    bytes: first.reduce((sum, content) => sum + content.length, statSync(join(wasm, WASM_FILES[0])).size),
    goldens: { labels: golden.labels, faces: pickGoldens(golden) },
  };
}

/** The networks and the licence of the detectors: files and folders by their name among the assets. */
export function listModels(models) {
  const networks = Object.values(placeNetworks(models)).map(({ source, target }) => [target, join(models, source)]);
  return {
    "contract.json": join(models, "contract.json"),
    golden: join(models, "golden"),
    "face/LICENSE": join(models, "face", "LICENSE"),
    ...Object.fromEntries(networks),
  };
}

/** The .wasm files by their name in their folder. */
export const listWasm = () => Object.fromEntries(WASM_FILES.map((name) => [name, join(wasm, name)]));
