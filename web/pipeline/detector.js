// Reads what MediaPipe's BlazeFace answers, as edge/emoji_edge/detector.py does; its docstrings are the rule.

/** @typedef {[number, number, number, number]} Box x0, y0, x1, y1 */
/**
 * x and y of the box's corners, the right eye, the left eye, the nose and the mouth.
 * @typedef {{values: number[], score: number}} Detection
 */

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
export function scaleSquare({ data }, [low, high]) {
  const step = Math.fround((high - low) / 255);
  const levels = Float32Array.from({ length: 256 }, (_, level) => Math.fround(level * step) + low);
  const values = new Float32Array((data.length / 4) * 3);
  for (let from = 0, to = 0; from < data.length; from += 4, to += 3) {
    for (let colour = 0; colour < 3; colour++) values[to + colour] = levels[data[from + colour]];
  }
  return values;
}

/**
 * Usable detections of at least `threshold`, in pixels of the square input, in the order of the anchors.
 *
 * @param {{boxes: Float32Array, scores: Float32Array}} raw
 * @returns {Detection[]}
 */
export function decodeBoxes({ boxes, scores }, anchors, size, threshold) {
  const found = [];
  const columns = boxes.length / anchors.length;
  for (const [i, [x, y]] of anchors.entries()) {
    const score = 1 / (1 + Math.exp(-Math.min(100, Math.max(-100, scores[i]))));
    if (!(score >= threshold)) continue;
    const [dx, dy, width, height, ...marks] = boxes.subarray(i * columns, i * columns + 12);
    const [left, top] = [dx + x * size, dy + y * size];
    const corners = [left - width / 2, top - height / 2, left + width / 2, top + height / 2];
    const values = [...corners, ...marks.map((value, k) => value + (k % 2 ? y : x) * size)];
    if (width > 0 && height > 0 && values.every(Number.isFinite)) found.push({ values, score });
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
 * @param {Detection[]} detections
 * @returns {Detection[]} best first
 */
export function mergeBoxes(detections, iou) {
  const merged = [];
  let rest = detections.toSorted((a, b) => b.score - a.score);
  while (rest.length) {
    const [best] = rest;
    const near = rest.filter((other) => other === best || measureOverlap(best.values, other.values) > iou);
    rest = rest.filter((other) => !near.includes(other));
    const weight = near.reduce((sum, { score }) => sum + score, 0);
    const values = best.values.map(
      (_, k) => near.reduce((sum, { score, values: v }) => sum + score * v[k], 0) / weight,
    );
    merged.push({ values, score: best.score });
  }
  return merged;
}

/** How far the line of the eyes is tilted, in degrees clockwise, -180 to 180. */
export function readRoll({ values: [, , , , rightX, rightY, leftX, leftY] }) {
  return Math.atan2(leftY - rightY, leftX - rightX) * (180 / Math.PI);
}

/**
 * Whether nose and mouth lie below the eyes as far as they do in a face.
 *
 * @param {Detection} detection
 * @param {{eyes: number, nose: number[], mouth: number[]}} form the contract's
 */
export function formsFace({ values }, form) {
  const [x0, y0, x1, y1, rightX, rightY, leftX, leftY] = values;
  const [dx, dy] = [leftX - rightX, leftY - rightY];
  const apart = Math.hypot(dx, dy);
  const least = form.eyes * Math.max(x1 - x0, y1 - y0);
  if (!(apart >= least && least > 0)) return false;
  const [x, y] = [(leftX + rightX) / 2, (leftY + rightY) / 2];
  return [form.nose, form.mouth].every(([aside, nearest, farthest], i) => {
    const [right, down] = [values[8 + 2 * i] - x, values[9 + 2 * i] - y];
    const across = (right * dx + down * dy) / apart ** 2;
    const below = (down * dx - right * dy) / apart ** 2;
    return Math.abs(across) <= aside && nearest <= below && below <= farthest;
  });
}
