// Finds every face of a photo and how far each head is tilted, as edge/emoji_edge/face.py does; its docstrings are the rule.

import { cutSquare, snapSquare, turn } from "./crop.js";
import { decodeBoxes, formsFace, makeAnchors, measureOverlap, mergeBoxes, readRoll, scaleSquare } from "./detector.js";
import { cutPart, fitSquare, shrink } from "./resize.js";

/** @typedef {import("./resize.js").Picture} Picture */
/** @typedef {import("./crop.js").Square} Square */
/**
 * @typedef {{box: import("./detector.js").Box, score: number, roll: number, settled?: boolean}} Face
 *   box in pixels of the upright photo; degrees clockwise; whether it needs no closer look
 */
/** @typedef {(name: "short" | "back", values: Float32Array) => Promise<{boxes: Float32Array, scores: Float32Array}>} Run */
/**
 * @typedef {{tiles?: boolean, smallestFace?: number | null, threshold?: number | null}} FinderOptions
 *   whether large photos are also searched in tiles; the side in pixels of the smallest face that matters, smaller ones
 *   being left out, and the least score of a face; the contract's where null
 */

const QUARTERS = [1, 2, 3];

/**
 * All faces, largest first.
 *
 * @param {Picture} photo upright RGBA
 * @param {import("./contract.js").Contract} contract
 * @param {Run} run a detector's network
 * @param {FinderOptions} [options]
 * @returns {Promise<Face[]>}
 */
export async function findFaces(photo, contract, run, options = {}) {
  const faces = await new Search(photo, contract, run, options).findFaces();
  return faces.toSorted(compareFaces).map(({ box, score, roll }) => ({ box, score, roll }));
}

/** The search of one photo. */
class Search {
  constructor(photo, contract, run, options) {
    this.photo = photo;
    this.contract = contract;
    this.settings = contract.detector;
    this.run = run;
    this.options = options;
    this.threshold = options.threshold ?? this.settings.threshold;
    /** @type {Map<string, Picture>} see cutSquare */
    this.kept = new Map();
  }

  /** All steps; the most certain first. */
  async findFaces() {
    const { photo } = this;
    const { longer, places } = planTiles(photo, this.contract, this.options);
    const copy = places.length ? shrink(photo, longer, this.settings.reduce_to) : photo;
    let faces = await this.confirmFaces(copy, await this.detectWhole("short", copy));
    const more = !faces.length || this.isDoubtful(faces[0]) ? await this.detectWhole("back", copy) : [];
    for (const place of places) more.push(...(await this.searchTile(copy, /** @type {any} */ (place))));
    faces = await this.confirmFaces(copy, more, faces);
    return faces.length ? faces : this.confirmFaces(copy, await this.detectTurned(copy));
  }

  /** Detections of one detector in its square input, most certain first. */
  async detect(name, square) {
    const { range, candidate, iou, models } = this.settings;
    const raw = await this.run(name, scaleSquare(square, range));
    return mergeBoxes(decodeBoxes(raw, findAnchors(models[name]), models[name].size, candidate), iou);
  }

  /** Faces in a copy of the whole photo, turned counter-clockwise by quarters. */
  async detectWhole(name, copy, quarter = 0) {
    const { size } = this.settings.models[name];
    const { square, frame } = fitSquare(copy, size, this.settings.reduce_to);
    const found = await this.detect(name, turnSquare(square, quarter));
    return found.map((detection) => ({
      ...placeFace(detection, frame, copy, size, quarter),
      settled: name === "short" && !quarter && this.needsNoLook(detection),
    }));
  }

  async detectTurned(copy) {
    const faces = [];
    for (const quarter of QUARTERS) {
      for (const name of Object.keys(this.settings.models)) {
        faces.push(...(await this.detectWhole(name, copy, quarter)));
      }
    }
    return faces;
  }

  async searchTile(copy, [left, top]) {
    const { size } = this.settings.models.back;
    const found = await this.detect("back", cutPart(copy, left, top, size, size));
    const frame = { left: -left, top: -top, width: copy.width, height: copy.height };
    return found.map((detection) => placeFace(detection, frame, copy, size));
  }

