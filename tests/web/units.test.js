// Units of the page's modules: what needs no browser.

import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fillTexts } from "../../web/plugins/pages.js";
import { pickFacts, pickGoldens } from "../../web/plugins/start.js";
import { colourHeat, scaleEvidence } from "../../web/src/heatmap.js";
import { describeFace, rankScores, showScore } from "../../web/src/pipeline/classify.js";
import { turnUpright } from "../../web/src/pipeline/decode.js";
import { findFaces, makeAnchors, measureOverlap, mergeBoxes } from "../../web/src/pipeline/face.js";
import { ImageError, findFormat, inspectFile, readOrientation } from "../../web/src/pipeline/file.js";
import { cropFace, fitSquare, placeCrop, resize, resizeFace } from "../../web/src/pipeline/resize.js";
import { makeSmoother } from "../../web/src/smooth.js";
import { keepInside, moveByKey, spanSquare } from "../../web/src/square.js";
import { makePhotos } from "./page.js";
import { ROOT } from "./site.js";

const readJson = (...parts) => JSON.parse(readFileSync(join(ROOT, ...parts), "utf8"));
const contract = readJson("models", "contract.json");
const MANY = 100_000_000;

let photos;
beforeAll(() => (photos = makePhotos()));
afterAll(() => photos?.remove());
const read = (name) => new Uint8Array(readFileSync([...photos.good, ...photos.bad].find((path) => path.endsWith(`/${name}`))));

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

  test("a crop that hangs over the edge is black there", () => {
    const photo = { width: 10, height: 10, data: new Uint8Array(400).fill(255), channels: 4 };
    const { left, top, side } = placeCrop([0, 0, 10, 10], contract);
    expect([left, top, side]).toEqual([-1, -2, 12]);
    const face = cropFace(photo, [0, 0, 10, 10], contract);
    expect(face.length).toBe(48 * 48);
    expect(face[0]).toBe(0);
    expect(face[24 * 48 + 24]).toBe(255);
    expect(new Set(resizeFace(photo, [0, 0, 10, 10], contract))).toEqual(new Set([255]));
  });

  test("a large photo is reduced first, as Pillow does", () => {
    const data = Uint8Array.from({ length: 23 * 9 * 4 }, (_, i) => (i * 37) % 251);
    const { square, frame } = fitSquare({ width: 23, height: 9, data, channels: 4 }, 4, 2);
    expect(frame).toEqual({ left: 0, top: 1, width: 4, height: 2 });
    const colours = [...square.data].filter((_, i) => i % 4 < 3).slice(3 * 4, 3 * 12);
    // Pillow 13: Image.reduce(2), then resize with a box of half the photo's size
    expect(colours).toEqual([
      123, 122, 120, 126, 127, 126, 127, 129, 122, 127, 122, 124, 125, 119, 133, 126, 123, 125, 123, 126, 124, 128, 121, 124,
    ]);
  });

  test("a photo is fitted into the middle of a square", () => {
    const photo = { width: 4, height: 2, data: new Uint8Array(32).fill(9), channels: 4 };
    const { square, frame } = fitSquare(photo, 8, 2);
    expect(frame).toEqual({ left: 0, top: 2, width: 8, height: 4 });
    expect([square.data[0], square.data[4 * (3 * 8 + 3)], square.data[4 * (7 * 8)]]).toEqual([0, 9, 0]);
  });
});

