// Looks into a photo's bytes before any decoder does, and leaves decoders only what they agree on. The rules are those of
// edge/emoji_edge/file.py, function by function.

import { checkSize, ImageError } from "./errors.js";

const HEIC_BRANDS = ["heic", "heix", "heim", "heis", "hevc", "hevx", "hevm", "hevs"];
const HEIF_BRANDS = ["mif1", "msf1"];
const AVIF_BRANDS = ["avif", "avis"];
const NOT_HERE = { TIFF: "save the photo as JPEG or PNG", PPM: "save the photo as JPEG or PNG" };
const ORIENTATION_TAG = 0x0112;
const [SHORT, LONG] = [3, 4]; // types of Exif values
const EXIF = "Exif\0\0";
const STARTS = {
  JPEG: /^\xff\xd8\xff/,
  PNG: /^\x89PNG\r\n\u001a\n/, // eslint-disable-line no-control-regex
  GIF: /^GIF8[79]a/,
  WEBP: /^RIFF....WEBP/s,
  BMP: /^BM/,
  TIFF: /^(II[*+]\0|MM\0[*+])/,
  PPM: /^P[1-7fFyn]\s/,
};
const END = Uint8Array.of(0xff, 0xd9); // of a JPEG
/** Two ends of a JPEG whose own is missing: where its data are whole, both give the same pixels. */
export const TAILS = [END, Uint8Array.of(...Array.from({ length: 64 }, (_, i) => (73 * i + 41) & 0x7f), ...END)];
const PNG_END = Uint8Array.of(0, 0, 0, 0, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82);

/**
 * What can be told of a photo without decoding it, and the file to decode.
 *
 * @typedef {object} Inspected
 * @property {string} format
 * @property {Uint8Array[]} parts the file to decode
 * @property {number} orientation 1 to 8, to be applied to what is decoded
 * @property {boolean} animated
 * @property {boolean} openEnd whether a JPEG's end is missing; TAILS are to be tried
 * @property {[number, number, number, number]} [canvas] of a GIF: width, height, left and top of its first frame on it
 */

