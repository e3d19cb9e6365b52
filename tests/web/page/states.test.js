// For everyone: axe-core finds nothing in any state of the pages, in any language and any look, and nothing is cut off.

import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { choosePhoto, openPage, runAxe, SAMPLE, startSite, watchPage } from "../../helpers/page.js";
import { ROOT } from "../../helpers/site.js";
import { shareVideos } from "../../helpers/videos.js";

const LANGUAGES = ["en", "de", "es", "fr", "ar"];
// As many as languages: each state is seen in every language and in every look.
const LOOKS = [
  { width: 1280, height: 900, colorScheme: "light", forcedColors: "none" },
  { width: 390, height: 844, colorScheme: "dark", forcedColors: "none" },
  { width: 640, height: 450, colorScheme: "light", forcedColors: "none" }, // 1280 x 900 at 200 %
  { width: 640, height: 450, colorScheme: "dark", forcedColors: "none" },
  { width: 360, height: 740, colorScheme: "light", forcedColors: "active" },
];
const GOLDEN = join(ROOT, "models", "golden", "photos");

let photos, site, browser;

beforeAll(async () => {
  const own = await startSite({ withCamera: true });
  ({ photos, site, browser } = own);
  return own.close;
});

const find = (name) => [...photos.good, ...photos.bad].find((path) => path.endsWith(`/${name}`));

/** Everything that the main page can show: name, and how to get there from the state before. */
const STATES = [
  ["empty", async () => {}],
  ["one face", (page) => choosePhoto(page, SAMPLE)],
  ["evidence", (page) => page.click("[data-evidence]:not([aria-pressed=true])")],
  ["one of two photos", (page) => page.click("#compare-start")],
  ["two photos", (page) => choosePhoto(page, join(GOLDEN, "group.jpg"))],
  [
    "a group, one of it open",
    async (page) => {
      await page.click("#compare-end");
      await page.click(".card-face summary");
    },
  ],
  ["not sure", (page) => choosePhoto(page, join(ROOT, "web", "page", "public", "samples", "unsure.jpg"))],
  ["a square", (page) => page.click("#redraw")],
  ["no face", (page) => choosePhoto(page, find("none.png"))],
  ["no photo", (page) => choosePhoto(page, photos.bad[0])],
  [
    "a list, one of it bad",
    async (page) => {
      await page.setInputFiles("#file", [SAMPLE, join(GOLDEN, "group.jpg"), find("none.png"), photos.bad[0]]);
      await page.waitForFunction(() => document.querySelector("#list-stop").hidden);
      await page.click("#list-save summary");
    },
  ],
  ["a photo of the list", (page) => page.click("#list-rows button")],
  [
    "a timeline with its table",
    async (page) => {
      await page.setInputFiles("#file", join(shareVideos(), "scenes.mkv"));
      await page.waitForSelector("#timeline-chart", { state: "visible" });
      await page.waitForSelector("#clip-stop", { state: "hidden" });
      await page.click(".timeline-details summary");
      await page.waitForSelector("#timeline-table tbody td");
    },
  ],
  [
    "the camera",
    async (page) => {
      await page.click("#camera-start");
      await page.waitForSelector("#camera-boxes *", { state: "attached" });
    },
  ],
  [
    "the photo booth",
    async (page) => {
      await page.click("#booth-start");
      await page.waitForSelector("body[data-booth=running]");
    },
  ],
  [
    "the booth's strip",
    async (page) => {
      await page.evaluate(() => {
        const later = window.setTimeout.bind(window);
        window.setTimeout = (call, ms, ...rest) => later(call, ms / 100, ...rest);
      });
      await page.waitForSelector("body[data-booth=done]");
    },
  ],
];

/** Show a page in a language and a look. */
async function dress(page, language, { width, height, ...media }) {
  await page.setViewportSize({ width, height });
  await page.emulateMedia({ reducedMotion: "reduce", ...media });
  await page.selectOption("#language", language);
  await page.waitForSelector(`html[lang=${language}][data-bs-theme=${media.colorScheme}]`);
}

/** Expect that nothing is wrong with what a page shows. */
async function checkState(page, where) {
  // A look that has just changed can be read half drawn, and what lies out of view keeps the colours of the look before.
  await page.evaluate(() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync("* { content-visibility: visible !important; }");
    document.adoptedStyleSheets = [sheet];
  });
  await expect.poll(() => runAxe(page), { message: where, timeout: 20_000 }).toEqual([]);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(wide, `${where}: can be scrolled sideways`).toBe(0);
}

test("the main page, in every state", async () => {
  const page = await openPage(browser, site.address, { locale: "en" });
  for (const [turn, [state, go]] of STATES.entries()) {
    await go(page);
    for (const [i, language] of LANGUAGES.entries()) {
      const look = LOOKS[(turn + i) % LOOKS.length];
      await dress(page, language, look);
      await checkState(page, `${state}, ${language}, ${Object.values(look)}`);
    }
  }
  expect(page.problems.filter((text) => !text.includes("MEDIA_ERR"))).toEqual([]);
  await page.context().close();
});

test("the dashboard, with a guess and its tables, and as slides", async () => {
  const page = await (await browser.newContext({ locale: "en", serviceWorkers: "block" })).newPage();
  watchPage(page);
  await page.goto(`${site.address}dashboard.html`);
  await page.waitForSelector("#main[data-ready]");
  await page.waitForFunction(() => [...document.querySelectorAll(".drawing")].every((svg) => svg.childElementCount));
  await page.click(".round button[data-word=sad]");
  for (const [i, language] of LANGUAGES.entries()) {
    await dress(page, language, LOOKS[i]);
    await page.$$eval("figure details", (all) => all.forEach((one) => (one.open = true)));
    await checkState(page, `dashboard, ${language}`);
    await page.click("#present");
    await page.keyboard.press(language === "ar" ? "ArrowLeft" : "ArrowRight");
    await checkState(page, `slide, ${language}`);
    await page.keyboard.press("Escape");
  }
  expect(page.problems).toEqual([]);
  await page.context().close();
});
