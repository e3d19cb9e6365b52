// Cuts gray faces out of a photo, upright, bit for bit as edge/emoji_edge/crop.py does; its docstring is the rule.

import { cutPart, reduce, resize } from "./resize.js";

const ONE = 1 << 16; // of the fixed-point positions

/** @typedef {import("./resize.js").Picture} Picture */
/**
 * @typedef {{x: number, y: number, side: number, roll: number}} Square
 *   centre and side in pixels, roll in degrees clockwise
 */

const roundHalfUp = (value) => Math.floor(value + 0.5);

/** Sine and cosine of degrees. */
export function turn(degrees) {
  const angle = degrees * (Math.PI / 180);
  return { sin: Math.sin(angle), cos: Math.cos(angle) };
}

/**
 * A square in whole eighths of a pixel and of a degree, its side at least a pixel: runtimes whose detectors differ in the
 * last digits cut the same pixels.
 *
 * @param {Square} square
 * @returns {Square}
 */
export function snapSquare({ x, y, side, roll }) {
  const snap = (value) => roundHalfUp(value * 8) / 8;
  return { x: snap(x), y: snap(y), side: Math.max(1, snap(side)), roll: snap(roll) };
}

/**
 * The square that cropFace cuts for a detector's box.
 *
 * @returns {Square}
 */
export function placeCrop([x0, y0, x1, y1], { crop }, roll = 0) {
  const longer = Math.max(x1 - x0, y1 - y0);
  const up = crop.shift_up * longer;
  const { sin, cos } = turn(roll);
  return snapSquare({ x: (x0 + x1) / 2 + up * sin, y: (y0 + y1) / 2 - up * cos, side: longer * crop.scale, roll });
}

/** The gray face [size * size] that the network sees for a detector's box, with a head tilted by `roll` degrees. */
export function cropFace(photo, box, contract, roll = 0) {
  const { input, crop, detector } = contract;
  const square = placeCrop(box, contract, roll);
  return cutSquare(photo, square, input.size, crop.samples, detector.reduce_to, contract.gray).data;
}

/**
 * The gray face [size * size] of a box of the photo as it is, made square around its middle; of all of it without one.
 *
 * @param {import("./resize.js").Picture} photo
 * @param {import("./contract.js").Contract} contract
 * @param {number[] | null} [box] its longer side is at most `crop.longest_box` times the photo's
 * @throws {RangeError} where it is longer
 */
export function resizeFace(photo, contract, box = null) {
  const { size } = contract.input;
  const gray = /** @type {any} */ (contract.gray);
  if (box) return resizeSquare(photo, squareBox(box, photo, contract.crop.longest_box), size, gray).data;
  return resize(toGray(photo, gray), size, size).data;
}

/** A box in whole pixels, made square by its longer side; RangeError where it is too long for the photo. */
function squareBox(box, { width, height }, longest) {
  const [x0, y0, x1, y1] = box.map(roundHalfUp);
  const side = Math.max(1, x1 - x0, y1 - y0);
  if (side > longest * Math.max(width, height)) {
    const picture = `the picture of ${width}x${height}`;
    throw new RangeError(`the box [${box.join(", ")}] is over ${longest} times as long as ${picture}`);
  }
  return { left: Math.floor((x0 + x1 - side) / 2), top: Math.floor((y0 + y1 - side) / 2), side };
}

/**
 * A square in gray, resized, black outside the photo. The square itself, which may be many times as large as the photo, is
 * never made: only the photo's own rows get the new width, and the black ones join these where they are short.
 */
function resizeSquare(photo, { left, top, side }, size, gray) {
  const [first, last] = [Math.max(0, top), Math.min(photo.height, top + side)];
  const [begin, end] = [Math.max(0, left), Math.min(photo.width, left + side)];
  const [width, height] = [Math.max(0, end - begin), Math.max(0, last - first)];
  const part = toGray(cutPart(photo, begin, first, width, height), gray);
  const rows = resize(cutPart(part, left - begin, 0, side, height), size, height);
  return resize(cutPart(rows, 0, top - first, size, side), size, size);
}

