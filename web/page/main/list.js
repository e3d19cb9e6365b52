// Many photos: a list that fills while it works, can be filtered, sorted and saved; each row opens into the full answer.
//
// What is kept of a photo is its file's handle, a picture of a few pixels and the result: a thousand photos stay small.

import { writeCsv, writeJson } from "emoji-edge/rows.js";
import { find, getContext, make } from "../shared/dom.js";
import { makeEmoji } from "../shared/emoji.js";
import { copyText } from "../shared/save.js";
import { formatNumber, nameLabel, t } from "../shared/strings.js";
import { isVideo } from "../video/kind.js";
import { describeLook, summarize } from "./summary.js";

/**
 * @typedef {import("./sources.js").Photo} Photo
 * @typedef {import("emoji-edge/rows.js").Outcome} Outcome
 * @typedef {{code: string, values: Record<string, any>}} Reason why a photo has no answer, for the page's own words
 * @typedef {{photo: Photo, outcome: Outcome, reason: Reason | null, row: HTMLElement, order: number}} Entry
 */

const THUMBNAIL = 96; // pixels of a row's picture
const WIDE = "(min-width: 44rem)"; // where the ways to save take no place from the photos
const NOT_SURE = "?";
const NO_FACE = "0";
const FAILED = "!";

/** @type {Entry[]} */
let entries = [];
/** @type {import("emoji-edge/contract.js").Contract | null} */
let contract = null;
let turn = 0; // of the lists; one that was stopped or followed by another ends
let total = 0;
let openPhoto = (_photo) => {};
/** @type {(file: File, options: object) => Promise<any>} */
let askEngine;

/** What the filter knows a photo by: the first expressions of its faces, not sure, no face, failed. */
function listKinds(outcome) {
  if ("error" in outcome) return [FAILED];
  if (!outcome.faces.length) return [NO_FACE];
  return outcome.faces.map(({ not_sure: unsure, expressions }) => (unsure ? NOT_SURE : expressions[0].label));
}

/** How sure the first face's answer is; less than any for what has none. */
const readScore = (outcome) => ("error" in outcome ? -2 : (outcome.faces[0]?.expressions[0].score ?? -1));

const ORDERS = {
  chosen: (a, b) => a.order - b.order,
  sure: (a, b) => readScore(b.outcome) - readScore(a.outcome),
  unsure: (a, b) => readScore(a.outcome) - readScore(b.outcome),
  name: (a, b) => a.photo.name.localeCompare(b.photo.name),
};

const describeFailure = ({ photo, error }, reason) =>
  reason ? t(`error.${reason.code}`, { name: photo, ...reason.values }) : t("list.failed", { reason: error });

/**
 * The outcome in words: what the faces look like, or why there is none.
 *
 * @param {Outcome} outcome
 * @param {Reason | null} reason
 */
function describeOutcome(outcome, reason) {
  if (!contract) return "";
  if ("error" in outcome) return describeFailure(outcome, reason);
  if (outcome.faces.length > 1) return t("result.faces", { count: outcome.faces.length });
  return outcome.faces.length ? describeLook(outcome.faces[0], contract) : summarize(outcome, contract);
}

/** The emoji of a row: the first of each face, muted where people would be divided; at most so many. */
function makeFaces(outcome, most = 6) {
  const faces = "error" in outcome ? [] : outcome.faces;
  return faces.slice(0, most).map(({ not_sure: unsure, expressions: [best] }) => {
    const image = Object.assign(makeEmoji(best.emoji), { alt: "" });
    if (unsure) image.classList.add("unsure");
    return image;
  });
}

function drawPicture(preview) {
  const canvas = make("canvas", "thumbnail");
  canvas.width = canvas.height = THUMBNAIL;
  canvas.ariaHidden = "true";
  if (!preview) return canvas;
  const scale = THUMBNAIL / Math.max(preview.width, preview.height);
  const [width, height] = [preview.width * scale, preview.height * scale];
  getContext(canvas).drawImage(preview, (THUMBNAIL - width) / 2, (THUMBNAIL - height) / 2, width, height);
  preview.close();
  return canvas;
}

/** A row; a button that opens the full answer, or the reason where there is none. */
function makeRow(photo, outcome, reason, preview) {
  const texts = make(
    "span",
    "list-texts",
    make("span", "list-name", photo.name),
    make("span", "list-look", describeOutcome(outcome, reason)),
  );
  const parts = [drawPicture(preview), texts, make("span", "list-faces", ...makeFaces(outcome))];
  const failed = "error" in outcome;
  const inside = failed ? make("div", "list-row failed", ...parts) : make("button", "list-row", ...parts);
  if (inside instanceof HTMLButtonElement) {
    inside.type = "button";
    inside.addEventListener("click", () => openPhoto(photo));
  }
  return make("li", "", inside);
}

/** Show the rows that the filter lets through. */
function applyFilter() {
  const kind = find("list-filter", HTMLSelectElement).value;
  for (const { outcome, row } of entries) row.hidden = kind !== "" && !listKinds(outcome).includes(kind);
}

function applyOrder() {
  const order = ORDERS[find("list-order", HTMLSelectElement).value];
  find("list-rows").append(...entries.toSorted(order).map(({ row }) => row));
}

