// Decodes photos by sharp, whose decoders are those that the command's Pillow has: libjpeg-turbo, libpng, libwebp.

import { ImageError } from "../errors.js";

/** @typedef {import("../resize.js").Picture} Picture */

/** sharp is asked for when a file is to be decoded: pixels need none. */
async function loadSharp() {
  try {
    return (await import("sharp")).default;
  } catch {
    throw new ImageError("format", "files need the package sharp here: npm install sharp, or give pixels", {
      format: "sharp",
    });
  }
}

/**
 * Decode a file, not turned.
 *
 * @param {Uint8Array[]} parts
 * @param {string} format
 * @param {number} maxPixels refuse more than this
 * @returns {Promise<Picture>} RGBA
 * @throws {ImageError}
 */
export async function decodeFile(parts, format, maxPixels) {
  const sharp = await loadSharp();
  try {
    const image = sharp(Buffer.concat(parts), { limitInputPixels: maxPixels, failOn: "warning" });
    const { data, info } = await image.toColourspace("srgb").ensureAlpha().raw().toBuffer({ resolveWithObject: true });
    return { width: info.width, height: info.height, data: new Uint8Array(data), channels: 4 };
  } catch {
    if (["HEIC", "AVIF", "BMP"].includes(format))
      throw new ImageError("format", `${format} is not supported here, or the file is damaged`, { format });
    throw new ImageError("damaged", "damaged picture");
  }
}

/** Node has no bitmaps. */
export const readBitmap = async () => null;
