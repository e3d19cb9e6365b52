// Opens a photo as upright pixels, the same ones in every browser as edge/emoji_edge/image.py gives.

import { ImageError, checkSize, inspectFile } from "./file.js";

// As stored: no colour management and nothing blended. The Exif block is applied by turnUpright alone, because browsers
// differ in which blocks of which formats they follow.
const AS_STORED = { colorSpaceConversion: "none", premultiplyAlpha: "none", imageOrientation: "from-image" };

/** @typedef {import("./resize.js").Picture & {animated?: boolean}} Photo RGBA, upright */

/**
 * Decode the first frame of a photo.
 *
 * @param {Blob | ImageBitmap} source a file, or a frame of a camera
 * @param {number} maxPixels refuse more than this before decoding
 * @returns {Promise<Photo>}
 * @throws {ImageError} no picture, damaged, too large, or of a format that this browser lacks
 */
export async function openPhoto(source, maxPixels) {
  if (source instanceof ImageBitmap) return readPixels(source);
  const bytes = new Uint8Array(await readBytes(source));
  const { format, orientation, animated, parts } = inspectFile(bytes, maxPixels);
  const bitmap = await decodeParts(parts, format);
  checkSize(bitmap, maxPixels); // of formats whose size is not in their first bytes
  const photo = turnUpright(await readPixels(bitmap), orientation);
  return { ...photo, animated };
}

async function readBytes(blob) {
  try {
    return await blob.arrayBuffer();
  } catch {
    throw new ImageError("unreadable", "cannot be read"); // it was moved, or is a folder
  }
}

async function decodeParts(parts, format) {
  try {
    return await createImageBitmap(new Blob(parts), AS_STORED);
  } catch {
    if (format === "AVIF") throw new ImageError("format", `${format} is not supported here, or the file is damaged`, { format });
    throw new ImageError("damaged", "damaged picture");
  }
}

/** The pixels of a bitmap, which is closed. A canvas premultiplies alpha, and some browsers add noise to it: a last resort. */
async function readPixels(bitmap) {
  const { width, height } = bitmap;
  const data = (await readFrame(bitmap)) ?? readCanvas(bitmap);
  bitmap.close();
  return { width, height, data, channels: 4 };
}

async function readFrame(bitmap) {
  if (!("VideoFrame" in globalThis)) return null;
  let frame;
  try {
    frame = new VideoFrame(bitmap, { timestamp: 0, alpha: "keep" });
    if (!/^(RGB|BGR)[AX]$/.test(frame.format)) return null;
    const data = new Uint8Array(bitmap.width * bitmap.height * 4);
    await frame.copyTo(data, { layout: [{ offset: 0, stride: bitmap.width * 4 }] });
    return frame.format.startsWith("B") ? swapRedBlue(data) : data;
  } catch {
    return null; // a size or a bitmap that it does not take
  } finally {
    frame?.close();
  }
}

function swapRedBlue(data) {
  for (let at = 0; at < data.length; at += 4) {
    const blue = data[at];
    data[at] = data[at + 2];
    data[at + 2] = blue;
  }
  return data;
}

function readCanvas(bitmap) {
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw new ImageError("memory", "too large for this device's memory");
  context.drawImage(bitmap, 0, 0);
  return context.getImageData(0, 0, bitmap.width, bitmap.height).data;
}

/** For each orientation from 2: whether x and y change places, and whether x and y then run backwards in the source. */
const TURNS = {
  2: [false, true, false], 3: [false, true, true], 4: [false, false, true],
  5: [true, false, false], 6: [true, false, true], 7: [true, true, true], 8: [true, true, false],
}; // prettier-ignore

/**
 * Apply an Exif orientation; 1 and anything unknown leave the picture as it is.
 *
 * @param {Photo} photo
 */
export function turnUpright(photo, orientation) {
  if (!(orientation in TURNS)) return photo;
  const [swap, backX, backY] = TURNS[orientation];
  const { width, height } = photo;
  const source = new Uint32Array(photo.data.buffer, photo.data.byteOffset, width * height);
  const target = new Uint32Array(width * height);
  const first = (backX ? width - 1 : 0) + (backY ? (height - 1) * width : 0);
  const [stepX, stepY] = [backX ? -1 : 1, backY ? -width : width];
  const [outWidth, outHeight] = swap ? [height, width] : [width, height];
  const [across, down] = swap ? [stepY, stepX] : [stepX, stepY];
  for (let y = 0, to = 0; y < outHeight; y++) {
    for (let x = 0, from = first + y * down; x < outWidth; x++, from += across) target[to++] = source[from];
  }
  return { width: outWidth, height: outHeight, data: new Uint8Array(target.buffer), channels: 4 };
}
