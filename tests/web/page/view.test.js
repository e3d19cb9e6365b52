// The answer where the eye is: in view on a phone, emoji at each face, unsure where people would be divided, focus kept.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { awaitAnswer, choosePhoto, openPage, SAMPLE, startSite, watchPage } from "../../helpers/page.js";
import { ROOT } from "../../helpers/site.js";

const readJson = (...parts) => JSON.parse(readFileSync(join(ROOT, ...parts), "utf8"));
const english = readJson("web", "page", "shared", "strings", "en.json");
const german = readJson("web", "page", "shared", "strings", "de.json");
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
const GROUP = join(ROOT, "models", "golden", "photos", "group.jpg");

let photos, site, browser;
const find = (name) => [...photos.good, ...photos.bad].find((path) => path.endsWith(`/${name}`));

beforeAll(async () => {
  const own = await startSite({ withCamera: true });
  ({ photos, site, browser } = own);
  return own.close;
});

/** Whether an element, or the first of several, lies wholly in the window. */
const isInView = (page, selector) =>
  page.$eval(selector, (element) => {
    const { top, bottom, height } = element.getBoundingClientRect();
    return height > 0 && top >= 0 && bottom <= window.innerHeight;
  });

/** Raise the contract's threshold so far that no answer is sure. */
async function makeUnsure(page) {
  const contract = readJson("models", "contract.json");
  contract.not_sure.score_below = 1;
  await page.context().route(/contract\.json$/, (route) => route.fulfill({ json: contract }));
  await page.reload();
  await page.waitForSelector("html[data-engine=ready]");
}

describe("in two columns", () => {
  test.each([600, 900])("every button can be scrolled to, in a window %i pixels high", async (height) => {
    const page = await openPage(browser, site.address, { viewport: { width: 800, height } });
    const scrollTo = (selector) =>
      page.$eval(selector, (element) => element.scrollIntoView({ block: "center", behavior: "instant" }));
    await scrollTo("#sample");
    expect(await isInView(page, "#sample")).toBe(true);
    await choosePhoto(page, GROUP);
    await scrollTo("#sample");
    expect(await isInView(page, "#sample")).toBe(true);
    await page.context().close();
  });
});

describe("on a phone", () => {
  test.each([
    ["a photo", SAMPLE],
    ["a group", GROUP],
  ])("%s: the first emoji and its score are in view as soon as the answer is there", async (_, path) => {
    const page = await openPage(browser, site.address, PHONE);
    const { result } = await choosePhoto(page, path);
    const score = `${Math.floor(100 * result.faces[0].expressions[0].score + 0.5)}%`;
    expect(await page.textContent("#summary")).toContain(score);
    for (const selector of ["#boxes image", "#summary"]) expect(await isInView(page, selector), selector).toBe(true);
    expect(await page.$$("#boxes image")).toHaveLength(result.faces.length);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(wide).toBe(390);
    await page.context().close();
  });

  test("the camera: emoji at the face, score in view, focus on the button that takes the picture", async () => {
    const page = await openPage(browser, site.address, PHONE);
    await page.click("#camera-start");
    await page.waitForSelector("#camera-boxes image");
    expect(await page.textContent("#summary")).toMatch(/\d+%/);
    for (const selector of ["#camera-boxes image", "#summary"]) expect(await isInView(page, selector)).toBe(true);
    expect(await page.evaluate(() => document.activeElement.id)).toBe("camera-keep");
    await page.click("#camera-stop");
    expect(await page.evaluate(() => document.activeElement.id)).toBe("camera-start");
    await page.context().close();
  });

  test("on its side it has two columns", async () => {
    const page = await openPage(browser, site.address, { viewport: { width: 844, height: 390 } });
    await choosePhoto(page, SAMPLE);
    for (const selector of ["#boxes image", "#summary"]) expect(await isInView(page, selector), selector).toBe(true);
    await page.context().close();
  });
});

describe("at once", () => {
  test("the photo is shown before the model is there, and is not lost when the backend is changed", async () => {
    const context = await browser.newContext({ serviceWorkers: "block", ...PHONE });
    const page = await context.newPage();
    watchPage(page);
    let arrive;
    const held = new Promise((resolve) => (arrive = resolve));
    await page.route(/tfjs\/.*\.bin$/, async (route) => {
      await held;
      await route.continue().catch(() => {}); // the first worker has gone
    });
    await page.goto(site.address);
    const answered = choosePhoto(page, SAMPLE);
    await page.waitForSelector("#picture", { state: "visible" });
    expect(await page.$eval("#picture", (canvas) => [canvas.width, canvas.height])).toEqual([512, 512]);
    expect(await page.isHidden(".hero .lead")).toBe(true);
    expect(await page.textContent("#summary")).toBe(english["result.waiting"]);
    await page.selectOption("#backend", "cpu");
    arrive();
    expect((await answered).result.faces).toHaveLength(1);
    expect(await page.textContent("#device-text")).toContain("on cpu");
    await context.close();
  });
});