/** Offer what there is to filter by, with how many photos each has. */
function offerKinds() {
  const select = find("list-filter", HTMLSelectElement);
  const counts = new Map();
  for (const { outcome } of entries) {
    for (const kind of new Set(listKinds(outcome))) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  const names = { [NOT_SURE]: t("list.unsure"), [NO_FACE]: t("list.none"), [FAILED]: t("list.errors") };
  const known = [...(contract?.labels ?? []), NOT_SURE, NO_FACE, FAILED].filter((kind) => counts.has(kind));
  const options = known.map((kind) => {
    const name = names[kind] ?? (contract && nameLabel(kind, contract));
    return new Option(`${name} (${formatNumber(counts.get(kind))})`, kind);
  });
  const chosen = select.value;
  select.replaceChildren(new Option(t("list.all", { count: formatNumber(entries.length) }), ""), ...options);
  select.value = known.includes(chosen) ? chosen : "";
}

function showProgress(working) {
  const done = entries.length;
  const key = working ? "list.working" : done < total ? "list.stopped" : "list.done";
  find("list-status").textContent = t(key, { done: formatNumber(done), total: formatNumber(total) });
  const bar = find("list-progress", HTMLProgressElement);
  bar.max = total;
  bar.value = done;
  bar.hidden = !working;
  find("list-stop").hidden = !working;
  for (const id of ["list-csv", "list-json", "list-copy"]) find(id, HTMLButtonElement).disabled = !done;
  find("list-zip", HTMLButtonElement).disabled = working || !entries.some(({ outcome }) => "faces" in outcome);
}

/** One photo's outcome into the list. */
function addEntry(photo, { result, failure, code, values, sha256, preview }) {
  const outcome = { ...(result ?? failure), photo_sha256: sha256 };
  const reason = code ? { code, values } : null;
  const entry = { photo, outcome, reason, row: makeRow(photo, outcome, reason, preview), order: entries.length };
  entries.push(entry);
  find("list-rows").append(entry.row);
}

/** What the engine says of a photo, for its row. */
function askPhoto({ file, name }) {
  const options = { name, preview: THUMBNAIL, hash: true };
  return askEngine(file, options).catch((error) => ({ failure: { photo: name, error: error.message } }));
}

/** A video is not loaded into memory, and has a timeline instead of a row. */
const refuseVideo = ({ name }) => ({ failure: { photo: name, error: "a video" }, code: "video", values: {} });

/**
 * Read photos one after the other into a new list.
 *
 * @param {Photo[]} photos
 * @param {(file: File, options: object) => Promise<any>} ask the engine
 * @param {import("emoji-edge/contract.js").Contract} known
 */
export async function readPhotos(photos, ask, known) {
  const mine = ++turn;
  [entries, contract, total, askEngine] = [[], known, photos.length, ask];
  find("list-rows").replaceChildren();
  if (find("list").hidden) find("list-save", HTMLDetailsElement).open = matchMedia(WIDE).matches;
  find("list").hidden = false;
  find("list").scrollIntoView({ block: "start" });
  showProgress(true);
  for (const photo of photos) {
    const found = isVideo(photo.file) ? refuseVideo(photo) : await askPhoto(photo);
    if (mine !== turn) return;
    addEntry(photo, found);
    offerKinds();
    applyFilter();
    showProgress(true);
  }
  applyOrder();
  showProgress(false);
}

/** The list as plain text, a line a face. */
function writeText() {
  return entries.map(({ photo, outcome, reason }) => `${describeLine(photo, outcome, reason)}\n`).join("");
}

function describeLine({ name }, outcome, reason) {
  if ("error" in outcome || !contract) return describeOutcome(outcome, reason);
  return `${name}: ${summarize(outcome, contract)}`;
}

const listOutcomes = () => entries.toSorted(ORDERS.chosen).map(({ outcome }) => outcome);

/** Draw the answers into the photos and save all as one file; another list ends nothing but what is said of it. */
async function saveZip(save) {
  const mine = turn;
  const photos = entries.filter(({ outcome }) => "faces" in outcome).map(({ photo }) => photo);
  const button = find("list-zip", HTMLButtonElement);
  const say = (key, values = {}) => mine === turn && (find("list-status").textContent = t(key, values));
  const onProgress = (done) => say("list.zipping", { done: formatNumber(done), total: formatNumber(photos.length) });
  button.disabled = true;
  try {
    const { zipPictures } = await import("./zip.js");
    const cover = find("list-cover", HTMLInputElement).checked;
    save(await zipPictures(photos, askEngine, contract, { cover, onProgress }));
    say("list.zipped");
  } catch (error) {
    say("error.broken", { reason: error.message });
  } finally {
    button.disabled = false;
  }
}

/**
 * Bring the list's buttons to life.
 *
 * @param {(photo: Photo) => void} onOpen
 * @param {(file: File) => void} save
 */
export function listenForList(onOpen, save) {
  openPhoto = onOpen;
  find("list-filter").addEventListener("change", applyFilter);
  find("list-order").addEventListener("change", applyOrder);
  find("list-stop").addEventListener("click", () => {
    turn++;
    applyOrder();
    showProgress(false);
    find("list-status").focus();
  });
  find("list-csv").addEventListener("click", () => {
    const text = writeCsv(listOutcomes(), contract?.top ?? 0);
    save(new File([text], "emoji.csv", { type: "text/csv" }));
  });
  find("list-json").addEventListener("click", () => {
    save(new File([writeJson(listOutcomes())], "emoji.json", { type: "application/json" }));
  });
  find("list-zip").addEventListener("click", () => saveZip(save));
  find("list-copy").addEventListener("click", async () => {
    const copied = await copyText(writeText());
    find("list-status").textContent = t(copied ? "list.copied" : "list.forbidden");
  });
}

/** Write the list again, in the language that was chosen. */
export function translateList() {
  if (find("list").hidden) return;
  for (const { outcome, reason, row } of entries) {
    const look = row.querySelector(".list-look");
    if (look) look.textContent = describeOutcome(outcome, reason);
  }
  offerKinds();
  showProgress(entries.length < total && !find("list-stop").hidden);
}
