// A photo's upright pixels as a bitmap to show.

/**
 * The photo with at most so many pixels on its longer side.
 *
 * @param {import("./decode.js").Photo} photo
 * @param {number} side
 * @returns {Promise<ImageBitmap>}
 */
export async function makePreview({ width, height, data }, side) {
  const scale = Math.min(1, side / Math.max(width, height));
  const size = {
    resizeWidth: Math.max(1, Math.round(width * scale)),
    resizeHeight: Math.max(1, Math.round(height * scale)),
  };
  const pixels = /** @type {any} */ (new Uint8ClampedArray(data.buffer, data.byteOffset, data.length));
  return createImageBitmap(new ImageData(pixels, width, height), { ...size, resizeQuality: "high" });
}