describe("not sure", () => {
  test("three muted emoji of one size and words, at the face and on the card", async () => {
    const page = await openPage(browser, site.address);
    await makeUnsure(page);
    const { result } = await choosePhoto(page, SAMPLE);
    expect(result.faces[0].not_sure).toBe(true);
    expect(await page.textContent("#summary")).toContain("people would be divided");
    expect(await page.textContent("article .badge-unsure")).toBe(english["result.badge"]);
    const sizes = await page.$$eval(".podium img", (images) => images.map((image) => image.offsetWidth));
    expect(new Set(sizes).size).toBe(1);
    const opacity = await page.$$eval(".podium img", (images) => images.map((one) => getComputedStyle(one).opacity));
    expect(opacity.every((value) => Number(value) < 1)).toBe(true);
    const drawn = await page.$$eval("#boxes image", (images) => images.map((one) => one.getAttribute("width")));
    expect(drawn).toHaveLength(3);
    expect(new Set(drawn).size).toBe(1);
    await page.context().close();
  });

  test("sure: the first is the largest", async () => {
    const page = await openPage(browser, site.address);
    await choosePhoto(page, SAMPLE);
    const [first, ...others] = await page.$$eval(".podium img", (images) => images.map((image) => image.offsetWidth));
    expect(Math.max(...others)).toBeLessThan(first);
    await page.context().close();
  });
});

describe("words and focus", () => {
  test("what the score means stands beside it, in the language in use", async () => {
    const page = await openPage(browser, site.address);
    const { result } = await choosePhoto(page, SAMPLE);
    const people = String(Math.floor(100 * result.faces[0].expressions[0].score + 0.5));
    expect(await page.textContent("#explain")).toContain(`about ${people} of 100 people`);
    await page.selectOption("#language", "de");
    await page.waitForSelector("html[lang=de]");
    expect(await page.textContent("#explain")).toContain(`Etwa ${people} von 100 Menschen`);
    expect(await page.textContent("#summary")).toContain(
      german[`looks.${result.faces[0].expressions[0].label}`].slice(1),
    );
    expect(await page.getAttribute("#picture", "aria-label")).toBe("Das Foto portrait.jpg");
    await page.context().close();
  });

  test("the focus is never lost, and an error is where the eye is", async () => {
    const page = await openPage(browser, site.address);
    await choosePhoto(page, find("none.png"));
    await awaitAnswer(page, () => page.click("#use-whole"));
    expect(await page.evaluate(() => document.activeElement.id)).toBe("summary");
    await page.evaluate(() => window.scrollTo(0, document.body.scrollHeight));
    await choosePhoto(page, find("text.jpg"));
    expect(await isInView(page, "#message-text")).toBe(true);
    await page.context().close();
  });

  test("a square begins on the face that was found, and grows by a button", async () => {
    const page = await openPage(browser, site.address);
    const { result } = await choosePhoto(page, SAMPLE);
    await page.click("#redraw");
    const read = async () => (await page.textContent("#square-output")).match(/\d+/g).map(Number);
    const [side, x, y] = await read();
    const [x0, y0, x1] = result.faces[0].box;
    for (const [found, expected] of [
      [side, x1 - x0],
      [x, x0],
      [y, y0],
    ])
      expect(Math.abs(found - expected)).toBeLessThan(2);
    await page.click("#square-larger");
    expect((await read())[0]).toBeGreaterThan(side);
    await page.context().close();
  });

  test("forced colours keep bars and pressed buttons", async () => {
    const page = await openPage(browser, site.address, { forcedColors: "active", reducedMotion: "reduce" });
    await choosePhoto(page, SAMPLE);
    await page.waitForFunction(() => {
      const [bar, pressed, panel] = [".bar-fill", ".evidence-choice [aria-pressed=true]", ".panel"].map(
        (selector) => getComputedStyle(document.querySelector(selector)).backgroundColor,
      );
      return bar !== panel && pressed !== panel;
    });
    await page.context().close();
  });

  test("without JavaScript the page says so, and leads to the server's form", async () => {
    const context = await browser.newContext({ javaScriptEnabled: false });
    const page = await context.newPage();
    await page.goto(site.address);
    expect(await page.textContent("noscript .message")).toContain(english["noscript.text"]);
    expect(await page.isVisible('a[href="./upload"]')).toBe(true);
    await context.close();
  });
});
