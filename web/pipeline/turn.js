// Turns pictures upright.

/** @typedef {import("./resize.js").Picture} Picture */

/** For each orientation from 2: whether x and y change places, and whether x and y then run backwards in the source. */
const TURNS = {
  2: [false, true, false],
  3: [false, true, true],
  4: [false, false, true],
  5: [true, false, false],
  6: [true, false, true],
  7: [true, true, true],
  8: [true, true, false],
};

/**
 * Apply an Exif orientation; 1 and anything unknown leave the picture as it is.
 *
 * @param {Picture} photo
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
