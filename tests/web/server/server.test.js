// The Flask server in a browser: the page under its headers, and its own pages without JavaScript.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { askCommand, choosePhoto, compareResults, openPage, SAMPLE, watchPage } from "../../helpers/page.js";
import { ROOT, runServer, startChromium } from "../../helpers/site.js";

const axe = readFileSync(createRequire(join(ROOT, "web", "package.json")).resolve("axe-core/axe.min.js"), "utf8");
const group = join(ROOT, "models", "golden", "photos", "group.jpg");
const contract = JSON.parse(readFileSync(join(ROOT, "models", "contract.json"), "utf8"));
let address, stop, browser;

beforeAll(async () => {
  ({ address, stop } = await runServer());
  browser = await startChromium();
});

afterAll(async () => {
  await browser?.close();
  stop?.();
});

/** A page of the server with that path, and what its console complained of. */
async function openPath(path, options) {
  const context = await browser.newContext({ viewport: { width: 390, height: 844 }, ...options });
  const page = await context.newPage();
  watchPage(page);
  await page.goto(address + path);
  return page;
}

/** Send photos by the form and wait for the answer. */
async function sendPhotos(page, paths) {
  await page.setInputFiles("#photo", paths);
  await Promise.all([page.waitForNavigation(), page.click("button")]);
}

test("the page answers under the server's headers", async () => {
  const page = await openPage(browser, address);
  const { result } = await choosePhoto(page, SAMPLE);
  expect(compareResults(result, askCommand([SAMPLE])[SAMPLE], contract)).toEqual([]);
  expect(page.problems).toEqual([]);
  await page.context().close();
});

test("the form answers without JavaScript: picture, emoji, table", async () => {
  const page = await openPath("upload", { javaScriptEnabled: false });
  await sendPhotos(page, [SAMPLE]);
  const [face] = askCommand([SAMPLE])[SAMPLE].faces;
  const rows = await page.locator("tbody tr").allInnerTexts();
  expect(rows).toEqual(
    face.expressions.map(({ label, score }) => `${contract.display_names[label]}\t${Math.floor(100 * score + 0.5)} %`),
  );
  expect(await page.locator("thead th").allInnerTexts()).toEqual(["Expression", "EmoScore"]);
  const pictures = await page
    .locator(".emoji img")
    .evaluateAll((found) => found.map((one) => [one.alt, one.naturalWidth]));
  expect(pictures).toEqual(
    face.expressions.map(({ label, emoji }) => [`${emoji} ${contract.display_names[label]}`, 96]),
  );
  expect(await page.locator(".photo").evaluate((one) => one.naturalWidth)).toBe(512);
  expect(page.problems).toEqual([]);
  await page.context().close();
});

test("where people would be divided, three muted emoji of one size and words", async () => {
  const page = await openPath("upload", { javaScriptEnabled: false });
  const looks = () =>
    page.locator(".emoji img").evaluateAll((found) =>
      found.map((one) => {
        const { opacity, width } = getComputedStyle(one);
        return [Number(opacity), parseFloat(width)];
      }),
    );
  await sendPhotos(page, [join(ROOT, "web", "page", "public", "samples", "unsure.jpg")]);
  expect(await looks()).toEqual(Array(3).fill([0.6, 40]));
  expect(await page.locator("article").innerText()).toContain("Not sure: people would be divided.");
  await page.goto(`${address}upload`);
  await sendPhotos(page, [SAMPLE]);
  const [first, ...others] = await looks();
  expect([first, others]).toEqual([[1, 64], Array(2).fill([1, 40])]);
  await page.context().close();
});

describe.each(["light", "dark"])("axe-core, %s", (colorScheme) => {
  test("finds nothing on the server's own pages, which break no policy and fit a phone", async () => {
    const page = await openPath("upload", { colorScheme });
    for (const step of [
      () => sendPhotos(page, [group, join(ROOT, "README.md")]),
      () => page.goto(`${address}api/docs`),
      () => page.goto(`${address}nothing`),
    ]) {
      await step();
      expect(page.problems.filter((text) => !text.includes("404"))).toEqual([]);
      await runAxe(page.url(), await page.content(), colorScheme);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
    }
    await page.context().close();
  });
});

/** Expect that axe-core finds nothing in a page, in a context that lets it in past the policy. */
async function runAxe(url, html, colorScheme) {
  const context = await browser.newContext({ colorScheme, bypassCSP: true, viewport: { width: 390, height: 844 } });
  const page = await context.newPage();
  await page.route(url, (route) => route.fulfill({ body: html, contentType: "text/html" }));
  await page.goto(url);
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document));
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`)).toEqual([]);
  await context.close();
}
