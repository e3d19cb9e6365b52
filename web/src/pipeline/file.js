// Looks into a photo's bytes before any decoder does: format, size, frames, Exif orientation, what is cut short.

/** The picture cannot be used; `code` names the reason, `values` belong to its text. */
export class ImageError extends Error {
  name = "ImageError";

  constructor(code, message, values = {}) {
    super(message);
    this.code = code;
    this.values = values;
  }
}

const HEIC = ["heic", "heix", "mif1", "msf1"]; // brands of the ftyp box
const NOT_HERE = { TIFF: "save the photo as JPEG or PNG", PPM: "save the photo as JPEG or PNG" };
const ORIENTATION_TAG = 0x0112;

const readText = (bytes, start, length) => String.fromCharCode(...bytes.subarray(start, start + length));

/** The format by its first bytes, as a name; "" where it is none that is known. */
export function findFormat(bytes) {
  const start = readText(bytes, 0, 12);
  if (start.startsWith("\xff\xd8\xff")) return "JPEG";
  if (start.startsWith("\x89PNG\r\n\x1a\n")) return "PNG";
  if (/^GIF8[79]a/.test(start)) return "GIF";
  if (/^RIFF....WEBP/s.test(start)) return "WEBP";
  if (start.startsWith("BM")) return "BMP";
  if (/^(II\*\0|MM\0\*)/.test(start)) return "TIFF";
  if (/^P[1-6]\s/.test(start)) return "PPM";
  if (start.slice(4, 8) === "ftyp") return HEIC.includes(start.slice(8)) ? "HEIC" : "AVIF";
  return "";
}

/**
 * Value of the orientation tag, 1 where there is none.
 *
 * @param {Uint8Array} exif a TIFF header and what follows it
 */
