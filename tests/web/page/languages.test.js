// Both pages in every language, in real Chromium: which way it runs, what is loaded for it, and that all of it fits.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it, test } from "vitest";
import { choosePhoto, openPage, SAMPLE, startSite } from "../../helpers/page.js";
import { ROOT, serveSite } from "../../helpers/site.js";

const readStrings = (room, language) =>
  JSON.parse(readFileSync(join(ROOT, "web", "page", room, "strings", `${language}.json`), "utf8"));
const LANGUAGES = ["en", "de", "es", "fr", "ar"];
const WIDTHS = [320, 390];

let site, browser;

beforeAll(async () => {
  const own = await startSite();
  ({ site, browser } = own);
  return own.close;
});

/** The dashboard in a language, once its charts are drawn. */
async function openDashboard(locale, options = {}) {
  const context = await browser.newContext({ locale, serviceWorkers: "block", reducedMotion: "reduce", ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(120_000);
  await page.goto(`${site.address}dashboard.html`);
  await page.waitForSelector("#main[data-ready]");
  await page.waitForFunction(() => [...document.querySelectorAll(".drawing")].every((svg) => svg.childElementCount));
  return page;
}

const measureOverflow = (page) =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

describe.each(LANGUAGES)("%s", (language) => {
  const strings = readStrings("shared", language);

  test("the main page speaks it, runs its way and fits a phone", async () => {
    const page = await openPage(browser, site.address, {
      locale: language,
      viewport: { width: 390, height: 844 },
      reducedMotion: "reduce",
    });
    const { lang, dir } = await page.$eval("html", (html) => ({ lang: html.lang, dir: html.dir }));
    expect([lang, dir]).toEqual([language, strings.direction]);
    expect(await page.textContent("#known h2")).toBe(strings["known.title"]);
    const { result } = await choosePhoto(page, SAMPLE);
    const { label } = result.faces[0].expressions[0];
    if (language !== "en") expect(await page.textContent(".row-name")).toBe(strings[`label.${label}`]);
    const rest = strings["result.explain"].split("{below}")[1];
    expect(await page.textContent("#explain")).toContain(rest.replace(/\}/g, ""));
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 844 });
      expect(await measureOverflow(page), `${width} px`).toBe(0);
    }
    expect(page.problems).toEqual([]);
    await page.context().close();
  });

  test("the dashboard speaks it, runs its way and fits a phone", async () => {
    const page = await openDashboard(language, { viewport: { width: 390, height: 844 } });
    const own = readStrings("dashboard", language);
    expect(await page.getAttribute("html", "dir")).toBe(strings.direction);
    expect(await page.textContent("#guess h2")).toBe(own["dashboard.guess.title"]);
    const share = Number(await page.$eval("#tiles data", (number) => number.dataset.value));
    const written = new Intl.NumberFormat(language, { style: "percent", minimumFractionDigits: 1 });
    expect(await page.textContent("#tiles data")).toBe(written.format(share));
    await page.click(".round button[data-word=sad]");
    expect(await page.textContent(".round button[data-word=sad]")).toBe(
      language === "en" ? "Sad" : strings["label.sad"],
    );
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 844 });
      expect(await measureOverflow(page), `${width} px`).toBe(0);
    }
    expect(await page.textContent("#sections")).not.toMatch(/undefined|\{\w+\}/);
    await page.context().close();
  });
});

describe("from right to left", () => {
  it("words turn, photos and charts do not, and the arrow keys follow the words", async () => {
    const page = await openDashboard("ar", { viewport: { width: 1280, height: 900 } });
    const [brand, settings] = await Promise.all(
      [".brand", ".site-settings"].map((name) => page.locator(name).boundingBox()),
    );
    expect(brand.x).toBeGreaterThan(settings.x);
    const bars = await page.$$eval("#figure-counts .bar", (all) => all.map((bar) => bar.getBoundingClientRect().left));
    expect(Math.max(...bars) - Math.min(...bars)).toBeLessThan(1); // they grow from one line at the left
    await page.click("#present");
    await page.keyboard.press("ArrowLeft");
    expect(await page.evaluate(() => document.activeElement.id)).toBe("guess-title");
    await page.keyboard.press("ArrowRight");
    expect(await page.evaluate(() => document.activeElement.id)).toBe("title");
    await page.context().close();
  });

  it("boxes lie where the face is", async () => {
    const read = async (locale) => {
      const page = await openPage(browser, site.address, { locale });
      await choosePhoto(page, SAMPLE);
      const [box, photo] = await Promise.all(
        ["#boxes .box-line", "#picture"].map((name) => page.locator(name).first().boundingBox()),
      );
      await page.context().close();
      return (box.x - photo.x) / photo.width;
    };
    expect(await read("ar")).toBeCloseTo(await read("en"), 3);
  });

  it("the saved picture has its words beside the emoji, not on them", async () => {
    const page = await openPage(browser, site.address, { locale: "ar" });
    await choosePhoto(page, SAMPLE);
    await page.evaluate(() => {
      const { fillText } = OffscreenCanvasRenderingContext2D.prototype;
      window.aligned = [];
      OffscreenCanvasRenderingContext2D.prototype.fillText = function note(...rest) {
        window.aligned.push(this.textAlign);
        return fillText.apply(this, rest);
      };
    });
    await Promise.all([page.waitForEvent("download"), page.click("#save")]);
    const aligned = await page.evaluate(() => window.aligned);
    expect(aligned.length).toBeGreaterThan(6);
    expect(new Set(aligned)).toEqual(new Set(["left"]));
    await page.context().close();
  });

  it("a file's name keeps its own direction", async () => {
    const page = await openPage(browser, site.address, { locale: "ar" });
    await page.setInputFiles("#file", { name: "my photo (1).txt", mimeType: "text/plain", buffer: Buffer.from("no") });
    await page.waitForSelector("#message:not([hidden])");
    expect(await page.textContent("#message-text")).toContain("\u2068my photo (1).txt\u2069");
    await page.context().close();
  });
});

describe("a language", () => {
  it("is loaded when it is asked for, and English costs no other", async () => {
    const own = await serveSite();
    const page = await openPage(browser, own.address, { locale: "en" });
    const listLanguages = () => own.requests.filter(({ url }) => /\/assets\/(ar|de|es|fr)-/.test(url));
    expect(listLanguages()).toEqual([]);
    await page.selectOption("#language", "fr");
    await page.waitForSelector("html[lang=fr]");
    expect(listLanguages().map(({ url }) => url.match(/assets\/(\w\w)-/)[1])).toEqual(["fr", "fr"]);
    await page.selectOption("#language", "ar");
    await page.waitForSelector("html[lang=ar][dir=rtl]");
    await page.selectOption("#language", "en");
    await page.waitForSelector("html[lang=en][dir=ltr]");
    await page.context().close();
    await own.close();
  });

  it("is chosen by name, kept for the next visit, and English where nobody has it", async () => {
    const page = await openPage(browser, site.address, { locale: "ja-JP" });
    expect(await page.getAttribute("html", "lang")).toBe("en");
    expect(await page.$$eval("#language option", (all) => all.map((one) => [one.value, one.lang, one.text]))).toEqual([
      ["en", "en", "English"],
      ["ar", "ar", "العربية"],
      ["de", "de", "Deutsch"],
      ["es", "es", "español"],
      ["fr", "fr", "français"],
    ]);
    await page.selectOption("#language", "es");
    await page.waitForSelector("html[lang=es]");
    await page.reload();
    await page.waitForSelector("html[lang=es]");
    await page.context().close();
  });
});
