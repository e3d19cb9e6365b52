// From scores to what is shown.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { describeFace, rankScores, showScore } from "../../../web/pipeline/classify.js";
import { ROOT } from "../../helpers/site.js";

const readJson = (...parts) => JSON.parse(readFileSync(join(ROOT, ...parts), "utf8"));
const contract = readJson("models", "contract.json");

describe("scores", () => {
  test("best first, ties in the order of the labels, three of them", () => {
    const scores = Float32Array.from([0.1, 0.3, 0.05, 0.3, 0.1, 0.1, 0.05]);
    const ranked = rankScores(scores, contract).map(({ label }) => label);
    expect(ranked).toEqual(["disgust", "happy", "angry", "sad", "surprise", "fear", "neutral"]);
    const face = describeFace({ box: [1.004, 2, 3, 4.5678], roll: -12.346, detection: 0.12345678 }, scores, contract);
    expect(face).toMatchObject({ box: [1, 2, 3, 4.57], roll: -12.35, detection: 0.123457, not_sure: true });
    expect(face.expressions.length).toBe(contract.top);
    expect(face.expressions[0]).toEqual({ label: "disgust", emoji: contract.emoji.disgust, score: 0.3 });
  });

  test("sure from the contract's threshold on", () => {
    const at = contract.not_sure.score_below;
    const face = (best) =>
      describeFace({ box: [0, 0, 1, 1], roll: null, detection: null }, [best, 0, 0, 0, 0, 0, 0], contract);
    expect([face(at).not_sure, face(at - 1e-6).not_sure]).toEqual([false, true]);
  });

  test("an EmoScore is rounded half up", () => {
    expect([0, 0.005, 0.0049, 0.545, 0.995, 1].map(showScore)).toEqual([0, 1, 0, 55, 100, 100]);
  });
});
