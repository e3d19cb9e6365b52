// What a file is, told from its bytes.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { turnUpright } from "../../../web/pipeline/turn.js";
import { ImageError } from "../../../web/pipeline/errors.js";
import { findFormat, inspectFile, readOrientation } from "../../../web/pipeline/file.js";
import { sharePhotos } from "../../helpers/page.js";
import { ROOT } from "../../helpers/site.js";

const readJson = (...parts) => JSON.parse(readFileSync(join(ROOT, ...parts), "utf8"));
const contract = readJson("models", "contract.json");
const MANY = 100_000_000;

let photos;
beforeAll(() => (photos = sharePhotos()));
const read = (name) =>
  new Uint8Array(readFileSync([...photos.good, ...photos.bad].find((path) => path.endsWith(`/${name}`))));

describe("files", () => {
  test("formats by their first bytes", () => {
    const names = [
      "exif-1.jpg",
      "plain.png",
      "plain.gif",
      "lossy.webp",
      "plain.bmp",
      "photo.heic",
      "photo.tiff",
      "text.jpg",
    ];
    expect(names.map((name) => findFormat(read(name)))).toEqual([
      "JPEG",
      "PNG",
      "GIF",
      "WEBP",
      "BMP",
      "HEIC",
      "TIFF",
      "",
    ]);
  });

  test("a video is no picture", () => {
    const start = (brand) => new TextEncoder().encode(`\0\0\0 ftyp${brand}\0\0`);
    expect(["isom", "mp42", "qt  ", "avif", "heic"].map((brand) => findFormat(start(brand)))).toEqual([
      "",
      "",
      "",
      "AVIF",
      "HEIC",
    ]);
  });

  test("the Exif orientation, which no decoder can see afterwards", () => {
    for (const [name, orientation] of [
      ["exif-1.jpg", 1],
      ["exif-6.jpg", 6],
      ["exif.png", 6],
      ["exif.webp", 8],
      ["xmp.jpg", 1],
    ]) {
      const { orientation: found, parts } = inspectFile(read(name), MANY);
      expect([name, found]).toEqual([name, orientation]);
      const joined = new Uint8Array(Buffer.concat(parts));
      expect(inspectFile(joined, MANY).orientation).toBe(1);
    }
  });

  test("a damaged Exif block says nothing", () => {
    expect(readOrientation(new Uint8Array(0))).toBe(0);
    expect(readOrientation(Uint8Array.from([0x49, 0x49, 42, 0, 200, 0, 0, 0]))).toBe(0);
  });

  test("a JPEG without its end and a HEIC are for the decoder to try", () => {
    expect(inspectFile(read("cut.jpg"), MANY).openEnd).toBe(true);
    expect(inspectFile(read("no-end.jpg"), MANY).openEnd).toBe(true);
    expect(inspectFile(read("plain.bmp"), MANY).openEnd).toBe(false);
    expect(inspectFile(read("photo.heic"), MANY).format).toBe("HEIC");
  });

  test("compatible brands decide", () => {
    const file = (...brands) =>
      new TextEncoder().encode(`\0\0\0\u0018ftyp${brands[0]}\0\0\0\0${brands[1]}${brands[2]}`);
    expect(findFormat(file("mif1", "avif", "miaf"))).toBe("AVIF");
    expect(findFormat(file("miaf", "mif1", "avif"))).toBe("AVIF");
    expect(findFormat(file("mif1", "heic", "miaf"))).toBe("HEIC");
    expect(findFormat(file("mif1", "miaf", "1pic"))).toBe("HEIC");
    expect(findFormat(file("isom", "mp42", "dash"))).toBe("");
  });

  test.each([
    ["empty.jpg", "empty"],
    ["text.jpg", "unknown"],
    ["cut.png", "damaged"],
    ["cut.webp", "damaged"],
    ["head.png", "damaged"],
    ["huge.png", "large"],
    ["photo.tiff", "format"],
  ])("%s is refused: %s", (name, code) => {
    const error = (() => {
      try {
        return inspectFile(read(name), contract.max_pixels);
      } catch (thrown) {
        return thrown;
      }
    })();
    expect(error).toBeInstanceOf(ImageError);
    expect(error.code).toBe(code);
  });

  test("eight orientations of a picture of six pixels", () => {
    const data = Uint8Array.from([1, 2, 3, 4, 5, 6].flatMap((value) => [value, value, value, 255]));
    const turned = (orientation) => {
      const { width, height, data: pixels } = turnUpright({ width: 3, height: 2, data, channels: 4 }, orientation);
      return [width, height, ...Array.from({ length: 6 }, (_, i) => pixels[4 * i])];
    };
    expect(turned(1)).toEqual([3, 2, 1, 2, 3, 4, 5, 6]);
    expect(turned(2)).toEqual([3, 2, 3, 2, 1, 6, 5, 4]);
    expect(turned(3)).toEqual([3, 2, 6, 5, 4, 3, 2, 1]);
    expect(turned(4)).toEqual([3, 2, 4, 5, 6, 1, 2, 3]);
    expect(turned(5)).toEqual([2, 3, 1, 4, 2, 5, 3, 6]);
    expect(turned(6)).toEqual([2, 3, 4, 1, 5, 2, 6, 3]);
    expect(turned(7)).toEqual([2, 3, 6, 3, 5, 2, 4, 1]);
    expect(turned(8)).toEqual([2, 3, 3, 6, 2, 5, 1, 4]);
    expect(turned(9)).toEqual(turned(1));
  });
});
