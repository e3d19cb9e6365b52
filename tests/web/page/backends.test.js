// The backends: each answers the same, one that answers wrongly is left out, and the self-test says what it found.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { choosePhoto, compareResults, openPage, SAMPLE, startSite, watchPage } from "../../helpers/page.js";
import { ROOT } from "../../helpers/site.js";

const contract = JSON.parse(readFileSync(join(ROOT, "models", "contract.json"), "utf8"));
let site, browser;

beforeAll(async () => {
  const own = await startSite();
  ({ site, browser } = own);
  return own.close;
});

const golden = JSON.parse(readFileSync(join(ROOT, "models", "golden", "golden.json"), "utf8"));
const countFaces = ({ faces, photos }) => faces.length + photos.flatMap((photo) => photo.faces).length;

test("the self-test passes on the visitor's own backend", async () => {
  const page = await openPage(browser, site.address);
  const every = (step) => (_, i) => i % step === 0; // all of them take plain JavaScript a minute
  const few = { ...golden, faces: golden.faces.filter(every(8)), photos: golden.photos.filter(every(4)) };
  await page.route(/golden\.json$/, (route) => route.fulfill({ json: few }));
  await page.selectOption("#backend", "cpu");
  await page.waitForSelector("html[data-engine=ready]");
  await page.click("a[href*=selftest]");
  await page.waitForSelector("#selftest [data-passed]");
  expect(await page.getAttribute("#selftest [data-passed]", "data-passed")).toBe("true");
  expect(await page.textContent("#selftest .verdict")).toMatch(/Passed: \d+ faces and \d+ photos in .* on cpu\./);
  const rows = await page.$$eval("#selftest [data-live] > .table-box tbody tr", (all) =>
    all.map((row) => [...row.cells].map((cell) => Number(cell.dataset.value))),
  );
  const [scores, labelScores, best] = rows;
  const limit = contract.gates.artifacts[contract.artifacts.default.tfjs].score_difference;
  for (const [, measured, allowed] of [scores, labelScores]) {
    expect(allowed).toBe(limit);
    expect(measured).toBeGreaterThan(0);
    expect(measured).toBeLessThanOrEqual(limit);
  }
  expect(best.slice(1)).toEqual([countFaces(few), countFaces(few)]);
  expect(page.problems).toEqual([]);
  await page.context().close();
});

test("where the worker fails, the self-test says so and can be run again, with every golden", async () => {
  const context = await browser.newContext({ serviceWorkers: "block" });
  const page = await context.newPage();
  watchPage(page);
  await page.route(/worker-.*\.js$/, (route) =>
    route.fulfill({ contentType: "text/javascript", body: "throw new Error('no')" }),
  );
  await page.goto(`${site.address}dashboard.html`);
  await page.click("#selftest button");
  await page.waitForFunction(() => document.querySelector("#selftest .status").textContent.includes("could not run"));
  expect(await page.isEnabled("#selftest button")).toBe(true);
  await page.unroute(/worker-.*\.js$/);
  await page.click("#selftest button");
  await page.waitForSelector('#selftest [data-passed="true"]');
  const verdict = await page.textContent("#selftest .verdict");
  expect(verdict).toContain(`Passed: ${countFaces(golden)} faces and ${golden.photos.length} photos in `);
  await context.close();
});

test("where no engine can be started, several photos and the camera say so too", async () => {
  const context = await browser.newContext({ serviceWorkers: "block" });
  const page = await context.newPage();
  watchPage(page);
  await page.route("**/models/contract.json", (route) => route.fulfill({ status: 404 }));
  await page.goto(site.address);
  await page.waitForFunction(() => document.querySelector("#engine").dataset.stage === "failed");
  const message = () => page.textContent("#message-text");
  await page.setInputFiles("#file", [SAMPLE, join(ROOT, "models", "golden", "photos", "group.jpg")]);
  await expect.poll(message).toMatch(/^Something went wrong: .*Please try again\.$/);
  await page.click("#message-close");
  await page.click("#camera-start");
  await expect.poll(message).toMatch(/^Something went wrong: /);
  expect(page.problems.filter((text) => !text.includes("404"))).toEqual([]);
  await context.close();
});

