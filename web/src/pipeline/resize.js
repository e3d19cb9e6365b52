// Pixels to pixels, bit for bit as edge/emoji_edge/image.py has them; its docstring is the rule.

const BITS = 22; // of the fixed-point weights

/**
 * @typedef {{width: number, height: number, data: Uint8Array | Uint8ClampedArray, channels: number}} Picture
 *   data row by row, channels interleaved: 1 gray, 4 RGBA (the fourth is never read)
 */

const roundHalfUp = (value) => Math.floor(value + 0.5);

/** First input and fixed-point weights for each output along an axis from n, a part of `limit` samples, to m. */
function makeTaps(n, limit, m) {
  const scale = n / m;
  const radius = Math.max(scale, 1);
  const inverse = 1 / radius;
  return Array.from({ length: m }, (_, i) => {
    const centre = (i + 0.5) * scale;
    const start = Math.max(0, Math.trunc(centre - radius + 0.5));
    const stop = Math.min(limit, Math.trunc(centre + radius + 0.5));
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
 * @param {Array} taps of makeTaps
 * @param {{step: number, line: number}} from distance in `source` of two samples of a line, and of two lines
 * @param {{step: number, line: number}} to the same in `target`
 * @param {number} colours how many neighbours each sample has
 */
function resizeLines(source, from, target, to, taps, lines, colours) {
  for (let line = 0; line < lines; line++) {
    for (let i = 0; i < taps.length; i++) {
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
 * @param {number} across how much of its width is meant, where its last column is not whole
 * @param {number} down the same of its height
 * @returns {Picture}
 */
export function resize(picture, width, height, across = picture.width, down = picture.height) {
  const { channels } = picture;
  const colours = Math.min(channels, 3);
  let { data } = picture;
  if (width !== picture.width || across !== picture.width) {
    const rows = new Uint8Array(width * picture.height * channels);
    const from = { step: channels, line: picture.width * channels };
    resizeLines(data, from, rows, { step: channels, line: width * channels }, makeTaps(across, picture.width, width), picture.height, colours);
    data = rows;
  }
  if (height !== picture.height || down !== picture.height) {
    const columns = new Uint8Array(width * height * channels);
    const along = { step: width * channels, line: channels };
    resizeLines(data, along, columns, along, makeTaps(down, picture.height, height), width, colours);
    data = columns;
  }
  return { width, height, data, channels };
}

/**
 * The mean of each block of factor x factor pixels, at the right and bottom edge of what is there.
 *
 * @param {Picture} photo RGBA
 * @returns {Picture} RGBA
 */
function reduce(photo, factor) {
  const [width, height] = [Math.ceil(photo.width / factor), Math.ceil(photo.height / factor)];
  const data = new Uint8Array(width * height * 4);
  const sums = new Uint32Array(width * 4);
  for (let y = 0; y < height; y++) {
    const [top, bottom] = [y * factor, Math.min(photo.height, (y + 1) * factor)];
    sums.fill(0);
    for (let line = top; line < bottom; line++) addLine(sums, photo, line, factor);
    for (let x = 0; x < width; x++) {
      const count = (Math.min(photo.width, (x + 1) * factor) - x * factor) * (bottom - top);
      const inverse = Math.trunc(Math.fround(2 ** 24 / count)); // as Pillow divides
      for (let at = 4 * x; at < 4 * x + 3; at++) {
        data[4 * y * width + at] = Math.imul(sums[at] + (count >> 1), inverse) >>> 24;
      }
    }
  }
  return { width, height, data, channels: 4 };
}

/** Add a line of RGBA pixels to the colours of its blocks. */
function addLine(sums, { data, width }, line, factor) {
  let at = 4 * line * width;
  for (let left = 0, to = 0; left < width; left += factor, to += 4) {
    let red = 0;
    let green = 0;
    let blue = 0;
    for (const end = at + 4 * Math.min(factor, width - left); at < end; at += 4) {
      red += data[at];
      green += data[at + 1];
      blue += data[at + 2];
    }
    sums[to] += red;
    sums[to + 1] += green;
    sums[to + 2] += blue;
  }
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
 * The photo fitted into a black square of `size`, RGBA, and where it lies in it. A large one is reduced first, to no less
 * than `reduceTo` times that size.
 *
 * @returns {{square: Picture, frame: {left: number, top: number, width: number, height: number}}}
 */
export function fitSquare(photo, size, reduceTo) {
  const longer = Math.max(photo.width, photo.height);
  const fit = (side) => Math.max(1, Math.floor((side * size) / longer + 0.5));
  const [width, height] = [fit(photo.width), fit(photo.height)];
  const [left, top] = [(size - width) >> 1, (size - height) >> 1];
  const factor = Math.max(1, Math.floor(longer / (reduceTo * size)));
  const part = (side) => Math.fround(side / factor);
  const small = resize(factor > 1 ? reduce(photo, factor) : photo, width, height, part(photo.width), part(photo.height));
  const data = new Uint8Array(size * size * 4);
  for (let y = 0; y < height; y++) {
    data.set(small.data.subarray(4 * y * width, 4 * (y + 1) * width), 4 * ((top + y) * size + left));
  }
  return { square: { width: size, height: size, data, channels: 4 }, frame: { left, top, width, height } };
}
