// The self-test holds both heads: goldens whose heads differ, and a network that gives each head's scores as the other's.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { Classifier } from "../../../web/pipeline/index.js";
import { runSelfTest } from "../../../web/pipeline/selftest.js";
import { ROOT } from "../../helpers/site.js";

const contract = JSON.parse(readFileSync(join(ROOT, "models", "contract.json"), "utf8"));
const shipped = JSON.parse(readFileSync(join(ROOT, "models", "golden", "golden.json"), "utf8"));
const turn = (list) => [...list.slice(1), list[0]];
// The shipped faces with label_scores that are surely another head's.
const faces = shipped.faces.slice(0, 12).map((face) => ({ ...face, label_scores: turn(face.scores) }));

afterEach(() => vi.unstubAllGlobals());

/** What the self-test says of a network that answers the goldens as `answer` does: {scores, labelScores}. */
function testNetwork(answer, labels = contract.labels) {
  const golden = { labels, faces, photos: [] };
  vi.stubGlobal("fetch", async () => new Response(JSON.stringify(golden)));
  const waiting = [...faces];
  return runSelfTest({
    contract,
    folder: "https://models.example/",
    limit: contract.gates.artifacts.uint16.score_difference,
    backend: "none",
    compareGolden: Classifier.prototype.compareGolden,
    runFace: async () => {
      const face = waiting.shift();
      return { ...answer(face), evidence: { values: face.logits, shape: [1, 1, face.logits.length] } };
    },
  });
}

const answerRight = (face) => ({ scores: face.scores, labelScores: face.label_scores });

test("what Keras says of both heads passes", async () => {
  const found = await testNetwork(answerRight);
  expect(found.passed).toBe(true);
  expect(found.faces).toMatchObject({ count: 12, agreed: 12, difference: 0, labelDifference: 0 });
});

test("swapped heads fail", async () => {
  const found = await testNetwork((face) => ({ scores: face.label_scores, labelScores: face.scores }));
  expect(found.passed).toBe(false);
  expect(found.faces.agreed).toBeLessThan(12);
  expect(found.faces.labelDifference).toBeGreaterThan(found.limits.difference);
});

test("a wrong label_scores alone fails", async () => {
  const found = await testNetwork((face) => ({ scores: face.scores, labelScores: face.scores }));
  expect(found.passed).toBe(false);
  expect(found.faces.agreed).toBe(12);
});

test("other labels fail", async () => {
  expect((await testNetwork(answerRight, turn(contract.labels))).passed).toBe(false);
});
