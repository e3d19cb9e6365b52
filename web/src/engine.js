// Starts the worker that holds the pipeline, shows how far it is, and says what it runs on.

import * as Comlink from "comlink";
import { BACKENDS } from "./pipeline/backends.js";
import { keepSetting, readSetting } from "./settings.js";
import { formatNumber, nameLabel, t } from "./strings.js";

const find = (id) => document.querySelector(`#${id}`);
const formatMegabytes = (bytes) => formatNumber(bytes / 1e6, { minimumFractionDigits: 1, maximumFractionDigits: 1 });

let worker;
let progress = { stage: "download", loaded: 0, total: 1 };
let started; // what the worker's start() resolved to

/** The worker's functions, as worker.js exposes them; null until it is ready. */
export let engine = null;

function showProgress() {
  const { stage, loaded, total } = progress;
  const values = { loaded: formatMegabytes(loaded), total: formatMegabytes(total) };
  find("engine-text").textContent = t(`engine.${stage}`, values);
  find("engine-progress").value = stage === "download" ? (0.9 * loaded) / total : { warm: 0.93, check: 0.97, ready: 1 }[stage];
  find("engine").dataset.stage = stage;
}

function showDevice() {
  if (!started) return;
  const { backend, failures, version } = started;
  const lines = [t("device.runs", { backend, version }), ...failures.map((failure) => t("device.failed", failure))];
  find("device-text").textContent = lines.join(" ");
}

function showFacts() {
  const { facts, contract } = started;
  if (!facts) return;
  const percent = (value) => formatNumber(value, { style: "percent" });
  const weakest = nameLabel(facts.weakest, contract);
  const shares = { label: percent(facts.labelError), vote: percent(facts.voteError ?? 0), recall: percent(facts.recall) };
  const values = { ...shares, split: facts.split, support: formatNumber(facts.support), weakest };
  find("facts").textContent = t(facts.voteError === null ? "facts.label" : "facts.both", values);
  find("facts").hidden = false;
}

/**
 * Load everything in a fresh worker.
 *
 * @returns {Promise<object>} what worker.js's start() resolves to
 */
export async function startEngine() {
  engine = null;
  worker?.terminate();
  worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
  const failed = new Promise((_, reject) => worker.addEventListener("error", () => reject(new Error(t("engine.broken")))));
  const remote = Comlink.wrap(worker);
  const backend = BACKENDS.find((name) => name === readSetting("backend")) ?? BACKENDS[0];
  const options = { models: String(new URL("./models/", location)), backend };
  const onProgress = Comlink.proxy((change) => {
    progress = change;
    showProgress();
  });
  started = await Promise.race([remote.start(options, onProgress), failed]);
  engine = remote;
  showDevice();
  showFacts();
  return started;
}

/** The choice of backend; `onChange` follows it. */
export function offerBackends(onChange) {
  const select = find("backend");
  for (const name of BACKENDS) select.append(new Option(name, name, false, name === readSetting("backend")));
  select.addEventListener("change", () => {
    keepSetting("backend", select.value);
    onChange();
  });
  document.addEventListener("languagechange", () => {
    showProgress();
    if (started) [showDevice, showFacts].forEach((show) => show());
  });
}
