// Units of the page's modules: what needs no browser.

import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { fillTexts } from "../../../web/page/plugins/pages.js";
import { checkContract, listNetworks } from "../../../web/pipeline/build/contract.js";
import { pickFacts } from "../../../web/page/plugins/start.js";
import { pickGoldens } from "../../../web/pipeline/build/assets.js";
import { nameApart } from "../../../web/page/main/zip.js";
import { colourHeat, scaleEvidence } from "../../../web/page/main/heatmap.js";
import { makeSmoother } from "../../../web/page/main/smooth.js";
import { keepInside, moveByKey, pullCorner, spanSquare } from "../../../web/page/main/square.js";
import { DIST, ROOT } from "../../helpers/site.js";

const readJson = (...parts) => JSON.parse(readFileSync(join(ROOT, ...parts), "utf8"));
const contract = readJson("models", "contract.json");

describe("parts of the page", () => {
  test("evidence goes from the mean to the strongest place of any label", () => {
    const evidence = { values: Float32Array.from([0, 4, 0, 2, 0, 0, 0, 2]), shape: [2, 2, 2] };
    expect(scaleEvidence(evidence, 1)).toEqual([1, 1 / 3, 0, 1 / 3]);
    expect(scaleEvidence(evidence, 0)).toEqual([0, 0, 0, 0]);
    expect([colourHeat(0), colourHeat(1)]).toEqual([
      [255, 0, 0, 0],
      [255, 255, 0, 191.25],
    ]);
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

  test("a pulled corner keeps the one across, and stops at the photo's edge and at the smallest square", () => {
    const square = { x: 10, y: 20, side: 40 };
    const pull = (corner, x, y) => pullCorner(square, corner, { x, y }, [100, 80]);
    expect(pull("bottom right", 60, 55)).toEqual({ side: 50, x: 10, y: 20 });
    expect(pull("bottom right", 900, 900)).toEqual({ side: 60, x: 10, y: 20 });
    expect(pull("top left", 5, 30)).toEqual({ side: 45, x: 5, y: 15 });
    expect(pull("top right", 30, 55)).toEqual({ side: 20, x: 10, y: 40 });
    expect(pull("bottom left", 200, -9)).toEqual({ side: 16, x: 34, y: 20 });
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
    const splits = { PublicTest: { labels: { accuracy: { share: 0.75 }, classes }, votes: null } };
    expect(pickFacts({ evaluation: { splits } })).toEqual({
      split: "PublicTest",
      labelError: 0.25,
      voteError: null,
      weakest: "fear",
      recall: 0.2,
      support: 20,
      outside: null,
    });
    const recall = { happy: { share: 0.8, pictures: 5 }, sad: { share: 0.4, pictures: 8 } };
    splits.PublicTest.votes = { agreement: { share: 0.875 }, recall };
    const photos = { sets: { photos: { scores: { first: { photos: 50, right: 30, share: 0.6 } } } } };
    expect(pickFacts({ evaluation: { splits }, photos })).toEqual({
      split: "PublicTest",
      labelError: 0.25,
      voteError: 0.125,
      weakest: "sad",
      recall: 0.4,
      support: 8,
      outside: { photos: 50, share: 0.6 },
    });
  });

  test("goldens for the start: two that Keras names differently", () => {
    const golden = readJson("models", "golden", "golden.json");
    const [first, second] = pickGoldens(golden).map(({ scores }) => scores.indexOf(Math.max(...scores)));
    expect(first).not.toBe(second);
  });
});

describe("the contract at build time", () => {
  const schema = readJson("models", "contract.schema.json");
  const change = (edit) => {
    const changed = structuredClone(contract);
    edit(changed);
    return () => checkContract(changed, schema);
  };

  test("the shipped one passes, and names the page's networks", () => {
    expect(change(() => {})).not.toThrow();
    expect(listNetworks(contract)).toEqual({
      network: contract.artifacts.tfjs[contract.artifacts.default.tfjs],
      short: contract.detector.models.short.tfjs,
      back: contract.detector.models.back.tfjs,
    });
  });

  test.each([
    ["a missing output", (c) => delete c.outputs.label_scores, /#\/outputs: .*label_scores/],
    ["a key that nobody knows", (c) => (c.crop.zoom = 1), /crop/],
    ["a text in place of a number", (c) => (c.not_sure.score_below = "0.5"), /#\/not_sure\/score_below: .*number/],
    ["a threshold above one", (c) => (c.detector.threshold = 1.5), /#\/detector\/threshold/],
    ["a label without emoji", (c) => delete c.emoji.happy, /emoji lacks happy/],
  ])("%s stops the build", (_, edit, message) => {
    expect(change(edit)).toThrow(message);
  });
});

describe("texts", () => {
  const english = readJson("web", "page", "shared", "strings", "en.json");
  test("every key that the main page's code names is there", () => {
    const page = join(ROOT, "web", "page");
    const known = { ...english, ...readJson("web", "page", "video", "strings", "en.json") };
    const files = ["main", "shared", "video"].flatMap((name) =>
      readdirSync(join(page, name), { withFileTypes: true }).flatMap((entry) =>
        entry.name.endsWith(".js") ? [join(page, name, entry.name)] : [],
      ),
    );
    const find = (pattern, paths) =>
      paths.flatMap((path) => [...readFileSync(path, "utf8").matchAll(pattern)].map(([, key]) => key));
    const keys = [
      ...find(/\bt\("([\w.]+)"/g, files),
      ...find(/data-t(?:-[a-z-]+)?="([\w.]+)"/g, [
        join(page, "index.html"),
        ...["clip", "timeline"].map((name) => join(page, "partials", `${name}.html`)),
      ]),
    ];
    expect(keys.length).toBeGreaterThan(60);
    expect(keys.filter((key) => !(key in known))).toEqual([]);
  });

  test("an unknown key stops the build", () => {
    expect(fillTexts('<p data-t="a"></p><i data-t-title="a"></i>', { a: "x < y" })).toBe(
      '<p data-t="a">x &lt; y</p><i data-t-title="a" title="x &lt; y"></i>',
    );
    expect(() => fillTexts('<p data-t="nothing"></p>', {})).toThrow("no nothing");
  });
});

test("no built file imports the worker's entry, which WebKit would then run again", () => {
  const assets = join(DIST, "assets");
  const scripts = readdirSync(assets).filter((name) => name.endsWith(".js"));
  const [entry] = scripts.filter((name) => /^worker-/.test(name));
  const importers = scripts.filter((name) => readFileSync(join(assets, name), "utf8").includes(`"./${entry}"`));
  expect([entry, importers]).toEqual([expect.any(String), []]);
});

test("a file of a ZIP gets a name that no other has", () => {
  const taken = new Set();
  expect(["a.png", "b.png", "a.png", "a.png"].map((name) => nameApart(name, taken))).toEqual([
    "a.png",
    "b.png",
    "a-2.png",
    "a-3.png",
  ]);
});
