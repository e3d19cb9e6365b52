// The ways in for photos: the button, a folder, drop, paste and the sample.

import { find } from "../shared/dom.js";
import { showSamples } from "./samples.js";

/** @typedef {{file: File, name: string}} Photo name: with its folders, as the command would name it */

/** Name a file with the folder it was chosen in. */
const namePhoto = (file) => ({ file, name: file.webkitRelativePath || file.name });

/** The files of a dropped entry, those in its folders too, as far as they can be read. */
async function* listEntry(entry) {
  if (entry.isFile) {
    const file = await new Promise((resolve) => entry.file(resolve, () => resolve(null)));
    if (file) yield { file, name: entry.fullPath.replace(/^\//, "") };
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    const batch = await new Promise((resolve) => reader.readEntries(resolve, () => resolve([]))); // at most 100 at once
    if (!batch.length) return;
    for (const inner of batch.toSorted((a, b) => a.name.localeCompare(b.name))) yield* listEntry(inner);
  }
}

/**
 * All files of a drop or a paste, in the order in which they came.
 *
 * @param {DataTransfer | null} transfer
 * @returns {Promise<Photo[]>}
 */
async function listTransfer(transfer) {
  const entries = [...(transfer?.items ?? [])].map((item) => item.webkitGetAsEntry?.() ?? null);
  if (!entries.some((entry) => entry?.isDirectory)) return [...(transfer?.files ?? [])].map(namePhoto);
  const photos = [];
  for (const entry of entries.filter(Boolean)) for await (const photo of listEntry(entry)) photos.push(photo);
  return photos.filter(({ name }) => !/(^|\/)\./.test(name)); // .DS_Store and its like
}

/** What a chooser has, and nothing of it kept, so that the same files can be chosen again. */
function takeChosen(input) {
  const photos = [...(input.files ?? [])].map(namePhoto);
  input.value = "";
  return photos;
}

async function loadSample(address, name) {
  const response = await fetch(address);
  if (!response.ok) throw new Error("no sample");
  return namePhoto(new File([await response.blob()], name, { type: "image/jpeg" }));
}

/** Anywhere on the page, so that a photo dropped beside the zone does not replace the page. */
function listenForDrops(onPhotos) {
  const stage = find("stage");
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    stage.classList.add("dragged");
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) stage.classList.remove("dragged");
  });
  document.addEventListener("drop", async (event) => {
    event.preventDefault();
    stage.classList.remove("dragged");
    onPhotos(await listTransfer(event.dataTransfer), "error.drop");
  });
}

/**
 * Listen for photos.
 *
 * @param {(photos: Photo[]) => void} onPhotos
 * @param {(key: string) => void} onProblem takes the key of a text
 */
export function listenForPhotos(onPhotos, onProblem) {
  const take = (photos, problem) => (photos.length ? onPhotos(photos) : problem && onProblem(problem));
  for (const [button, chooser] of [
    ["choose", "file"],
    ["choose-folder", "folder"],
  ]) {
    const input = find(chooser, HTMLInputElement);
    find(button).addEventListener("click", () => input.click());
    input.addEventListener("change", () => take(takeChosen(input)));
  }
  const takeSample = (address, name) =>
    loadSample(address, name).then(
      (photo) => onPhotos([photo]),
      () => onProblem("error.sample"),
    );
  find("sample").addEventListener("click", () => takeSample("./sample.jpg", "sample.jpg"));
  showSamples(takeSample);
  listenForDrops(take);
  document.addEventListener("paste", async (event) => {
    const typing = event.target instanceof Element && event.target.closest("input, select");
    take(await listTransfer(event.clipboardData), typing ? undefined : "error.paste");
  });
}
