// Pixels: scaled, cut out, turned upright. The numbers are Pillow's and the library's.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { cropFace, cutSquare, placeCrop, resizeFace } from "../../../web/pipeline/crop.js";
import { fitSquare, resize, shrink } from "../../../web/pipeline/resize.js";
import { ROOT } from "../../helpers/site.js";

const readJson = (...parts) => JSON.parse(readFileSync(join(ROOT, ...parts), "utf8"));
const contract = readJson("models", "contract.json");

describe("resize", () => {
  const gray = (width, height, data) => ({ width, height, data: Uint8Array.from(data), channels: 1 });

  test("the numbers of Pillow's antialiased bilinear", () => {
    // Pillow 12: Image.fromarray(...).resize(..., Image.Resampling.BILINEAR), the width first
    expect([...resize(gray(4, 1, [0, 100, 200, 50]), 2, 1).data]).toEqual([71, 121]);
    expect([...resize(gray(3, 1, [0, 90, 255]), 5, 1).data]).toEqual([0, 36, 90, 189, 255]);
  });

  test("an axis whose size stays is left alone, and a plain picture stays plain", () => {
    const plain = gray(7, 5, new Array(35).fill(201));
    expect(resize(plain, 7, 5).data).toBe(plain.data);
    expect(new Set(resize(plain, 48, 48).data)).toEqual(new Set([201]));
  });

  test("quarter turns share the blocks that they need, and cut the same pixels", () => {
    const data = Uint8Array.from({ length: 400 * 300 * 4 }, (_, i) => (i * 7 + (i >> 9)) % 256);
    const photo = { width: 400, height: 300, data, channels: 4 };
    const kept = new Map();
    for (const roll of [23, 113, 203, 293]) {
      const square = { x: 180.5, y: 140.25, side: 111, roll };
      const shared = cutSquare(photo, square, 12, 4, 2, null, kept);
      expect(shared.data).toEqual(cutSquare(photo, square, 12, 4, 2, null).data);
      expect(kept.size).toBe(1);
      kept.first ??= [...kept.values()][0];
      expect([...kept.values()][0]).toBe(kept.first);
    }
    cutSquare(photo, { x: 80, y: 60, side: 111, roll: 23 }, 12, 4, 2, null, kept);
    expect([...kept.values()][0]).not.toBe(kept.first);
  });

  test("a crop that hangs over the edge is black there", () => {
    const photo = { width: 10, height: 10, data: new Uint8Array(400).fill(255), channels: 4 };
    expect(placeCrop([0, 0, 10, 10], contract)).toEqual({ x: 5, y: 4, side: 11.5, roll: 0 });
    expect(placeCrop([0, 0, 10, 10], contract, 90)).toEqual({ x: 6, y: 5, side: 11.5, roll: 90 });
    const face = cropFace(photo, [0, 0, 10, 10], contract);
    expect(face.length).toBe(48 * 48);
    expect(face[0]).toBe(0);
    expect(face[24 * 48 + 24]).toBe(255);
    expect(new Set(resizeFace(photo, contract, [0, 0, 10, 10]))).toEqual(new Set([255]));
  });

  test.each(readJson("tests", "photos", "crops.json").crops)(
    "the crops that Python makes, %j",
    ({ size, box, roll, sha256 }) => {
      const [width, height] = size;
      const data = new Uint8Array(width * height * 4);
      for (let y = 0, at = 0; y < height; y++) {
        for (let x = 0; x < width; x++, at += 4) {
          data.set([(x * 7 + y * 3) % 256, (x * x + 5 * y) % 256, (x * y) % 251], at);
        }
      }
      const face = cropFace({ width, height, data, channels: 4 }, box, contract, roll);
      expect(createHash("sha256").update(face).digest("hex")).toBe(sha256);
    },
  );

  test("a box of the caller is seen as it is, made square", () => {
    const data = Uint8Array.from({ length: 100 * 80 * 4 }, (_, i) => Math.floor(i / 4) % 251);
    const photo = { width: 100, height: 80, data, channels: 4 };
    const face = resizeFace(photo, contract, [9.6, 20.4, 58.4, 68.4]);
    expect(face[0]).toBe((20 * 100 + 10) % 251);
    expect(face[48 * 48 - 1]).toBe((67 * 100 + 57) % 251);
    const tall = resizeFace(photo, contract, [60, 10, 84, 58]); // from 48 to 96
    expect(tall[0]).toBe((10 * 100 + 48) % 251);
  });

  test("a box that hangs over the edge is black there, and its square is never made", () => {
    const data = Uint8Array.from({ length: 200 * 150 * 4 }, (_, i) => (i * 7 + (i >> 9)) % 256);
    const photo = { width: 200, height: 150, data, channels: 4 };
    for (const [x, y, side] of [
      [-40, -20, 140],
      [150, 100, 140],
      [-300, -200, 700],
      [500, 20, 60],
      [20, -90, 50],
    ]) {
      const square = new Uint8Array(side * side * 4);
      for (let i = Math.max(0, -y); i < Math.min(side, 150 - y); i++) {
        for (let j = Math.max(0, -x); j < Math.min(side, 200 - x); j++) {
          const at = 4 * ((y + i) * 200 + x + j);
          square.set(data.subarray(at, at + 4), 4 * (i * side + j));
        }
      }
      const whole = resizeFace({ width: side, height: side, data: square, channels: 4 }, contract);
      expect(resizeFace(photo, contract, [x, y, x + side, y + side])).toEqual(whole);
    }
  });

  test("a box is at most four times as long as the photo", () => {
    const photo = { width: 200, height: 150, data: new Uint8Array(200 * 150 * 4).fill(255), channels: 4 };
    expect(resizeFace(photo, contract, [0, -325, 800.4, 475])[24 * 48]).toBe(255);
    for (const box of [
      [0, 0, 20000, 30],
      [90, -330, 110, 471],
    ]) {
      const line = `the box [${box.join(", ")}] is over 4 times as long as the picture of 200x150`;
      expect(() => resizeFace(photo, contract, box)).toThrow(new RangeError(line));
    }
  });

  test("shrink sets the longer side", () => {
    const { width, height } = shrink({ width: 40, height: 30, data: new Uint8Array(4800), channels: 4 }, 7, 2);
    expect([width, height]).toEqual([7, 5]);
  });

  test("a large photo is reduced first, as Pillow does", () => {
    const data = Uint8Array.from({ length: 23 * 9 * 4 }, (_, i) => (i * 37) % 251);
    const { square, frame } = fitSquare({ width: 23, height: 9, data, channels: 4 }, 4, 2);
    expect(frame).toEqual({ left: 0, top: 1, width: 4, height: 2 });
    const colours = [...square.data].filter((_, i) => i % 4 < 3).slice(3 * 4, 3 * 12);
    // Pillow 13: Image.reduce(2), then resize with a box of half the photo's size
    expect(colours).toEqual([
      123, 122, 120, 126, 127, 126, 127, 129, 122, 127, 122, 124, 125, 119, 133, 126, 123, 125, 123, 126, 124, 128, 121,
      124,
    ]);
  });

  test("a photo is fitted into the middle of a square", () => {
    const photo = { width: 4, height: 2, data: new Uint8Array(32).fill(9), channels: 4 };
    const { square, frame } = fitSquare(photo, 8, 2);
    expect(frame).toEqual({ left: 0, top: 2, width: 8, height: 4 });
    expect([square.data[0], square.data[4 * (3 * 8 + 3)], square.data[4 * (7 * 8)]]).toEqual([0, 9, 0]);
  });
});
