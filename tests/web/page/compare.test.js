// Two photos compared: both answers side by side, as they were given, and the plain page again.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { choosePhoto, openPage, SAMPLE, startSite } from "../../helpers/page.js";
import { ROOT } from "../../helpers/site.js";

const GOLDEN = join(ROOT, "models", "golden", "photos");
const contract = JSON.parse(readFileSync(join(ROOT, "models", "contract.json"), "utf8"));
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

let photos, site, browser, page;

beforeAll(async () => {
  const own = await startSite({ withPhotos: true });
  ({ photos, site, browser } = own);
  return own.close;
});

afterEach(async () => {
  expect(page.problems).toEqual([]);
  await page.context().close();
});

const showScore = (score) => `${Math.floor(100 * score + 0.5)}%`;
const findBest = ({ faces: [{ expressions }] }) => expressions[0];

/** The table as it is read: {label: [score of the first, score of the second]}. */
async function readTable() {
  const rows = await page.$$eval("#compare-rows tr", (all) =>
    all.map((row) => [...row.children].map((cell) => cell.textContent)),
  );
  return Object.fromEntries(rows.map(([name, ...scores]) => [name, scores]));
}

/** What a table has to say of two answers, for the expressions that both name. */
function expectScores(table, result, side) {
  for (const { label, score } of result.faces[0].expressions)
    expect(table[contract.display_names[label]][side], label).toBe(showScore(score));
}

/** The page's panels that are shown, to tell whether it is plain again. */
const listShown = () =>
  page.$$eval("main [id]", (all) => all.filter((one) => one.checkVisibility()).map((one) => one.id));

test("the answer is kept beside the next one, with all seven scores of both, until it is ended", async () => {
  page = await openPage(browser, site.address);
  const { result: first } = await choosePhoto(page, SAMPLE);
  await page.click("#compare-start");
  await page.waitForSelector("#compare", { state: "visible" });
  expect(await page.evaluate(() => document.activeElement.id)).toBe("compare-choose");
  const alone = await readTable();
  expect(Object.keys(alone)).toEqual(contract.labels.map((label) => contract.display_names[label]));
  expectScores(alone, first, 0);
  expect(Object.values(alone).map(([, second]) => second)).toEqual(contract.labels.map(() => "–"));

  const { result: second } = await choosePhoto(page, join(GOLDEN, "group.jpg"));
  await page.waitForSelector(".compare-photo + .compare-photo");
  expect(await page.evaluate(() => document.activeElement.id)).toBe("compare");
  const { top, bottom } = await page.$eval("#compare-photos", (element) => element.getBoundingClientRect().toJSON());
  expect(top).toBeGreaterThanOrEqual(0);
  expect(bottom).toBeLessThanOrEqual(900);
  const both = await readTable();
  expectScores(both, first, 0);
  expectScores(both, second, 1);
  const texts = await page.$$eval(".compare-photo", (all) => all.map((one) => one.textContent));
  for (const [i, [name, result]] of [
    ["portrait.jpg", first],
    ["group.jpg", second],
  ].entries()) {
    expect(texts[i]).toContain(name);
    expect(texts[i]).toContain(showScore(findBest(result).score));
  }
  const bars = await page.$$eval("#compare-rows .bar-fill", (all) => all.map((one) => parseFloat(one.style.width)));
  expect(bars).toHaveLength(2 * contract.labels.length);
  const [one, two] = [bars.filter((_, i) => i % 2 === 0), bars.filter((_, i) => i % 2 === 1)];
  for (const side of [one, two]) expect(side.reduce((sum, value) => sum + value, 0)).toBeCloseTo(100, 1);

  await page.click("#compare-end");
  expect(await page.isHidden("#compare")).toBe(true);
  const ended = await listShown();
  await choosePhoto(page, SAMPLE);
  expect(await page.isHidden("#compare")).toBe(true);
  await page.reload();
  await page.waitForSelector("html[data-engine=ready]");
  await choosePhoto(page, join(GOLDEN, "group.jpg"));
  expect(await listShown()).toEqual(ended);
});

test("another second photo takes the place of the one before; one without a face says so", async () => {
  page = await openPage(browser, site.address);
  const { result: first } = await choosePhoto(page, SAMPLE);
  await page.click("#compare-start");
  await page.waitForSelector("#compare", { state: "visible" });
  await choosePhoto(page, join(GOLDEN, "group.jpg"));
  await choosePhoto(
    page,
    photos.good.find((path) => path.endsWith("/none.png")),
  );
  await page.waitForFunction(() =>
    document.querySelectorAll(".compare-photo")[1]?.textContent.includes("No face found"),
  );
  expect(await page.$$(".compare-photo")).toHaveLength(2);
  const table = await readTable();
  expectScores(table, first, 0);
  expect(Object.values(table).map(([, second]) => second)).toEqual(contract.labels.map(() => "–"));
});

test("a second photo that cannot be read is said, and the first stays", async () => {
  page = await openPage(browser, site.address);
  const { result: first } = await choosePhoto(page, SAMPLE);
  await page.click("#compare-start");
  await page.waitForSelector("#compare", { state: "visible" });
  await choosePhoto(
    page,
    photos.bad.find((path) => path.endsWith("/text.jpg")),
  );
  expect(await page.isVisible("#message-text")).toBe(true);
  expectScores(await readTable(), first, 0);
  expect(await page.$$(".compare-photo")).toHaveLength(1);
});

describe("on a phone", () => {
  test("it fits, and it speaks the language in use", async () => {
    page = await openPage(browser, site.address, PHONE);
    await choosePhoto(page, SAMPLE);
    await page.click("#compare-start");
    await page.waitForSelector("#compare", { state: "visible" });
    await choosePhoto(page, join(GOLDEN, "group.jpg"));
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
    await page.selectOption("#language", "de");
    await page.waitForSelector("html[lang=de]");
    expect(Object.keys(await readTable())).toContain("Fröhlich");
  });
});