/**
 * A picture's gray levels.
 *
 * @param {Picture} picture RGBA
 * @returns {Picture} gray
 */
function toGray({ width, height, data }, { weights: [red, green, blue], shift }) {
  const half = 1 << (shift - 1);
  const levels = new Uint8Array(width * height);
  for (let i = 0, at = 0; i < levels.length; i++, at += 4) {
    levels[i] = (red * data[at] + green * data[at + 1] + blue * data[at + 2] + half) >> shift;
  }
  return { width, height, data: levels, channels: 1 };
}

/**
 * Cut a turned square out, black outside the photo.
 *
 * @param {Picture} photo RGBA
 * @param {Square} square
 * @param {number} size n of the rule
 * @param {number} samples k of the rule
 * @param {number} reduceTo
 * @param {{weights: number[], shift: number} | null} gray the contract's rule, where gray is wanted
 * @param {Map<string, Picture>} [kept] holds the last blocks of this photo, for the next square that needs the same ones,
 *   as that of another quarter turn does
 * @returns {Picture} [size * size], gray or RGBA
 */
export function cutSquare(photo, { x, y, side, roll }, size, samples, reduceTo, gray, kept = new Map()) {
  const fine = size * samples;
  const factor = Math.max(1, Math.floor(side / (reduceTo * fine)));
  const { sin, cos } = turn(roll);
  const reach = (side / 2) * (Math.abs(cos) + Math.abs(sin));
  const column = Math.floor((x - reach) / factor) - 1;
  const row = Math.floor((y - reach) / factor) - 1;
  const blocks = Math.ceil((2 * reach) / factor) + 3;
  const length = blocks * factor;
  const wide = Math.max(1, roundHalfUp((length * fine) / side));
  const place = [column, row, blocks, factor, wide].join();
  const patch = kept.get(place) ?? resize(cutBlocks(photo, column, row, blocks, factor, gray), wide, wide);
  kept.clear();
  kept.set(place, patch);
  const zoom = wide / length;
  const fix = (value) => roundHalfUp(value * ONE);
  const across = fix((cos * zoom * side) / fine);
  const down = fix((sin * zoom * side) / fine);
  const left = fix((x - column * factor) * zoom) - (((across - down) * (fine - 1)) >> 1);
  const top = fix((y - row * factor) * zoom) - (((across + down) * (fine - 1)) >> 1);
  const turned = sample(patch, fine, [left, top], [across, down]);
  return samples > 1 ? reduce(turned, samples) : turned;
}

/** Blocks [blocks * blocks] of factor x factor pixels, black where the photo has none. */
function cutBlocks(photo, column, row, blocks, factor, gray) {
  const left = Math.max(0, column * factor);
  const top = Math.max(0, row * factor);
  const right = Math.min(photo.width, (column + blocks) * factor);
  const bottom = Math.min(photo.height, (row + blocks) * factor);
  if (left >= right || top >= bottom) {
    const channels = gray ? 1 : 4;
    return { width: blocks, height: blocks, data: new Uint8Array(blocks * blocks * channels), channels };
  }
  const part = cutPart(photo, left, top, right - left, bottom - top);
  const wanted = gray ? toGray(part, gray) : part;
  const small = factor > 1 ? reduce(wanted, factor) : wanted;
  return cutPart(small, column - left / factor, row - top / factor, blocks, blocks);
}

/** Step 3 of the rule: the pixels [size * size] at fixed-point places. */
function sample({ width, height, data, channels }, size, [left, top], [across, down]) {
  const found = new Uint8Array(size * size * channels);
  for (let j = 0, to = 0; j < size; j++) {
    let x = left - j * down;
    let y = top + j * across;
    for (let i = 0; i < size; i++, x += across, y += down, to += channels) {
      const [column, row] = [x >> 16, y >> 16];
      if (column < 0 || row < 0 || column >= width || row >= height) continue;
      const at = channels * (row * width + column);
      for (let colour = 0; colour < channels; colour++) found[to + colour] = data[at + colour];
    }
  }
  return { width: size, height: size, data: found, channels };
}