export function readOrientation(exif) {
  const view = new DataView(exif.buffer, exif.byteOffset, exif.byteLength);
  try {
    const little = view.getUint16(0) === 0x4949;
    const directory = view.getUint32(4, little);
    const count = view.getUint16(directory, little);
    for (let entry = directory + 2; entry < directory + 2 + 12 * count; entry += 12) {
      if (view.getUint16(entry, little) !== ORIENTATION_TAG) continue;
      const wide = view.getUint16(entry + 2, little) === 4;
      return wide ? view.getUint32(entry + 8, little) : view.getUint16(entry + 8, little);
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error; // a damaged block says nothing
  }
  return 1;
}

/** Segments of a JPEG up to its first scan, as {marker, start, end} of their contents. */
function* listSegments(bytes) {
  let at = 2;
  while (at + 4 <= bytes.length) {
    if (bytes[at] !== 0xff) return;
    const marker = bytes[at + 1];
    if (marker === 0xff || marker === 1 || (marker >= 0xd0 && marker <= 0xd8)) {
      at += marker === 0xff ? 1 : 2;
      continue;
    }
    const end = at + 2 + bytes[at + 2] * 256 + bytes[at + 3];
    yield { marker, start: at + 4, end };
    if (marker === 0xda) return;
    at = end;
  }
}

/** Whether an end-of-image marker follows the first scan. */
function hasJpegEnd(bytes, start) {
  for (let at = bytes.lastIndexOf(0xd9); at > start; at = bytes.lastIndexOf(0xd9, at - 1)) {
    if (bytes[at - 1] === 0xff) return true;
  }
  return false;
}

function inspectJpeg(bytes) {
  const found = { parts: [bytes], complete: false };
  for (const { marker, start, end } of listSegments(bytes)) {
    const frame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (frame) {
      found.height = bytes[start + 1] * 256 + bytes[start + 2];
      found.width = bytes[start + 3] * 256 + bytes[start + 4];
    } else if (marker === 0xe1 && readText(bytes, start, 6) === "Exif\0\0") {
      found.orientation ??= readOrientation(bytes.subarray(start + 6, end));
      bytes[start] = 0x65; // "exif": the browser must not turn it a second time
    } else if (marker === 0xda) {
      found.complete = hasJpegEnd(bytes, end);
    }
  }
  return found;
}

function inspectPng(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found = { parts: [], complete: false };
  let kept = 0;
  for (let at = 8; at + 12 <= bytes.length; ) {
    const end = at + 12 + view.getUint32(at);
    const type = readText(bytes, at + 4, 4);
    if (type === "IHDR") [found.width, found.height] = [view.getUint32(at + 8), view.getUint32(at + 12)];
    if (type === "acTL") found.animated = view.getUint32(at + 8) > 1;
    if (type === "eXIf" && end <= bytes.length) {
      found.orientation ??= readOrientation(bytes.subarray(at + 8, end - 4));
      found.parts.push(bytes.subarray(kept, at)); // leave the chunk out: the browser must not turn it too
      kept = end;
    }
    if (type === "IEND") found.complete = true;
    at = end;
  }
  found.parts.push(bytes.subarray(kept));
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

function inspectWebp(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found = { parts: [bytes], complete: view.getUint32(4, true) + 8 <= bytes.length };
  for (let at = 12; at + 8 <= bytes.length; ) {
    const type = readText(bytes, at, 4);
    const end = at + 8 + view.getUint32(at + 4, true);
    if (at === 12) [found.width, found.height] = readWebpSize(bytes, type, at + 8);
    if (type === "ANIM") found.animated = true;
    if (type === "EXIF") {
      const start = readText(bytes, at + 8, 6) === "Exif\0\0" ? at + 14 : at + 8;
      found.orientation ??= readOrientation(bytes.subarray(start, end));
      bytes[at] = 0x65; // as for JPEG
    }
    at = end + (end % 2);
  }
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

function inspectGif(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [width, height] = [view.getUint16(6, true), view.getUint16(8, true)];
  return { parts: [bytes], complete: true, width, height, animated: countFrames(bytes) > 1 };
}

function inspectBmp(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const complete = view.getUint32(2, true) <= bytes.length;
  return { parts: [bytes], complete, width: view.getInt32(18, true), height: Math.abs(view.getInt32(22, true)) };
}

const INSPECTORS = { JPEG: inspectJpeg, PNG: inspectPng, WEBP: inspectWebp, GIF: inspectGif, BMP: inspectBmp };

/**
 * What can be told of a photo without decoding it.
 *
 * @param {Uint8Array} bytes the whole file; its Exif block is made unreadable, so that no decoder turns the photo
 * @param {number} maxPixels refuse more pixels than this
 * @returns {{format: string, orientation: number, animated: boolean, parts: Uint8Array[]}} parts: the file to decode
 * @throws {ImageError} empty, no picture, a format browsers lack, too large, cut short
 */
export function inspectFile(bytes, maxPixels) {
  if (!bytes.length) throw new ImageError("empty", "empty file");
  const format = findFormat(bytes);
  if (format === "HEIC") throw new ImageError("heic", "HEIC is not supported; save the photo as JPEG");
  if (NOT_HERE[format]) throw new ImageError("format", `${format} is not supported here; ${NOT_HERE[format]}`, { format });
  if (!format) throw new ImageError("unknown", "not a picture");
  const found = format in INSPECTORS ? inspect(INSPECTORS[format], bytes) : { parts: [bytes], complete: true };
  checkSize(found, maxPixels);
  if (!found.complete) throw new ImageError("damaged", "damaged picture (the file is cut short)");
  return { format, orientation: found.orientation ?? 1, animated: found.animated ?? false, parts: found.parts };
}

function inspect(inspector, bytes) {
  try {
    return inspector(bytes);
  } catch (error) {
    if (error instanceof RangeError) throw new ImageError("damaged", "damaged picture (the file is cut short)");
    throw error;
  }
}

/** Refuse a picture of too many pixels; sizes that are not known yet pass. */
export function checkSize({ width, height }, maxPixels) {
  if (width * height > maxPixels) {
    const megapixels = maxPixels / 1e6;
    throw new ImageError("large", `${width}x${height} is more than ${megapixels} megapixels`, { width, height, megapixels });
  }
}
