// Pixels to pixels, bit for bit as edge/emoji_edge/image.py has them; its docstring is the rule.

const BITS = 22; // of the fixed-point weights

/**
 * @typedef {{width: number, height: number, data: Uint8Array | Uint8ClampedArray, channels: number}} Picture
 *   data row by row, channels interleaved: 1 gray, 4 RGBA (the fourth is never read)
 */

const roundHalfUp = (value) => Math.floor(value + 0.5);

/** First input and fixed-point weights for each output along an axis from n to m. */
function makeTaps(n, m) {
  const scale = n / m;
  const radius = Math.max(scale, 1);
  const inverse = 1 / radius;
  return Array.from({ length: m }, (_, i) => {
    const centre = (i + 0.5) * scale;
    const start = Math.max(0, Math.trunc(centre - radius + 0.5));
    const stop = Math.min(n, Math.trunc(centre + radius + 0.5));
    const weights = new Float64Array(stop - start);
    let sum = 0;
    for (let x = start; x < stop; x++) {
      const weight = Math.max(0, 1 - Math.abs((x - centre + 0.5) * inverse));
      weights[x - start] = weight;
      sum += weight;
    }
    return { start, weights: Int32Array.from(weights, (weight) => Math.trunc(0.5 + (weight / sum) * 2 ** BITS)) };
  });
}

/**
 * One pass: `lines` lines along which n samples become m.
 *
 * @param {{step: number, line: number}} from distance in `source` of two samples of a line, and of two lines
 * @param {{step: number, line: number}} to the same in `target`
 * @param {number} colours how many neighbours each sample has
 */
function resizeLines(source, from, target, to, [n, m], lines, colours) {
  const taps = makeTaps(n, m);
  for (let line = 0; line < lines; line++) {
    for (let i = 0; i < m; i++) {
      const { start, weights } = taps[i];
      for (let colour = 0; colour < colours; colour++) {
        let at = line * from.line + start * from.step + colour;
        let sum = 1 << (BITS - 1);
        for (let k = 0; k < weights.length; k++, at += from.step) sum += weights[k] * source[at];
        target[line * to.line + i * to.step + colour] = Math.min(255, sum >> BITS);
      }
    }
  }
}

/**
 * Resize by the rule: first each row to the new width, then each column to the new height.
 *
 * @param {Picture} picture
 * @returns {Picture}
 */
export function resize(picture, width, height) {
  const { channels } = picture;
  const colours = Math.min(channels, 3);
  let { data } = picture;
  if (width !== picture.width) {
    const rows = new Uint8Array(width * picture.height * channels);
    const from = { step: channels, line: picture.width * channels };
    resizeLines(data, from, rows, { step: channels, line: width * channels }, [picture.width, width], picture.height, colours);
    data = rows;
  }
  if (height !== picture.height) {
    const columns = new Uint8Array(width * height * channels);
    const across = { step: width * channels, line: channels };
    resizeLines(data, across, columns, across, [picture.height, height], width, colours);
    data = columns;
  }
  return { width, height, data, channels };
}

/**
 * A square of a photo as gray levels, black outside the photo.
 *
 * @param {Picture} photo RGBA
 * @returns {Picture} gray
 */
function cutGray(photo, left, top, width, height, contract) {
  const [red, green, blue] = contract.gray.weights;
  const half = 1 << (contract.gray.shift - 1);
  const data = new Uint8Array(width * height).fill(contract.crop.outside);
  const [x0, x1] = [Math.max(0, left), Math.min(photo.width, left + width)];
  for (let y = Math.max(0, top); y < Math.min(photo.height, top + height); y++) {
    for (let x = x0; x < x1; x++) {
      const at = 4 * (y * photo.width + x);
      const sum = red * photo.data[at] + green * photo.data[at + 1] + blue * photo.data[at + 2];
      data[(y - top) * width + x - left] = (sum + half) >> contract.gray.shift;
    }
  }
  return { width, height, data, channels: 1 };
}

/** Left, top and side of the square that cropFace cuts, in whole pixels of the photo. */
export function placeCrop([x0, y0, x1, y1], { crop }) {
  const height = y1 - y0;
  const side = Math.max(1, roundHalfUp(Math.max(x1 - x0, height) * crop.scale));
  const left = roundHalfUp((x0 + x1) / 2 - side / 2);
  const top = roundHalfUp((y0 + y1) / 2 - crop.shift_up * height - side / 2);
  return { left, top, side };
}

/** The gray face [size * size] that the network sees for a detector's box. */
export function cropFace(photo, box, contract) {
  const { left, top, side } = placeCrop(box, contract);
  const { size } = contract.input;
  return resize(cutGray(photo, left, top, side, side, contract), size, size).data;
}

/** The gray face [size * size] of a part of the photo as it is, x0, y0, x1, y1 in whole pixels. */
export function resizeFace(photo, [x0, y0, x1, y1], contract) {
  const { size } = contract.input;
  return resize(cutGray(photo, x0, y0, x1 - x0, y1 - y0, contract), size, size).data;
}

/**
 * The photo fitted into a black square of `size`, RGBA, and where it lies in it.
 *
 * @returns {{square: Picture, frame: {left: number, top: number, width: number, height: number}}}
 */
export function fitSquare(photo, size) {
  const longer = Math.max(photo.width, photo.height);
  const fit = (side) => Math.max(1, Math.floor((side * size) / longer + 0.5));
  const [width, height] = [fit(photo.width), fit(photo.height)];
  const [left, top] = [(size - width) >> 1, (size - height) >> 1];
  const small = resize(photo, width, height);
  const data = new Uint8Array(size * size * 4);
  for (let y = 0; y < height; y++) {
    data.set(small.data.subarray(4 * y * width, 4 * (y + 1) * width), 4 * ((top + y) * size + left));
  }
  return { square: { width: size, height: size, data, channels: 4 }, frame: { left, top, width, height } };
}