test("webgl and cpu can be chosen, are kept, and answer the same", async () => {
  const page = await openPage(browser, site.address);
  const { result } = await choosePhoto(page, SAMPLE);
  for (const name of ["webgl", "cpu"]) {
    await page.selectOption("#backend", name);
    await page.waitForFunction(
      (backend) => document.querySelector("#device-text").textContent.includes(`on ${backend}`),
      name,
    );
    const other = await choosePhoto(page, SAMPLE);
    expect(compareResults(other.result, result, contract)).toEqual([]);
  }
  await page.reload();
  await page.waitForSelector("html[data-engine=ready]");
  expect(await page.textContent("#device-text")).toContain("on cpu");
  expect(page.problems).toEqual([]);
  await page.context().close();
});

test("without WebAssembly the page falls back and says so", async () => {
  const context = await browser.newContext({ serviceWorkers: "block" });
  await context.route(/tfjs-backend-wasm.*\.wasm$/, (route) => route.fulfill({ status: 404 }));
  const page = await context.newPage();
  watchPage(page);
  await page.goto(site.address);
  await page.waitForSelector("html[data-engine=ready]");
  expect(await page.textContent("#device-text")).toMatch(/on (webgl|cpu)\. .*wasm was tried first/);
  const { result } = await choosePhoto(page, SAMPLE);
  expect(result.faces.length).toBe(1);
  await context.close();
});

/** Open the page with one of its files changed on the way. */
async function openChanged(pattern, change) {
  const context = await browser.newContext({ serviceWorkers: "block" });
  await context.route(pattern, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: change(await response.body()) });
  });
  const page = await context.newPage();
  watchPage(page);
  await page.goto(site.address);
  return page;
}

test("damaged weights are found before any photo is answered", async () => {
  const page = await openChanged(/tfjs\/[^/]+\/group1.*\.bin$/, (body) => {
    for (let at = 1001; at < body.length; at += 40) body[at] ^= 0x5a;
    return body;
  });
  await page.waitForSelector("#engine[data-stage=failed]");
  expect(await page.textContent("#engine-text")).toMatch(/wasm: .*; webgl: .*; cpu: /);
  await page.context().close();
});

test("labels in another order are found too", async () => {
  const page = await openChanged(/contract\.json$/, (body) => {
    const changed = JSON.parse(body);
    [changed.labels[0], changed.labels[1]] = [changed.labels[1], changed.labels[0]];
    return JSON.stringify(changed);
  });
  await page.waitForSelector("#engine[data-stage=failed]");
  expect(await page.textContent("#engine-text")).toContain("other labels");
  await page.context().close();
});

test("heads that are changed over are found", async () => {
  const page = await openChanged(/tfjs\/[^/]+\/model\.json$/, (body) => {
    const changed = JSON.parse(body);
    const { outputs } = changed.signature;
    [outputs.scores, outputs.label_scores] = [outputs.label_scores, outputs.scores];
    return JSON.stringify(changed);
  });
  await page.waitForSelector("#engine[data-stage=failed]");
  expect(await page.textContent("#engine-text")).toContain("away from Keras's");
  await page.context().close();
});

test("label scores that are not Keras's are found too", async () => {
  const page = await openChanged(/start\.json$/, (body) => {
    const changed = JSON.parse(body);
    for (const face of changed.goldens.faces) face.label_scores.reverse();
    return JSON.stringify(changed);
  });
  await page.waitForSelector("#engine[data-stage=failed]");
  expect(await page.textContent("#engine-text")).toContain("away from Keras's");
  await page.context().close();
});

test("a network that does not arrive is said", async () => {
  const page = await openChanged(/nothing/, (body) => body);
  await page.route(/group1.*\.bin$/, (route) => route.abort());
  await page.reload();
  await page.waitForSelector("#engine[data-stage=failed]");
  expect(await page.textContent("#engine-text")).toContain("cannot be loaded");
  await page.context().close();
});
