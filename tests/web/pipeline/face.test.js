// Finding faces: anchors, boxes, keypoints, tiles.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { formsFace, makeAnchors, measureOverlap, mergeBoxes, readRoll } from "../../../web/pipeline/detector.js";
import { findFaces, planTiles, spreadTiles } from "../../../web/pipeline/face.js";
import { ROOT } from "../../helpers/site.js";

const readJson = (...parts) => JSON.parse(readFileSync(join(ROOT, ...parts), "utf8"));
const contract = readJson("models", "contract.json");

describe("faces", () => {
  test("anchors go by grid, row and column", () => {
    const anchors = makeAnchors(contract.detector.models.short);
    expect(anchors.length).toBe(896);
    expect([anchors[0], anchors[1], anchors[2], anchors[32], anchors[512]]).toEqual([
      [1 / 32, 1 / 32],
      [1 / 32, 1 / 32],
      [3 / 32, 1 / 32],
      [1 / 32, 3 / 32],
      [1 / 16, 1 / 16],
    ]);
  });

  test("overlapping boxes become their weighted mean with the best score", () => {
    const merged = mergeBoxes(
      [
        { values: [0, 0, 10, 10], score: 0.6 },
        { values: [30, 0, 40, 10], score: 0.7 },
        { values: [2, 0, 12, 10], score: 0.9 },
      ],
      0.3,
    );
    expect(merged.map(({ score }) => score)).toEqual([0.9, 0.7]);
    expect(merged[0].values.map((value) => Number(value.toFixed(6)))).toEqual([1.2, 0, 11.2, 10]);
    expect(measureOverlap([0, 0, 10, 10], [5, 0, 15, 10])).toBeCloseTo(1 / 3, 12);
  });

  const points = (moved) =>
    Object.values({
      low: [0, 0],
      high: [100, 100],
      right: [30, 40],
      left: [70, 40],
      nose: [50, 62],
      mouth: [50, 82],
      ...moved,
    });
  const seen = (moved = {}) => ({ values: points(moved).flat(), score: 0.9 });

  test("keypoints form a face or do not", () => {
    const { form } = contract.detector;
    expect(formsFace(seen(), form)).toBe(true);
    expect(formsFace(seen({ nose: [60, 60], mouth: [58, 84] }), form)).toBe(true);
    for (const wrong of [
      { nose: [50, 30] },
      { nose: [90, 62] },
      { mouth: [50, 45] },
      { mouth: [50, 140] },
      { mouth: [80, 82] },
      { right: [60, 40], left: [40, 40] },
      { left: [40, 40] },
      { left: [30, 40] },
      { high: [200, 200] },
      { nose: [NaN, 62] },
    ]) {
      expect(formsFace(seen(wrong), form), JSON.stringify(wrong)).toBe(false);
    }
    expect(readRoll(seen({ left: [70, 80] }))).toBeCloseTo(45, 12);
    expect(readRoll(seen({ right: [50, 80], left: [50, 40] }))).toBeCloseTo(-90, 12);
  });

  test.each([
    [640, 480, {}, 640, 0],
    [1280, 960, {}, 293, 2],
    [1920, 1080, {}, 440, 2],
    [4000, 3000, {}, 625, 6],
    [3000, 4000, {}, 625, 6],
    [4000, 3000, { tiles: false }, 4000, 0],
    [4000, 3000, { smallestFace: 32 }, 1375, 35],
    [640, 480, { smallestFace: 1 }, 640, 9],
  ])("tiles come where the size asks for them, %i x %i %j", (width, height, options, longer, count) => {
    const plan = planTiles({ width, height }, contract, options);
    expect([plan.longer, plan.places.length]).toEqual([longer, count]);
  });

  test("tiles cover an axis with their overlap", () => {
    expect(spreadTiles(200, 256, 36)).toEqual([-28]);
    expect(spreadTiles(256, 256, 36)).toEqual([0]);
    expect(spreadTiles(688, 256, 36)).toEqual([0, 216, 432]);
  });

  /** Detectors that see one upright face of that side in the middle of their input, of that score, or none. */
  const answer = (sides, score) => {
    const asked = [];
    const run = async (name) => {
      asked.push(name);
      const side = sides[name];
      const { size } = contract.detector.models[name];
      const anchors = makeAnchors(contract.detector.models[name]);
      const boxes = new Float32Array(anchors.length * 16);
      const scores = new Float32Array(anchors.length).fill(-50);
      const middle = size / 2 - anchors[0][0] * size;
      const place = (x, y) => [middle + x * side, middle + y * side];
      if (side) {
        boxes.set(
          [middle, middle, side, side, ...place(-0.2, -0.1), ...place(0.2, -0.1), ...place(0, 0.1), ...place(0, 0.3)],
          0,
        );
        scores[0] = Math.log(score / (1 - score));
      }
      return { boxes, scores };
    };
    return { asked, run };
  };
  const photo = { width: 128, height: 128, data: new Uint8Array(128 * 128 * 4), channels: 4 };

  test.each([
    ["sure and large: the first detector suffices", { short: 40, back: 90 }, 0.9, "short", 40],
    ["sure and small: a closer look, and the back model", { short: 20, back: 40 }, 0.9, "short short back short", 6.25],
    ["none in either: quarter turns", { short: 0, back: 0 }, 0.9, "short back short back short back short back", null],
  ])("the cascade, %s", async (_, sides, score, asked, side) => {
    const fake = answer(sides, score);
    const faces = await findFaces(photo, contract, fake.run);
    expect(fake.asked.join(" ")).toBe(asked);
    expect(faces.length).toBe(side ? 1 : 0);
    if (side) expect(faces[0].box[2] - faces[0].box[0]).toBeCloseTo(side, 5);
  });

  test("a doubtful face is turned by quarters, then both detectors decide", async () => {
    const fake = answer({ short: 64, back: 128 }, 0.7);
    const [face] = await findFaces(photo, contract, fake.run);
    expect(fake.asked.join(" ")).toBe("short short short short short back back");
    expect(face.score).toBeCloseTo(0.7, 6);
    const alone = answer({ short: 64, back: 0 }, 0.7);
    expect(await findFaces(photo, contract, alone.run)).toEqual([]);
  });
});
