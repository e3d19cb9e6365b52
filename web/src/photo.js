// The ways in for a photo (button, drop, paste, sample), and the photo with its boxes on the page.

import { select } from "d3-selection";
import { t } from "./strings.js";

const SAMPLE = "./sample.jpg";
const find = (id) => document.querySelector(`#${id}`);

/**
 * Listen for photos.
 *
 * @param {(file: File) => void} onPhoto
 * @param {(key: string) => void} onProblem takes the key of a text
 */
export function listenForPhotos(onPhoto, onProblem) {
  const file = find("file");
  find("choose").addEventListener("click", () => file.click());
  file.addEventListener("change", () => {
    if (file.files.length) onPhoto(file.files[0]);
    file.value = ""; // so that the same file can be chosen again
  });
  find("sample").addEventListener("click", () => loadSample().then(onPhoto, () => onProblem("error.sample")));
  listenForDrops(onPhoto, onProblem);
  document.addEventListener("paste", (event) => {
    const [pasted] = event.clipboardData.files;
    if (pasted) onPhoto(pasted);
    else if (!event.target.closest?.("input, select")) onProblem("error.paste");
  });
}

async function loadSample() {
  const response = await fetch(SAMPLE);
  if (!response.ok) throw new Error("no sample");
  return new File([await response.blob()], SAMPLE.split("/").at(-1), { type: "image/jpeg" });
}

/** Anywhere on the page, so that a photo dropped beside the zone does not replace the page. */
function listenForDrops(onPhoto, onProblem) {
  const stage = find("stage");
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    stage.classList.add("dragged");
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) stage.classList.remove("dragged");
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    stage.classList.remove("dragged");
    const [dropped] = event.dataTransfer.files;
    if (dropped) onPhoto(dropped);
    else onProblem("error.drop");
  });
}

/** Show one of the stage's views: empty, photo, square or camera. */
export function showView(name) {
  find("stage").dataset.view = name;
  find("drop").hidden = name !== "empty";
  find("photo").hidden = !["photo", "square"].includes(name);
  find("square-bar").hidden = name !== "square";
  find("square").hidden = name !== "square";
  find("camera").hidden = name !== "camera";
  find("sources").hidden = ["square", "camera"].includes(name);
}

/** Put the upright photo on the page. */
export function showPhoto(preview, name) {
  const canvas = find("picture");
  canvas.width = preview.width;
  canvas.height = preview.height;
  canvas.style.setProperty("--ratio", preview.width / preview.height);
  canvas.getContext("2d").drawImage(preview, 0, 0);
  canvas.setAttribute("aria-label", t("photo.alt", { name }));
  find("caption").textContent = name;
  showView("photo");
}

/**
 * Draw the boxes of faces over a picture; where there are several, with their numbers.
 *
 * @param {SVGElement} svg that lies over the picture
 * @param {[number, number]} size of the picture that the boxes refer to
 */
export function drawBoxes(svg, [width, height], faces) {
  const unit = Math.max(width, height) / 100;
  const root = select(svg).attr("viewBox", `0 0 ${width} ${height}`);
  const groups = root.selectAll("g").data(faces).join((enter) => {
    const group = enter.append("g");
    group.append("rect").attr("class", "box-shade");
    group.append("rect").attr("class", "box-line");
    group.append("text").attr("class", "box-number");
    return group;
  });
  groups
    .selectAll("rect")
    .data(({ box }) => [box, box])
    .attr("x", ([x0]) => x0)
    .attr("y", ([, y0]) => y0)
    .attr("width", ([x0, , x1]) => x1 - x0)
    .attr("height", ([, y0, , y1]) => y1 - y0)
    .attr("rx", 1.2 * unit);
  groups
    .select("text")
    .attr("font-size", 4 * unit)
    .attr("x", ({ box: [x0] }) => x0)
    .attr("y", ({ box: [, y0] }) => Math.max(y0 - 1.2 * unit, 3.6 * unit)) // above the box, so that the face stays free
    .text((_, i) => (faces.length > 1 ? i + 1 : ""));
}

/** Make the box of one face stand out; of none where the index is null. */
export function markBox(index) {
  select("#boxes").selectAll("g").classed("marked", (_, i) => i === index);
}