describe("faces", () => {
  test("anchors go by grid, row and column", () => {
    const anchors = makeAnchors(contract.detector.models.short);
    expect(anchors.length).toBe(896);
    expect([anchors[0], anchors[1], anchors[2], anchors[32], anchors[512]]).toEqual([
      [1 / 32, 1 / 32], [1 / 32, 1 / 32], [3 / 32, 1 / 32], [1 / 32, 3 / 32], [1 / 16, 1 / 16],
    ]); // prettier-ignore
  });

  test("overlapping boxes become their weighted mean with the best score", () => {
    const merged = mergeBoxes(
      [{ box: [0, 0, 10, 10], score: 0.6 }, { box: [30, 0, 40, 10], score: 0.7 }, { box: [2, 0, 12, 10], score: 0.9 }],
      0.3,
    );
    expect(merged.map(({ score }) => score)).toEqual([0.9, 0.7]);
    expect(merged[0].box.map((value) => Number(value.toFixed(6)))).toEqual([1.2, 0, 11.2, 10]);
    expect(measureOverlap([0, 0, 10, 10], [5, 0, 15, 10])).toBeCloseTo(1 / 3, 12);
  });

  /** A detector that sees one box of that side in the middle of its input, or none. */
  const answer = (sides) => {
    const asked = [];
    const run = async (name) => {
      asked.push(name);
      const side = sides[name];
      const anchors = makeAnchors(contract.detector.models[name]);
      const boxes = new Float32Array(anchors.length * 16);
      const scores = new Float32Array(anchors.length).fill(-50);
      if (side) {
        boxes.set([0, 0, side, side], 0);
        scores[0] = 3;
      }
      return { boxes, scores };
    };
    return { asked, run };
  };
  const photo = { width: 128, height: 128, data: new Uint8Array(128 * 128 * 4), channels: 4 };

  test.each([
    ["large: the first detector suffices", { short: 40, back: 90 }, ["short"], 40],
    ["small: the second replaces it", { short: 20, back: 60 }, ["short", "back"], 30],
    ["small, and the second sees none: the first's stays", { short: 20, back: 0 }, ["short", "back"], 20],
    ["none in either", { short: 0, back: 0 }, ["short", "back"], null],
  ])("the cascade, %s", async (_, sides, asked, side) => {
    const fake = answer(sides);
    const faces = await findFaces(photo, contract, fake.run);
    expect(fake.asked).toEqual(asked);
    expect(faces.length).toBe(side ? 1 : 0);
    if (side) expect(faces[0].box[2] - faces[0].box[0]).toBeCloseTo(side, 5);
  });
});

describe("scores", () => {
  test("best first, ties in the order of the labels, three of them", () => {
    const scores = Float32Array.from([0.1, 0.3, 0.05, 0.3, 0.1, 0.1, 0.05]);
    const ranked = rankScores(scores, contract).map(({ label }) => label);
    expect(ranked).toEqual(["disgust", "happy", "angry", "sad", "surprise", "fear", "neutral"]);
    const face = describeFace([1.004, 2, 3, 4.5678], 0.12345678, scores, contract);
    expect(face).toMatchObject({ box: [1, 2, 3, 4.57], detection: 0.123457, not_sure: true });
    expect(face.expressions.length).toBe(contract.top);
    expect(face.expressions[0]).toEqual({ label: "disgust", emoji: contract.emoji.disgust, score: 0.3 });
  });

  test("sure from the contract's threshold on", () => {
    const at = contract.not_sure.score_below;
    const face = (best) => describeFace([0, 0, 1, 1], null, [best, 0, 0, 0, 0, 0, 0], contract);
    expect([face(at).not_sure, face(at - 1e-6).not_sure]).toEqual([false, true]);
  });

  test("an EmoScore is rounded half up", () => {
    expect([0, 0.005, 0.0049, 0.545, 0.995, 1].map(showScore)).toEqual([0, 1, 0, 55, 100, 100]);
  });
});

