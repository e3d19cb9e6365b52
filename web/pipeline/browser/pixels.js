// Decodes photos by the browser's own decoders.

import { checkSize, ImageError } from "../errors.js";
import { turnUpright } from "../turn.js";

/** @typedef {import("../resize.js").Picture} Picture */

// As stored: no colour management and nothing blended. The Exif block is applied by turnUpright alone, because browsers
// differ in which blocks of which formats they follow.
/** @type {ImageBitmapOptions} */
const AS_STORED = { colorSpaceConversion: "none", premultiplyAlpha: "none", imageOrientation: "from-image" };

// One pixel of a PNG that is all but transparent: 200, 100, 50, and an alpha of 1.
const FAINT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mM4kWLECAAEtgFgJ6CDyQAAAABJRU5ErkJggg==";
/** @type {Promise<boolean> | undefined} */
let stored; // whether a bitmap keeps colours under transparency here; asked once

/**
 * Decode a file, as its container turns it.
 *
 * @param {Uint8Array[]} parts
 * @param {string} format
 * @param {number} maxPixels refuse more than this
 * @returns {Promise<Picture>} RGBA
 * @throws {ImageError}
 */
export async function decodeFile(parts, format, maxPixels) {
  let bitmap;
  const whole = await new Blob(/** @type {any} */ (parts)).arrayBuffer(); // of many parts, Firefox sees the first alone
  try {
    bitmap = await createImageBitmap(new Blob([whole]), AS_STORED);
  } catch {
    if (format === "HEIC") throw new ImageError("heic", "HEIC is not supported here; save the photo as JPEG");
    if (format === "AVIF")
      throw new ImageError("format", `${format} is not supported here, or the file is damaged`, { format });
    throw new ImageError("damaged", "damaged picture");
  }
  const photo = await takePixels(bitmap, maxPixels);
  if (format !== "PNG" || isOpaque(photo)) return photo;
  stored ??= keepsStored();
  return (await stored) ? photo : decodePng(whole);
}

/** The pixels of a bitmap of our own, which is closed. */
async function takePixels(bitmap, maxPixels) {
  try {
    checkSize(bitmap, maxPixels); // of formats whose size is not in their first bytes
    return await readPixels(bitmap);
  } finally {
    bitmap.close();
  }
}

function isOpaque({ data }) {
  for (let at = 3; at < data.length; at += 4) if (data[at] < 255) return false;
  return true;
}

/** Tell whether a bitmap keeps the colours under transparency; WebKit's are multiplied by alpha, whatever it is asked. */
async function keepsStored() {
  const faint = Uint8Array.from(atob(FAINT), (letter) => letter.charCodeAt(0));
  const { data } = await takePixels(await createImageBitmap(new Blob([faint]), AS_STORED), 1);
  return data[0] === 200 && data[1] === 100 && data[2] === 50;
}

/** Decode a PNG with an alpha channel by a library, loaded only where the browser's decoder does not serve. */
async function decodePng(whole) {
  const { decode } = await import("fast-png");
  const { width, height, channels, depth, data: values } = decode(whole);
  const [shift, alpha] = [depth === 16 ? 8 : 0, channels - 1];
  const data = new Uint8Array(4 * width * height);
  for (let from = 0, to = 0; to < data.length; from += channels, to += 4) {
    for (let colour = 0; colour < 3; colour++) data[to + colour] = values[from + (alpha > 1 ? colour : 0)] >> shift;
    data[to + 3] = values[from + alpha] >> shift;
  }
  return { width, height, data, channels: 4 };
}

/**
 * The pixels of a bitmap, which stays the caller's; null where it is none.
 *
 * @param {unknown} source
 * @returns {Promise<Picture | null>} RGBA
 */
export const readBitmap = async (source) => (source instanceof ImageBitmap ? readPixels(source) : null);

/** The pixels of a bitmap. A canvas premultiplies alpha, and some browsers add noise to it: a last resort. */
async function readPixels(bitmap) {
  const { width, height } = bitmap;
  return (await readFrame(bitmap)) ?? { width, height, data: readCanvas(bitmap), channels: 4 };
}

/** The pixels by way of a frame, whose copy is as stored: what it says of rotation and mirroring is applied to it. */
async function readFrame(bitmap) {
  if (!("VideoFrame" in globalThis)) return null;
  let frame;
  try {
    frame = new VideoFrame(bitmap, { timestamp: 0, alpha: "keep" });
    const { format, visibleRect, rotation = 0, flip = false } = /** @type {any} */ (frame);
    if (!format || !/^(RGB|BGR)[AX]$/.test(format)) return null;
    const { width, height } = visibleRect;
    const data = new Uint8Array(width * height * 4);
    await frame.copyTo(data, { layout: [{ offset: 0, stride: width * 4 }] });
    const turned = turnUpright(
      { width, height, data: format.startsWith("B") ? swapRedBlue(data) : data, channels: 4 },
      findTurn(rotation, flip),
    );
    return turned.width === bitmap.width && turned.height === bitmap.height ? turned : null;
  } catch {
    return null; // a size or a bitmap that it does not take
  } finally {
    frame?.close();
  }
}

/** The Exif orientation that says the same as a clockwise rotation and a mirroring after it. */
const findTurn = (rotation, flip) => (flip ? [2, 5, 4, 7] : [1, 6, 3, 8])[(rotation / 90) % 4];

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
