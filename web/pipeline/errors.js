// What a photo is refused with.

/** The picture cannot be used; `code` names the reason, `values` belong to its text. */
export class ImageError extends Error {
  name = "ImageError";

  constructor(code, message, values = {}) {
    super(message);
    this.code = code;
    this.values = values;
  }
}

/** Refuse a picture of too many pixels; sizes that are not known yet pass. */
export function checkSize({ width, height }, maxPixels) {
  if (width * height > maxPixels) {
    const megapixels = maxPixels / 1e6;
    throw new ImageError("large", `${width}x${height} is more than ${megapixels} megapixels`, {
      width,
      height,
      megapixels,
    });
  }
}