  /** Steps 2 and 3 for candidates in a copy of the photo, beside faces that are known. */
  async confirmFaces(copy, candidates, known = []) {
    const { iou } = this.settings;
    const [across, down] = [this.photo.width / copy.width, this.photo.height / copy.height];
    const scaled = candidates
      .map(({ box: [x0, y0, x1, y1], ...face }) => ({ ...face, box: [x0 * across, y0 * down, x1 * across, y1 * down] }))
      .toSorted((a, b) => Number(b.settled) - Number(a.settled) || b.score - a.score);
    const looked = [];
    for (const face of suppressFaces([...known, ...scaled], iou)) {
      looked.push(face.settled ? face : await this.lookCloser(face));
    }
    const least = this.options.smallestFace ?? 0;
    const sure = looked.filter((face) => face && face.score >= this.threshold && findSquare(face.box).side >= least);
    return suppressFaces(
      sure.toSorted((a, b) => b.score - a.score),
      iou,
    );
  }

  /** Step 2 for one candidate; null where no look shows a face. */
  async lookCloser(candidate) {
    let best = null;
    for (const quarter of [0, ...QUARTERS]) {
      const roll = candidate.roll + 90 * quarter;
      const face = await this.levelFace({ ...findSquare(candidate.box), roll });
      if (face && (!best || face.score > best.score)) best = face;
      if (best && quarter === 0 && best.score >= this.settings.look.sure) break;
    }
    return best && best.score < this.settings.look.sure ? this.askAgain(best) : best;
  }

  /** Look until the eyes are level; null where they never are. */
  async levelFace(square) {
    const { times, level_roll: level } = this.settings.look;
    for (let i = 0; i < times; i++) {
      const face = await this.look(square);
      if (!face || Math.abs(wrap(face.roll - square.roll)) <= level) return face;
      square = { ...findSquare(face.box), roll: face.roll };
    }
    return null;
  }

  /** The most certain face near the middle of a square's surroundings, turned upright; null where there is none. */
  async look(square, name = "short") {
    const { look, models, form } = this.settings;
    const { size } = models[name];
    const wide = snapSquare({ ...square, side: square.side * look.scale });
    const patch = cutSquare(this.photo, wide, size, look.samples, look.reduce_to, null, this.kept);
    for (const detection of await this.detect(name, patch)) {
      const face = liftFace(detection, wide, size);
      const { x, y } = findSquare(face.box);
      const near = Math.hypot(x - wide.x, y - wide.y) <= look.reach * wide.side;
      if (near && formsFace(detection, form)) return face;
    }
    return null;
  }

  /** The face with the mean of its score and the back model's, 0 where that sees none. */
  async askAgain(face) {
    const other = await this.look({ ...findSquare(face.box), roll: face.roll }, "back");
    return { ...face, score: (face.score + (other?.score ?? 0)) / 2 };
  }

  needsNoLook(detection) {
    const { look, form, models, cascade_below: part } = this.settings;
    const [x0, y0, x1, y1] = detection.values;
    if (Math.max(x1 - x0, y1 - y0) < part * models.short.size) return false;
    const sure = detection.score >= look.sure && Math.abs(readRoll(detection)) <= look.sure_roll;
    return sure && formsFace(detection, form);
  }

  isDoubtful({ box, score }) {
    const { cascade_below: part, look } = this.settings;
    const small = findSquare(box).side < part * Math.max(this.photo.width, this.photo.height);
    return small || score < look.sure;
  }
}

/** Anchors of each size of input, made once. */
const anchors = new Map();

function findAnchors(model) {
  if (!anchors.has(model.size)) anchors.set(model.size, makeAnchors(model));
  return anchors.get(model.size);
}

/**
 * The square around a box's middle with its longer side.
 *
 * @param {number[]} box
 */
function findSquare([x0, y0, x1, y1]) {
  return { x: (x0 + x1) / 2, y: (y0 + y1) / 2, side: Math.max(x1 - x0, y1 - y0) };
}

/** A square picture, RGBA, turned counter-clockwise by quarters. */
function turnSquare(square, quarter) {
  const { width: size, data, channels } = square;
  if (!quarter) return square;
  const from = new Uint32Array(data.buffer, data.byteOffset, size * size);
  const to = new Uint32Array(size * size);
  const last = size - 1;
  const places = [
    (x, y) => y * size + x,
    (x, y) => x * size + last - y,
    (x, y) => (last - y) * size + last - x,
    (x, y) => (last - x) * size + y,
  ];
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) to[y * size + x] = from[places[quarter](x, y)];
  }
  return { width: size, height: size, data: new Uint8Array(to.buffer), channels };
}

