// The stage: the photo or the camera's picture, and over each face its box and its emoji.

import { select } from "d3-selection";
import { drawBoxes } from "../shared/boxes.js";
import { find, getContext } from "../shared/dom.js";
import { t } from "../shared/strings.js";

const QUICK = 1024; // pixels of the longer side of the picture that is shown while the answer is on its way

let photoName = "";

/** Show one of the stage's views: empty, photo, square, camera or clip. */
export function showView(name) {
  document.body.dataset.view = name;
  find("drop").hidden = name !== "empty";
  find("photo").hidden = !["photo", "square"].includes(name);
  find("square-bar").hidden = name !== "square";
  find("square").hidden = name !== "square";
  find("camera").hidden = name !== "camera";
  find("clip").hidden = name !== "clip";
  find("sources").hidden = ["square", "camera"].includes(name);
}

/** The view that is shown. */
export const readView = () => document.body.dataset.view ?? "empty";

/** Give the focus to an element without a jump of the page. */
export const moveFocus = (id) => find(id).focus({ preventScroll: true });

/** Where the answer is not wholly in view, move so that photo and summary are; and the focus, where it is lost. */
export function bringIntoView() {
  const [stage, summary, explain] = ["stage", "summary", "explain"].map((id) => find(id).getBoundingClientRect());
  if (Math.min(stage.top, summary.top) < 0 || explain.bottom > window.innerHeight) {
    find("workbench").scrollIntoView({ block: "start" });
  }
  if (!document.activeElement || document.activeElement === document.body) moveFocus("summary");
}

/** Put an upright photo on the page. */
export function showPhoto(preview, name) {
  const canvas = find("picture", HTMLCanvasElement);
  canvas.width = preview.width;
  canvas.height = preview.height;
  canvas.style.setProperty("--ratio", String(preview.width / preview.height));
  getContext(canvas).drawImage(preview, 0, 0);
  photoName = name;
  nameCanvas();
  find("caption").textContent = name;
  drawBoxes(find("boxes", SVGSVGElement), [preview.width, preview.height], []);
  showView("photo");
}

/** The photo's text for those who do not see it, in the language in use. */
export function nameCanvas() {
  find("picture").setAttribute("aria-label", photoName && t("photo.alt", { name: photoName }));
}

/**
 * Show a file at once, as the browser itself opens it; the answer brings the picture as the network's side sees it.
 *
 * @param {File} file
 * @param {string} name
 * @param {() => boolean} isWanted asked once it is open
 */
export async function previewPhoto(file, name, isWanted) {
  const bitmap = await createImageBitmap(file).catch(() => null); // the answer will say what is wrong with it
  if (!bitmap) return;
  if (isWanted()) {
    const scale = Math.min(1, QUICK / Math.max(bitmap.width, bitmap.height));
    const size = [bitmap.width, bitmap.height].map((side) => Math.max(1, Math.round(side * scale)));
    const small = new OffscreenCanvas(size[0], size[1]);
    getContext(small).drawImage(bitmap, 0, 0, size[0], size[1]);
    showPhoto(small, name);
  }
  bitmap.close();
}

/** Make the box of one face stand out; of none where the index is null. */
export function markBox(index) {
  select("#boxes")
    .selectAll("g")
    .classed("marked", (_, i) => i === index);
}

/** A square picture of a face, cut from the photo on the page. */
export function drawThumbnail(canvas, [x0, y0, x1, y1], [width]) {
  const picture = find("picture", HTMLCanvasElement);
  const scale = picture.width / width;
  const side = Math.max(x1 - x0, y1 - y0) * 1.3;
  const [left, top] = [(x0 + x1 - side) / 2, (y0 + y1 - side) / 2].map((value) => value * scale);
  getContext(canvas).drawImage(picture, left, top, side * scale, side * scale, 0, 0, canvas.width, canvas.height);
}
