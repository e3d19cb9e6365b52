// Opens a photo as upright pixels, the same ones in every browser as edge/emoji_edge/image.py gives.

import { decodeFile, readBitmap } from "#platform/pixels.js";
import { checkSize, ImageError } from "./errors.js";
import { inspectFile, TAILS } from "./file.js";
import { turnUpright } from "./turn.js";

/**
 * @typedef {import("./resize.js").Picture & {animated?: boolean}} Photo RGBA, upright
 * @typedef {{data: Uint8Array | Uint8ClampedArray, width: number, height: number}} Pixels rows of RGBA or RGB, upright, such as
 *   an ImageData
 * @typedef {Blob | Uint8Array | ArrayBuffer | ImageBitmap | Pixels} Source a file, its bytes, a frame of a camera, or pixels
 */

/**
 * The pixels of a photo, of a file's first frame.
 *
 * @param {Source} source
 * @param {number} maxPixels refuse more than this before decoding
 * @returns {Promise<Photo>}
 * @throws {ImageError} no picture, damaged, too large, or of a format that is not to be had here
 */
export async function openPhoto(source, maxPixels) {
  if (!(source instanceof Object)) throw new TypeError("a photo is a file, its bytes, or pixels, and no address");
  if ("data" in source) return takePixels(source, maxPixels);
  const frame = await readBitmap(source);
  if (frame) return frame;
  const bytes = await readBytes(source);
  const { format, orientation, animated, parts, openEnd, canvas } = inspectFile(bytes, maxPixels);
  let photo = openEnd ? await decodeOpenEnd(parts, format, maxPixels) : await decodeFile(parts, format, maxPixels);
  if (canvas) photo = placeFrame(photo, canvas);
  return { ...turnUpright(photo, orientation), animated };
}

/** Pixels that a program holds, as a photo. */
function takePixels({ data, width, height }, maxPixels) {
  checkSize({ width, height }, maxPixels);
  const count = width * height;
  const channels = data.length / count;
  const whole = [width, height].every((side) => Number.isInteger(side) && side > 0);
  if (!whole || ![3, 4].includes(channels))
    throw new ImageError("damaged", `${data.length} bytes are no ${width}x${height} pixels of RGBA or RGB`);
  if (channels === 4) return { width, height, data: data.byteOffset % 4 ? data.slice() : data, channels };
  const filled = new Uint8Array(4 * count).fill(255);
  for (let from = 0, to = 0; to < filled.length; from += 3, to += 4) {
    for (let colour = 0; colour < 3; colour++) filled[to + colour] = data[from + colour];
  }
  return { width, height, data: filled, channels: 4 };
}

/** Decode a JPEG without an end; refuse it where what follows its data changes a pixel. */
async function decodeOpenEnd(parts, format, maxPixels) {
  const photos = [];
  for (const tail of TAILS) photos.push(await decodeFile([...parts, tail], format, maxPixels));
  const [first, second] = photos.map(({ data }) => new Uint8Array(data.buffer, data.byteOffset, data.length));
  if (first.some((value, at) => value !== second[at]))
    throw new ImageError("damaged", "damaged picture (the file is cut short)");
  return photos[0];
}

/** Put a GIF's frame where it stands on its black canvas. */
function placeFrame(photo, [width, height, left, top]) {
  if (width === photo.width && height === photo.height) return photo;
  const data = new Uint8Array(width * height * 4);
  for (let at = 3; at < data.length; at += 4) data[at] = 255;
  for (let y = 0; y < photo.height; y++) {
    const row = photo.data.subarray(y * photo.width * 4, (y + 1) * photo.width * 4);
    data.set(row, ((top + y) * width + left) * 4);
  }
  return { width, height, data, channels: 4 };
}

/** The bytes of a file, or those that are given. */
async function readBytes(source) {
  if (source instanceof Uint8Array) return source;
  try {
    return new Uint8Array(source instanceof Blob ? await source.arrayBuffer() : source);
  } catch {
    throw new ImageError("unreadable", "cannot be read"); // it was moved, or is a folder
  }
}