/** A detection in a square that was turned counter-clockwise by quarters, in pixels of the picture that lies in it at frame. */
function placeFace(detection, frame, { width, height }, side, quarter = 0) {
  let corners = [detection.values.slice(0, 2), detection.values.slice(2, 4)];
  for (let i = 0; i < quarter; i++) corners = corners.map(([x, y]) => [side - y, x]); // clockwise again
  const [xs, ys] = [0, 1].map((axis) => corners.map((corner) => corner[axis]).toSorted((a, b) => a - b));
  const [across, down] = [width / frame.width, height / frame.height];
  const [x0, x1] = xs.map((x) => (x - frame.left) * across);
  const [y0, y1] = ys.map((y) => (y - frame.top) * down);
  return {
    box: [x0, y0, x1, y1],
    score: detection.score,
    roll: wrap(readRoll(detection) + 90 * quarter),
    settled: false,
  };
}

/** A detection in the pixels of a turned square that was cut out, in pixels of the picture. */
function liftFace(detection, square, side) {
  const [x0, y0, x1, y1] = detection.values;
  const zoom = square.side / side;
  const [right, down] = [((x0 + x1) / 2 - side / 2) * zoom, ((y0 + y1) / 2 - side / 2) * zoom];
  const { sin, cos } = turn(square.roll);
  const [x, y] = [square.x + right * cos - down * sin, square.y + right * sin + down * cos];
  const half = (Math.max(x1 - x0, y1 - y0) * zoom) / 2;
  const box = [x - half, y - half, x + half, y + half];
  return { box, score: detection.score, roll: wrap(square.roll + readRoll(detection)), settled: true };
}

/** The faces that overlap none before them by more than `iou`. */
function suppressFaces(faces, iou) {
  const kept = [];
  for (const face of faces) {
    if (kept.every((other) => measureOverlap(face.box, other.box) <= iou)) kept.push(face);
  }
  return kept;
}

/**
 * The longer side of the copy of a photo that is searched in tiles, and [left, top] of each tile in it, by row.
 *
 * @param {{width: number, height: number}} photo
 * @param {import("./contract.js").Contract} contract
 * @param {FinderOptions} options
 */
export function planTiles({ width, height }, { detector }, { tiles: wanted = true, smallestFace = null }) {
  const { tiles, models } = detector;
  const { size: side } = models.back;
  const longer = Math.max(width, height);
  const smallest = smallestFace ?? Math.max(tiles.smallest, tiles.part * longer);
  const copy = Math.min(longer, Math.floor((longer * tiles.face) / smallest + 0.5));
  if (!wanted || copy <= side + tiles.overlap) return { longer, places: [] };
  const fit = (edge) => Math.max(1, Math.floor((edge * copy) / longer + 0.5));
  const [columns, rows] = [fit(width), fit(height)].map((length) => spreadTiles(length, side, tiles.overlap));
  return { longer: copy, places: rows.flatMap((top) => columns.map((left) => [left, top])) };
}

/** Where tiles begin along an axis: evenly, as few as overlap enough; one is centred. */
export function spreadTiles(length, side, overlap) {
  if (length <= side) return [Math.floor((length - side) / 2)];
  const gaps = Math.max(1, Math.ceil((length - side) / (side - overlap)));
  return Array.from({ length: gaps + 1 }, (_, i) => Math.floor((i * (length - side)) / gaps));
}

/** The same direction from -180, excluded, to 180 degrees. */
const wrap = (degrees) => 180 - ((((180 - degrees) % 360) + 360) % 360);

/** Largest first, then most certain, then by the box's numbers. */
function compareFaces(a, b) {
  const area = ([x0, y0, x1, y1]) => (x1 - x0) * (y1 - y0);
  const keys = ({ box, score }) => [-area(box), -score, ...box];
  const [left, right] = [keys(a), keys(b)];
  const k = left.findIndex((value, i) => value !== right[i]);
  return k < 0 ? 0 : left[k] - right[k];
}
