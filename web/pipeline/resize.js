// Scales pictures, bit for bit as edge/emoji_edge/resize.py does; its docstring is the rule.

const BITS = 22; // of the fixed-point weights

/**
 * @typedef {{width: number, height: number, data: Uint8Array | Uint8ClampedArray, channels: number}} Picture
 *   data row by row, channels interleaved: 1 gray, 4 RGBA (the fourth is never read)
 */

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
    resizeLines(
      data,
      from,
      rows,
      { step: channels, line: width * channels },
      makeTaps(across, picture.width, width),
      picture.height,
      colours,
    );
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
 * @param {Picture} picture
 * @param {number} factor
 * @param {{left: number, top: number, right: number, bottom: number}} [part] of the picture; all of it where it is left out
 * @returns {Picture}
 */
export function reduce(picture, factor, part = { left: 0, top: 0, right: picture.width, bottom: picture.height }) {
  const { channels } = picture;
  const colours = Math.min(channels, 3);
  const [width, height] = [Math.ceil((part.right - part.left) / factor), Math.ceil((part.bottom - part.top) / factor)];
  const data = new Uint8Array(width * height * channels);
  const sums = new Uint32Array(width * channels);
  for (let y = 0; y < height; y++) {
    const top = part.top + y * factor;
    const bottom = Math.min(part.bottom, top + factor);
    sums.fill(0);
    for (let line = top; line < bottom; line++) addLine(sums, picture, line, part, factor);
    for (let x = 0; x < width; x++) {
      const left = part.left + x * factor;
      const count = (Math.min(part.right, left + factor) - left) * (bottom - top);
      const inverse = Math.trunc(Math.fround(2 ** 24 / count)); // as Pillow divides
      for (let at = channels * x; at < channels * x + colours; at++) {
        data[channels * y * width + at] = Math.imul(sums[at] + (count >> 1), inverse) >>> 24;
      }
    }
  }
  return { width, height, data, channels };
}

/** Add a part of a line of pixels to the colours of its blocks. */
function addLine(sums, { data, width, channels }, line, { left, right }, factor) {
  if (channels === 1) return addGrayLine(sums, data, line * width + left, line * width + right, factor);
  let at = channels * (line * width + left);
  for (let x = left, to = 0; x < right; x += factor, to += channels) {
    let red = 0;
    let green = 0;
    let blue = 0;
    for (const end = at + channels * Math.min(factor, right - x); at < end; at += channels) {
      red += data[at];
      green += data[at + 1];
      blue += data[at + 2];
    }
    sums[to] += red;
    sums[to + 1] += green;
    sums[to + 2] += blue;
  }
}

/** The same for gray levels from `at` to before `stop`. */
function addGrayLine(sums, data, at, stop, factor) {
  for (let to = 0; at < stop; to++) {
    let sum = 0;
    for (const end = Math.min(stop, at + factor); at < end; at++) sum += data[at];
    sums[to] += sum;
  }
}

/**
 * A part of a picture, black (of all zeros) where the picture has none.
 *
 * @param {Picture} picture
 * @param {number} left
 * @param {number} top
 * @returns {Picture} of that width and height
 */
export function cutPart({ width: from, height: rows, data, channels }, left, top, width, height) {
  const part = new Uint8Array(width * height * channels);
  const [x0, x1] = [Math.max(0, left), Math.min(from, left + width)];
  for (let y = Math.max(0, top); x0 < x1 && y < Math.min(rows, top + height); y++) {
    const line = data.subarray((y * from + x0) * channels, (y * from + x1) * channels);
    part.set(line, ((y - top) * width + x0 - left) * channels);
  }
  return { width, height, data: part, channels };
}

/**
 * The photo with a longer side of `longer` pixels. A large one is reduced first, to no less than `reduceTo` times that.
 *
 * @param {Picture} photo RGBA
 * @returns {Picture} RGBA
 */
export function shrink(photo, longer, reduceTo) {
  const before = Math.max(photo.width, photo.height);
  const fit = (side) => Math.max(1, Math.floor((side * longer) / before + 0.5));
  const factor = Math.max(1, Math.floor(before / (reduceTo * longer)));
  const part = (side) => Math.fround(side / factor);
  const small = factor > 1 ? reduce(photo, factor) : photo;
  return resize(small, fit(photo.width), fit(photo.height), part(photo.width), part(photo.height));
}

/**
 * The photo fitted into a black square of `size`, RGBA, and where it lies in it.
 *
 * @returns {{square: Picture, frame: {left: number, top: number, width: number, height: number}}}
 */
export function fitSquare(photo, size, reduceTo) {
  const small = shrink(photo, size, reduceTo);
  const { width, height } = small;
  const [left, top] = [(size - width) >> 1, (size - height) >> 1];
  return { square: cutPart(small, -left, -top, size, size), frame: { left, top, width, height } };
}
