// The gallery of samples: photos, drawn faces and a group, that come only when they are asked for.

import { afterEach, beforeAll, expect, test } from "vitest";
import { awaitAnswer, openPage, startSite } from "../../helpers/page.js";

let site, browser, page;

beforeAll(async () => {
  const own = await startSite();
  ({ site, browser } = own);
  return own.close;
});

afterEach(async () => {
  expect(page.problems).toEqual([]);
  await page.context().close();
});

const chooseSample = (name) => awaitAnswer(page, () => page.click(`[data-sample=${name}]`));

test("different expressions, a group, and one on which people would be divided", async () => {
  page = await openPage(browser, site.address);
  const names = await page.$$eval("[data-sample]", (buttons) => buttons.map((button) => button.dataset.sample));
  expect(names.length).toBe(7);
  const found = {};
  for (const name of names) {
    const { result } = await chooseSample(name);
    expect(result.photo).toBe(`${name}.jpg`);
    found[name] = result.faces.map(({ not_sure: unsure, expressions: [best] }) => (unsure ? "?" : best.label));
  }
  const { group, ...single } = found;
  expect(single).toEqual({
    smile: ["happy"],
    surprise: ["surprise"],
    neutral: ["neutral"],
    angry: ["angry"],
    sad: ["sad"],
    unsure: ["?"],
  });
  expect(group.toSorted()).toEqual(["happy", "happy", "neutral", "neutral"]);
  expect(await page.isVisible("#samples-list")).toBe(true); // another one can follow
});

test("each is loaded when it is chosen, and one that does not arrive is said", async () => {
  const before = site.requests.length;
  page = await openPage(browser, site.address);
  const loaded = () => site.requests.slice(before).filter(({ url }) => /samples\/\w+\.jpg$/.test(url));
  expect(loaded()).toEqual([]);
  await chooseSample("angry");
  expect(loaded().map(({ url }) => url)).toEqual(["/samples/angry.jpg"]);
  await page.route(/samples\/sad\.jpg$/, (route) => route.fulfill({ status: 404 }));
  await page.click("[data-sample=sad]");
  await page.waitForFunction(() => document.querySelector("#message-text").textContent.includes("could not be loaded"));
  page.problems = page.problems.filter((text) => !text.includes("404"));
});

test("each has a name for those who do not see it, which tells nothing of the expression", async () => {
  page = await openPage(browser, site.address);
  const read = () => page.$$eval("[data-sample]", (buttons) => buttons.map((button) => button.ariaLabel));
  expect((await read()).slice(0, 2)).toEqual(["Sample 1: a photo of a person", "Sample 2: a drawn face"]);
  await page.selectOption("#language", "de");
  await page.waitForSelector("html[lang=de]");
  expect((await read())[4]).toBe("Beispiel 5: vier Menschen");
  expect(new Set(await read()).size).toBe(7);
});