describe("files", () => {
  test("formats by their first bytes", () => {
    const names = ["exif-1.jpg", "plain.png", "plain.gif", "lossy.webp", "plain.bmp", "photo.heic", "photo.tiff", "text.jpg"];
    expect(names.map((name) => findFormat(read(name)))).toEqual(["JPEG", "PNG", "GIF", "WEBP", "BMP", "HEIC", "TIFF", ""]);
  });

  test("the Exif orientation, which no decoder can see afterwards", () => {
    for (const [name, orientation] of [["exif-1.jpg", 1], ["exif-6.jpg", 6], ["exif.png", 6], ["exif.webp", 8], ["xmp.jpg", 1]]) {
      const { orientation: found, parts } = inspectFile(read(name), MANY);
      expect([name, found]).toEqual([name, orientation]);
      const joined = new Uint8Array(Buffer.concat(parts));
      expect(inspectFile(joined, MANY).orientation).toBe(1);
    }
  });

  test("a damaged Exif block says nothing", () => {
    expect(readOrientation(new Uint8Array(0))).toBe(1);
    expect(readOrientation(Uint8Array.from([0x49, 0x49, 42, 0, 200, 0, 0, 0]))).toBe(1);
  });

  test.each([
    ["empty.jpg", "empty"], ["text.jpg", "unknown"], ["cut.jpg", "damaged"], ["no-end.jpg", "damaged"], ["cut.png", "damaged"],
    ["cut.webp", "damaged"], ["head.png", "damaged"], ["huge.png", "large"], ["photo.heic", "heic"], ["photo.tiff", "format"],
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
  }); // prettier-ignore

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

describe("parts of the page", () => {
  test("evidence goes from the mean to the strongest place of any label", () => {
    const evidence = { values: Float32Array.from([0, 4, 0, 2, 0, 0, 0, 2]), shape: [2, 2, 2] };
    expect(scaleEvidence(evidence, 1)).toEqual([1, 1 / 3, 0, 1 / 3]);
    expect(scaleEvidence(evidence, 0)).toEqual([0, 0, 0, 0]);
    expect([colourHeat(0), colourHeat(1)]).toEqual([[255, 0, 0, 0], [255, 255, 0, 191.25]]);
  });

  test("a square stays inside the photo and square", () => {
    expect(keepInside({ x: -5, y: 90, side: 40 }, [100, 100])).toEqual({ x: 0, y: 60, side: 40 });
    expect(keepInside({ x: 0, y: 0, side: 500 }, [100, 60])).toEqual({ x: 0, y: 0, side: 60 });
    expect(keepInside({ x: 0, y: 0, side: 1 }, [8, 10])).toEqual({ x: 0, y: 0, side: 8 });
    expect(spanSquare({ x: 50, y: 50 }, { x: 20, y: 60 })).toEqual({ side: 30, x: 20, y: 50 });
    expect(moveByKey({ x: 10, y: 10, side: 20 }, "ArrowLeft", 3)).toEqual({ x: 7, y: 10, side: 20 });
    expect(moveByKey({ x: 10, y: 10, side: 20 }, "+", 3)).toEqual({ x: 7, y: 7, side: 26 });
    expect(moveByKey({ x: 10, y: 10, side: 20 }, "a", 3)).toBe(null);
  });

  test("a camera's scores follow slowly, each face its own", () => {
    const smooth = makeSmoother();
    const face = (x, score) => ({ box: [x, 0, x + 10, 10], scores: [score, 1 - score] });
    smooth([face(0, 0), face(50, 1)], 40);
    const [left, right] = smooth([face(50, 1), face(0, 1)], 250); // the other way round, after the half-life
    expect(left.scores).toEqual([0.5, 0.5]);
    expect(right.scores).toEqual([1, 0]);
    expect(smooth([face(200, 0.3)], 40).map(({ box }) => box[0])).toEqual([200]); // the others have gone
  });

  test("facts: the measured numbers, or nothing", () => {
    expect(pickFacts({})).toBe(null);
    const classes = { happy: { recall: 0.9, support: 10 }, fear: { recall: 0.2, support: 20 } };
    const splits = { PublicTest: { labels: { accuracy: { share: 0.75 }, classes }, ferplus: null } };
    expect(pickFacts({ evaluation: { splits } })).toEqual({
      split: "PublicTest", labelError: 0.25, voteError: null, weakest: "fear", recall: 0.2, support: 20,
    }); // prettier-ignore
  });

  test("goldens for the start: two that Keras names differently", () => {
    const golden = readJson("models", "golden", "golden.json");
    const [first, second] = pickGoldens(golden).map(({ scores }) => scores.indexOf(Math.max(...scores)));
    expect(first).not.toBe(second);
  });
});

describe("texts", () => {
  const folder = join(ROOT, "web", "src", "strings");
  const english = readJson("web", "src", "strings", "en.json");
  const placeholders = (text) => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort();

  test.each(readdirSync(folder).filter((name) => name !== "en.json"))("%s says all that English says, with the same values", (name) => {
    const other = readJson("web", "src", "strings", name);
    expect(Object.keys(english).filter((key) => !(key in other))).toEqual([]);
    for (const [key, text] of Object.entries(english)) expect([key, placeholders(other[key])]).toEqual([key, placeholders(text)]);
    const extra = Object.keys(other).filter((key) => !(key in english));
    expect(extra).toEqual(contract.labels.map((label) => `label.${label}`)); // English takes those from the contract
  });

  test("every key that the main page's code names is there", () => {
    const files = [join(ROOT, "web", "index.html"), ...["main", "camera", "engine", "photo", "result", "selftest", "share", "square"].map((name) => join(ROOT, "web", "src", `${name}.js`))];
    for (const file of files) {
      const text = readFileSync(file, "utf8");
      const keys = [...text.matchAll(/\bt\("([\w.]+)"|data-t(?:-[a-z-]+)?="([\w.]+)"/g)].map((found) => found[1] ?? found[2]);
      expect(keys.length).toBeGreaterThan(0);
      expect(keys.filter((key) => !(key in english))).toEqual([]);
    }
  });

  test("an unknown key stops the build", () => {
    expect(fillTexts('<p data-t="a"></p><i data-t-title="a"></i>', { a: "x < y" })).toBe('<p data-t="a">x &lt; y</p><i data-t-title="a" title="x &lt; y"></i>');
    expect(() => fillTexts('<p data-t="nothing"></p>', {})).toThrow("no nothing");
  });
});
