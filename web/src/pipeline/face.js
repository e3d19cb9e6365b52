// Finds faces with MediaPipe's BlazeFace, as edge/emoji_edge/face.py does; its docstrings are the rule.

import { fitSquare } from "./resize.js";

/** @typedef {{box: [number, number, number, number], score: number}} Face box in pixels of the upright photo */

/** Centres of all anchors as [x, y] in parts of the input: by grid, row, column. */
export function makeAnchors({ grids }) {
  return grids.flatMap(([grid, perCell]) =>
    Array.from({ length: grid * grid * perCell }, (_, i) => {
      const cell = Math.floor(i / perCell);
      return [((cell % grid) + 0.5) / grid, (Math.floor(cell / grid) + 0.5) / grid];
    }),
  );
}

/** The square as a detector takes it: float32 [size * size * 3] in the contract's range. */
function scaleSquare({ data }, [low, high]) {
  const step = Math.fround((high - low) / 255);
  const levels = Float32Array.from({ length: 256 }, (_, level) => Math.fround(level * step) + low);
  const values = new Float32Array((data.length / 4) * 3);
  for (let from = 0, to = 0; from < data.length; from += 4, to += 3) {
    for (let colour = 0; colour < 3; colour++) values[to + colour] = levels[data[from + colour]];
  }
  return values;
}

/** Usable boxes over the threshold, in pixels of the square input, in the order of the anchors. */
function decodeBoxes({ boxes, scores }, anchors, size, threshold) {
  const found = [];
  const columns = boxes.length / anchors.length;
  for (const [i, [x, y]] of anchors.entries()) {
    const score = 1 / (1 + Math.exp(-Math.min(100, Math.max(-100, scores[i]))));
    const [dx, dy, width, height] = boxes.subarray(i * columns, i * columns + 4);
    const box = [dx + x * size - width / 2, dy + y * size - height / 2, dx + x * size + width / 2, dy + y * size + height / 2];
    if (score >= threshold && width > 0 && height > 0 && box.every(Number.isFinite)) found.push({ box, score });
  }
  return found;
}

const measureArea = ([x0, y0, x1, y1]) => (x1 - x0) * (y1 - y0);

/** Intersection over union of two boxes. */
export function measureOverlap(a, b) {
  const width = Math.max(0, Math.min(a[2], b[2]) - Math.max(a[0], b[0]));
  const height = Math.max(0, Math.min(a[3], b[3]) - Math.max(a[1], b[1]));
  return (width * height) / (measureArea(a) + measureArea(b) - width * height);
}

/**
 * Weighted non-maximum suppression: the best box takes all that overlap it by more than `iou` into their mean weighted
 * by score and keeps its own score; then the best of the rest. Equal scores go by index.
 *
 * @param {Face[]} faces
 * @returns {Face[]} best first
 */
export function mergeBoxes(faces, iou) {
  const merged = [];
  let rest = faces.toSorted((a, b) => b.score - a.score);
  while (rest.length) {
    const [best] = rest;
    const near = rest.filter((face) => face === best || measureOverlap(best.box, face.box) > iou);
    rest = rest.filter((face) => !near.includes(face));
    const weight = near.reduce((sum, face) => sum + face.score, 0);
    const mean = best.box.map((_, k) => near.reduce((sum, face) => sum + face.score * face.box[k], 0) / weight);
    merged.push({ box: mean, score: best.score });
  }
  return merged;
}

/** From pixels of the square back to pixels of the photo. */
function unfitBox([x0, y0, x1, y1], { left, top, width, height }, photo) {
  const [across, down] = [photo.width / width, photo.height / height];
  return [(x0 - left) * across, (y0 - top) * down, (x1 - left) * across, (y1 - top) * down];
}

/** Largest first, then most certain, then by the box's numbers. */
function compareFaces(a, b) {
  const keys = ({ box, score }) => [-measureArea(box), -score, ...box];
  const [left, right] = [keys(a), keys(b)];
  const k = left.findIndex((value, i) => value !== right[i]);
  return k < 0 ? 0 : left[k] - right[k];
}

/**
 * Faces of one detector, most certain first.
 *
 * @param {import("./resize.js").Picture} photo upright RGBA
 * @param {(values: Float32Array) => Promise<{boxes: Float32Array, scores: Float32Array}>} run the network
 */
async function detectFaces(photo, settings, { detector }, run) {
  const { square, frame } = fitSquare(photo, settings.size, detector.reduce_to);
  const raw = await run(scaleSquare(square, detector.range));
  const boxes = decodeBoxes(raw, makeAnchors(settings), settings.size, detector.threshold);
  return mergeBoxes(boxes, detector.iou).map(({ box, score }) => ({ box: unfitBox(box, frame, photo), score }));
}

/**
 * All faces, largest first. The back model runs where the short one finds nothing, or where its most certain box is under
 * the contract's part of the photo's longer side; if it finds any, its boxes replace the first's.
 *
 * @param {(name: "short" | "back", values: Float32Array) => Promise<{boxes: Float32Array, scores: Float32Array}>} run
 * @returns {Promise<Face[]>}
 */
export async function findFaces(photo, contract, run) {
  const { cascade_below: part, models } = contract.detector;
  const detect = (name) => detectFaces(photo, models[name], contract, (values) => run(name, values));
  let faces = await detect("short");
  const [best] = faces;
  const longer = best ? Math.max(best.box[2] - best.box[0], best.box[3] - best.box[1]) : 0;
  if (!best || longer < part * Math.max(photo.width, photo.height)) {
    const more = await detect("back");
    if (more.length) faces = more;
  }
  return faces.toSorted(compareFaces);
}
