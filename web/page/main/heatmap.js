// The gray face that the network saw, and over it where it saw an expression.

import { getContext } from "../shared/dom.js";

const SIDE = 192; // pixels of the drawn picture
const STRENGTH = 0.75; // how far the hottest place hides the face

/**
 * Evidence as 0..1: from the mean over all labels to the strongest place of any label, as the command's sheets have it.
 *
 * @param {{values: Float32Array, shape: [number, number, number]}} evidence [h, w, labels]
 * @param {number} label index of the expression
 * @returns {number[]} h * w
 */
export function scaleEvidence({ values, shape: [height, width, labels] }, label) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const strongest = Math.max(
    1e-6,
    values.reduce((most, value) => Math.max(most, value - mean), 0),
  );
  return Array.from(
    { length: height * width },
    (_, cell) => Math.max(0, values[cell * labels + label] - mean) / strongest,
  );
}

/** RGBA of a heat of 0..1: clear, then red, then yellow. */
export const colourHeat = (heat) => [255, 255 * Math.min(1, Math.max(0, 2 * heat - 1)), 0, 255 * STRENGTH * heat];

function makeCanvas(width, height, pixels) {
  const canvas = new OffscreenCanvas(width, height);
  getContext(canvas).putImageData(new ImageData(Uint8ClampedArray.from(pixels), width, height), 0, 0);
  return canvas;
}

/**
 * @param {HTMLCanvasElement} canvas of SIDE * SIDE
 * @param {{pixels: Uint8Array, evidence: object}} detail of a face
 * @param {number | null} label whose evidence lies over the face; null: the face alone, as it was seen
 */
export function drawEvidence(canvas, { pixels, evidence }, label) {
  const size = Math.sqrt(pixels.length);
  const context = getContext(canvas);
  context.imageSmoothingEnabled = label !== null;
  context.imageSmoothingQuality = "high";
  const gray = Array.from(pixels, (level) => [level, level, level, 255]).flat();
  context.drawImage(makeCanvas(size, size, gray), 0, 0, SIDE, SIDE);
  if (label === null) return;
  const [height, width] = evidence.shape;
  context.drawImage(makeCanvas(width, height, scaleEvidence(evidence, label).flatMap(colourHeat)), 0, 0, SIDE, SIDE);
}
