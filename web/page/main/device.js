// What runs on this device: how far the loading is, the backend and its choice, and the measured numbers of the network.

import { BACKENDS } from "emoji-edge/backends.js";
import { find } from "../shared/dom.js";
import { chooseBackend, startEngine } from "../shared/engine.js";
import { keepSetting } from "../shared/settings.js";
import { formatNumber, nameLabel, t } from "../shared/strings.js";

const STAGES = { warm: 0.93, check: 0.97, ready: 1 }; // how much of the bar is full
const formatMegabytes = (bytes) => formatNumber(bytes / 1e6, { minimumFractionDigits: 1, maximumFractionDigits: 1 });

/** @type {{stage: string, loaded?: number, total?: number}} */
let progress = { stage: "download", loaded: 0, total: 1 };
let running = new AbortController(); // of the engine in use or being started
let problem = ""; // why it could not be started

/** @type {import("../shared/engine.js").Engine | null} null until it is ready */
export let engine = null;

function showProgress() {
  const { stage, loaded = 0, total = 1 } = progress;
  const values = { loaded: formatMegabytes(loaded), total: formatMegabytes(total), reason: problem };
  find("engine-text").textContent = t(`engine.${stage}`, values);
  find("engine-progress", HTMLProgressElement).value = STAGES[stage] ?? (0.9 * loaded) / total;
  find("engine").dataset.stage = stage;
}

function showDevice() {
  if (!engine) return;
  const { backend, failures, version } = engine;
  const lines = [t("device.runs", { backend, version }), ...failures.map((failure) => t("device.failed", failure))];
  find("device-text").textContent = lines.join(" ");
}

function showFacts() {
  if (!engine?.facts) return;
  const { facts, contract } = engine;
  const percent = (value) => formatNumber(value, { style: "percent" });
  find("facts").textContent = t(facts.voteError === null ? "facts.label" : "facts.both", {
    label: percent(facts.labelError),
    vote: percent(facts.voteError ?? 0),
    recall: percent(facts.recall),
    support: formatNumber(facts.support),
    split: facts.split,
    weakest: nameLabel(facts.weakest, contract),
  });
  find("facts").hidden = false;
  if (!facts.outside) return;
  const { photos, share } = facts.outside;
  find("facts-outside").textContent = t("facts.outside", { photos: formatNumber(photos), share: percent(share) });
  find("facts-outside").hidden = false;
}

/**
 * Start the engine, or start it anew, and show how far it is.
 *
 * @returns {Promise<import("../shared/engine.js").Engine>}
 */
export async function startDevice() {
  running.abort();
  running = new AbortController();
  const { signal } = running;
  engine = null;
  try {
    engine = await startEngine((change) => {
      progress = change;
      showProgress();
    }, signal);
  } catch (error) {
    if (signal.aborted) throw error; // another one is being started
    problem = /** @type {Error} */ (error).message;
    progress = { stage: "failed" };
    showProgress();
    throw error;
  }
  showDevice();
  showFacts();
  return engine;
}

/** The choice of backend; `onChange` follows it. */
export function offerBackends(onChange) {
  const select = find("backend", HTMLSelectElement);
  for (const name of BACKENDS) select.append(new Option(name, name, false, name === chooseBackend()));
  select.addEventListener("change", () => {
    keepSetting("backend", select.value);
    onChange();
  });
  document.addEventListener("languagechange", () => [showProgress, showDevice, showFacts].forEach((show) => show()));
}