const cutShort = () => new ImageError("damaged", "damaged picture (the file is cut short)");
const readText = (bytes, start, length) => String.fromCharCode(...bytes.subarray(start, start + length));
const viewBytes = (bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** The format by its first bytes, as a name; "" where it is none that is known. */
export function findFormat(bytes) {
  const start = readText(bytes, 0, 12);
  const found = Object.keys(STARTS).find((name) => STARTS[name].test(start));
  return found ?? nameBrands(listBrands(bytes));
}

/** The brands of an ISO media file, the major one first; none of other files. */
function listBrands(bytes) {
  if (bytes.length < 12 || readText(bytes, 4, 4) !== "ftyp") return [];
  const size = Math.min(viewBytes(bytes).getUint32(0), bytes.length);
  const brands = [readText(bytes, 8, 4)];
  for (let at = 16; at + 4 <= size; at += 4) brands.push(readText(bytes, at, 4));
  return brands;
}

function nameBrands(brands) {
  const some = (known) => brands.some((brand) => known.includes(brand));
  if (some(AVIF_BRANDS)) return "AVIF";
  return some(HEIC_BRANDS) || some(HEIF_BRANDS) ? "HEIC" : "";
}

/**
 * Value of the orientation tag of an Exif block, 0 where it names none.
 *
 * @param {Uint8Array} block
 */
export function readOrientation(block) {
  while (readText(block, 0, EXIF.length) === EXIF) block = block.subarray(EXIF.length);
  const little = { "II*\0": true, "MM\0*": false }[readText(block, 0, 4)];
  if (little === undefined) return 0;
  const view = viewBytes(block);
  try {
    const directory = view.getUint32(4, little);
    const count = view.getUint16(directory, little);
    for (let entry = directory + 2; entry < directory + 2 + 12 * count; entry += 12) {
      const [tag, kind] = [view.getUint16(entry, little), view.getUint16(entry + 2, little)];
      if (tag !== ORIENTATION_TAG || ![SHORT, LONG].includes(kind)) continue;
      const value = kind === SHORT ? view.getUint16(entry + 8, little) : view.getUint32(entry + 8, little);
      return value >= 1 && value <= 8 ? value : 0;
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error; // a damaged block says nothing
  }
  return 0;
}

/** Segments of a JPEG up to its first scan's header, as {marker, start, end} of their contents. */
function* listSegments(bytes) {
  let at = 2;
  while (at + 4 <= bytes.length && bytes[at] === 0xff) {
    const marker = bytes[at + 1];
    if (marker === 0xff || marker === 1 || (marker >= 0xd0 && marker <= 0xd8)) {
      at += marker === 0xff ? 1 : 2; // fill, or no contents
      continue;
    }
    const end = at + 2 + bytes[at + 2] * 256 + bytes[at + 3];
    yield { marker, start: at + 4, end };
    if (marker === 0xda) return;
    at = end;
  }
}

/** Whether an end-of-image marker stands in the bytes. */
function hasJpegEnd(bytes) {
  for (let at = bytes.indexOf(0xd9, 1); at > 0; at = bytes.indexOf(0xd9, at + 1)) {
    if (bytes[at - 1] === 0xff) return true;
  }
  return false;
}

function trimFill(bytes) {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0xff) end--;
  return bytes.subarray(0, end);
}

/** Keep what a JPEG's decoder needs, and read its Exif blocks. */
function inspectJpeg(bytes) {
  const found = { parts: [bytes.subarray(0, 2)], orientation: 0 };
  let scan = 0;
  for (const { marker, start, end } of listSegments(bytes)) {
    const frame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (frame) {
      found.height = bytes[start + 1] * 256 + bytes[start + 2];
      found.width = bytes[start + 3] * 256 + bytes[start + 4];
    }
    if (marker === 0xe1 && readText(bytes, start, 6) === EXIF)
      found.orientation ||= readOrientation(bytes.subarray(start, end));
    const application = (marker >= 0xe0 && marker <= 0xef) || marker === 0xfe;
    if (!application || marker === 0xe0 || marker === 0xee)
      found.parts.push(Uint8Array.of(0xff), bytes.subarray(start - 3, end));
    if (marker === 0xda) scan = end;
  }
  if (!scan || scan > bytes.length) throw cutShort();
  const data = bytes.subarray(scan);
  found.openEnd = !hasJpegEnd(data);
  found.parts.push(found.openEnd ? trimFill(data) : data);
  return found;
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, value) => {
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

/** The checksum of a PNG's chunk. */
function computeCrc(bytes) {
  let crc = 0xffffffff;
  for (let at = 0; at < bytes.length; at++) crc = CRC_TABLE[(crc ^ bytes[at]) & 255] ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

/** Keep a PNG's critical chunks, and read its Exif blocks. */
function inspectPng(bytes) {
  const view = viewBytes(bytes);
  const found = { parts: [bytes.subarray(0, 8)], orientation: 0 };
  let begun = false;
  for (let at = 8; at + 8 <= bytes.length;) {
    const end = at + 12 + view.getUint32(at);
    const type = readText(bytes, at + 4, 4);
    if (type === "IEND") break;
    const critical = !(bytes[at + 4] & 0x20);
    if (end > bytes.length) {
      if (critical || !begun) throw cutShort();
      break;
    }
    const used = critical || type === "eXIf";
    const right = used && computeCrc(bytes.subarray(at + 4, end - 4)) === view.getUint32(end - 4);
    if (critical && !right) throw new ImageError("damaged", "damaged picture (a chunk's checksum is wrong)");
    if (critical) found.parts.push(bytes.subarray(at, end));
    if (type === "IHDR") [found.width, found.height] = [view.getUint32(at + 8), view.getUint32(at + 12)];
    if (type === "acTL" && end - at >= 16) found.animated = view.getUint32(at + 8) > 1;
    if (type === "eXIf" && right) found.orientation ||= readOrientation(bytes.subarray(at + 8, end - 4));
    begun ||= type === "IDAT";
    at = end;
  }
  if (!begun) throw cutShort();
  found.parts.push(PNG_END);
  return found;
}

/** Width and height from the first chunk of a WebP, wherever that kind has them. */
function readWebpSize(bytes, type, at) {
  const two = (place) => bytes[place] + 256 * bytes[place + 1];
  const three = (place) => two(place) + 65536 * bytes[place + 2];
  if (type === "VP8X") return [three(at + 4) + 1, three(at + 7) + 1];
  if (type === "VP8 ") return [two(at + 6) & 0x3fff, two(at + 8) & 0x3fff];
  const bits = two(at + 1) + 65536 * two(at + 3);
  return [(bits & 0x3fff) + 1, ((bits >> 14) & 0x3fff) + 1]; // VP8L
}

/** Keep the first frame of a WebP, a still opaque, and read its Exif blocks. */
function inspectWebp(bytes) {
  const view = viewBytes(bytes);
  /** @type {any} */
  const found = { parts: [], orientation: 0 };
  let whole = false;
  for (let at = 12; at + 8 <= bytes.length;) {
    const type = readText(bytes, at, 4);
    const length = view.getUint32(at + 4, true);
    const end = at + 8 + length;
    if (end > bytes.length && type !== "EXIF") break;
    if (at === 12) [found.width, found.height] = readWebpSize(bytes, type, at + 8);
    if (type === "EXIF") found.orientation ||= readOrientation(bytes.subarray(at + 8, end));
    else if (["VP8X", "ANIM", "VP8 ", "VP8L", "ANMF"].includes(type) && !whole) {
      found.animated = type === "ANIM" || found.animated;
      const chunk = bytes.slice(at, end);
      if (type === "VP8X") chunk[8] &= chunk[8] & 2 ? ~0x2c : ~0x3c; // no profile, Exif, XMP, and no alpha of a still
      found.parts.push(chunk, new Uint8Array(length % 2));
      whole = type !== "VP8X" && type !== "ANIM";
    }
    at = end + (length % 2);
  }
  if (!whole) throw cutShort();
  const head = new Uint8Array(12);
  head.set(bytes.subarray(0, 4));
  head.set(bytes.subarray(8, 12), 8);
  const size = found.parts.reduce((sum, part) => sum + part.length, 4);
  viewBytes(head).setUint32(4, size, true);
  found.parts.unshift(head);
  return found;
}

/** How many frames a GIF announces: graphic control extensions before an image or another extension. */
function countFrames(bytes) {
  let count = 0;
  for (let at = bytes.indexOf(0xf9); at > 0; at = bytes.indexOf(0xf9, at + 1)) {
    const control = bytes[at - 1] === 0x21 && bytes[at + 1] === 4 && bytes[at + 6] === 0;
    if (control && [0x2c, 0x21].includes(bytes[at + 7])) count++;
  }
  return count;
}

const measureTable = (flags) => (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0);

/** The end of a GIF's row of sub-blocks. */
function skipBlocks(view, at) {
  while (view.getUint8(at)) at += 1 + view.getUint8(at);
  return at + 1;
}

/** Keep the first frame of a GIF, opaque, and say where it stands on its canvas. */
function inspectGif(bytes) {
  const view = viewBytes(bytes);
  const two = (at) => view.getUint16(at, true);
  const table = 13 + measureTable(view.getUint8(10));
  let at = table;
  while (view.getUint8(at) === 0x21) at = skipBlocks(view, at + 2); // extensions
  if (view.getUint8(at) !== 0x2c) throw new ImageError("damaged", "damaged picture (no frame)");
  const [left, top, across, down] = [two(at + 1), two(at + 3), two(at + 5), two(at + 7)];
  const end = skipBlocks(view, at + 11 + measureTable(view.getUint8(at + 9)));
  const [width, height] = [Math.max(two(6), left + across), Math.max(two(8), top + down)];
  const size = bytes.slice(at + 5, at + 9);
  const parts = [
    bytes.subarray(0, 6),
    size,
    bytes.subarray(10, table),
    Uint8Array.of(0x2c, 0, 0, 0, 0),
    size,
    bytes.subarray(at + 9, end),
    Uint8Array.of(0x3b),
  ];
  const canvas = /** @type {[number, number, number, number]} */ ([width, height, left, top]);
  return { parts, width, height, canvas, animated: countFrames(bytes) > 1 };
}

/** Refuse a BMP whose rows are cut short, whatever size its header says. */
function inspectBmp(bytes) {
  const view = viewBytes(bytes);
  const [offset, head] = [view.getUint32(10, true), view.getUint32(14, true)];
  if (head < 40) return { parts: [bytes] };
  const [width, height] = [view.getInt32(18, true), Math.abs(view.getInt32(22, true))];
  const [bits, packing] = [view.getUint16(28, true), view.getUint32(30, true)];
  const rows = height * Math.floor((Math.abs(width) * bits + 31) / 32) * 4;
  if ([0, 3, 6].includes(packing) && offset + rows > bytes.length) throw cutShort();
  return { parts: [bytes], width, height };
}

/** Give an AVIF the major brand of a still picture: that every decoder knows, and shows before any animation. */
function inspectAvif(bytes) {
  if (readText(bytes, 8, 4) === "avif") return { parts: [bytes] };
  return { parts: [bytes.subarray(0, 8), new TextEncoder().encode("avif"), bytes.subarray(12)] };
}

const INSPECTORS = {
  JPEG: inspectJpeg,
  PNG: inspectPng,
  WEBP: inspectWebp,
  GIF: inspectGif,
  BMP: inspectBmp,
  AVIF: inspectAvif,
};

/**
 * What can be told of a photo without decoding it, and the file to decode.
 *
 * @param {Uint8Array} bytes the whole file
 * @param {number} maxPixels refuse more pixels than this
 * @returns {Inspected}
 * @throws {ImageError} empty, no picture, a format browsers lack, too large, cut short
 */
export function inspectFile(bytes, maxPixels) {
  if (!bytes.length) throw new ImageError("empty", "empty file");
  const format = findFormat(bytes);
  if (NOT_HERE[format])
    throw new ImageError("format", `${format} is not supported here; ${NOT_HERE[format]}`, { format });
  if (!format) throw new ImageError("unknown", "not a picture");
  const found = format in INSPECTORS ? inspect(INSPECTORS[format], bytes) : { parts: [bytes] };
  checkSize(found, maxPixels);
  const { parts, canvas } = found;
  const { orientation, animated, openEnd } = found;
  return {
    format,
    parts,
    canvas,
    orientation: orientation || 1,
    animated: animated ?? false,
    openEnd: openEnd ?? false,
  };
}

function inspect(inspector, bytes) {
  try {
    return inspector(bytes);
  } catch (error) {
    if (error instanceof RangeError) throw cutShort();
    throw error;
  }
}
