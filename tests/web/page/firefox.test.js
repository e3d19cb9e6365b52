// The page in Firefox: the command's answers, and what a visitor does beside one photo.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import puppeteer from "puppeteer-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { askCommand, compareResults } from "../../helpers/page.js";
import { ROOT, serveSite } from "../../helpers/site.js";
import {
  tourAnswer,
  tourBackend,
  tourBooth,
  tourCamera,
  tourDashboard,
  tourFace,
  tourKeyboard,
  tourPhotos,
  tourSaved,
  tourStates,
  tourUnsure,
  tourWords,
} from "../../helpers/tour.js";

const PATIENCE = 240_000; // ms; no test is about speed
const CANDIDATES = [process.env.FIREFOX, "/usr/bin/firefox-esr", "/usr/bin/firefox"];
const executablePath = CANDIDATES.find((path) => path && existsSync(path));
const SAMPLE = join(ROOT, "web", "page", "public", "sample.jpg");
const ALPHA = join(ROOT, "models", "golden", "photos", "alpha.png");

/** Begin something and wait for the page's answer. */
async function awaitAnswer(page, begin) {
  await page.evaluate(() => {
    window.nextAnswer = new Promise((resolve) => {
      document.addEventListener(
        "emoji-answer",
        ({ detail }) => resolve(JSON.stringify(detail.result ?? detail.failure)),
        { once: true },
      );
    });
  });
  await begin();
  return JSON.parse(await page.evaluate(() => window.nextAnswer));
}

test("Firefox is there", () => {
  expect(executablePath, "install firefox-esr, or set FIREFOX to its path").toBeTruthy();
});

describe.runIf(executablePath)("in Firefox", () => {
  const camera = { "media.navigator.streams.fake": true, "media.navigator.permission.disabled": true };
  let site, browser;

  beforeAll(async () => {
    site = await serveSite();
    browser = await puppeteer.launch({ browser: "firefox", executablePath, headless: true, extraPrefsFirefox: camera });
  });

  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });

  async function openPage(viewport = null) {
    const page = await browser.newPage();
    page.setDefaultTimeout(PATIENCE);
    if (viewport) await page.setViewport(viewport);
    await page.goto(site.address);
    await page.waitForSelector("html[data-engine=ready]");
    return page;
  }

  test("the command's answers, also where the photo has alpha", async () => {
    const contract = JSON.parse(readFileSync(join(ROOT, "models", "contract.json"), "utf8"));
    const page = await openPage();
    expect(await page.$eval("#device-text", (text) => text.textContent)).toContain("on wasm");
    const expected = askCommand([SAMPLE, ALPHA]);
    const sample = await awaitAnswer(page, () => page.click("#sample"));
    expect(compareResults(sample, expected[SAMPLE], contract)).toEqual([]);
    const input = await page.$("#file");
    const alpha = await awaitAnswer(page, () => input.uploadFile(ALPHA));
    expect(compareResults(alpha, expected[ALPHA], contract)).toEqual([]);
    expect(site.requests.every(({ method, body }) => method === "GET" && !body.length)).toBe(true);
    await page.close();
  });

  const drive = (page) => ({
    evaluate: (run, ...values) => page.evaluate(run, ...values),
    giveFiles: async (paths) => (await page.$("#file")).uploadFile(...paths),
    press: (key) => page.keyboard.press(key),
  });

  test("on a phone, upright and on its side: an answer in view, two photos, a list, the camera and the booth", async () => {
    const page = await openPage({ width: 390, height: 844 });
    const driver = drive(page);
    const { one, group, ...rest } = await tourPhotos(driver);
    expect(Math.max(one, group)).toBeLessThan(1000);
    expect(rest).toEqual({
      compared: 2,
      faces: 4,
      rows: ["portrait.jpg", "group.jpg", "text.jpg"],
      ordered: ["group.jpg", "portrait.jpg", "text.jpg"],
      filtered: ["text.jpg"],
      saved: { csv: 3, json: [1, 4, true] },
    });
    await page.setViewport({ width: 844, height: 390 });
    expect(await tourAnswer(driver)).toBeLessThan(1000);
    await page.setViewport({ width: 390, height: 844 });
    expect(await tourCamera(driver)).toBe("camera.png");
    expect(await tourBooth(driver)).toBe(7);
    await page.close();
  });

  test("the keyboard alone, the saved picture, a face before the camera, and nothing that axe-core finds", async () => {
    const page = await openPage({ width: 390, height: 844 });
    const driver = drive(page);
    const { focus, apart, moved, drawn, answered } = await tourKeyboard(driver);
    expect(focus).toEqual(["skip-link", "main", "square", "redraw"]);
    expect(apart).toBeLessThan(2);
    expect(moved).toBeGreaterThan(0);
    expect(answered).toEqual(drawn);
    const saved = { name: "sample-emoji.png", large: true };
    expect(await tourSaved(driver)).toEqual([saved, saved]);
    const face = await tourFace(driver);
    expect(face.late).toBeLessThan(1000);
    expect(face.focus).toEqual(["camera-keep", "camera-start"]);
    expect(await tourStates(driver)).toEqual({ found: [], inView: true });
    expect(await tourUnsure(driver)).toEqual({ sizes: 1, muted: true });
    expect(await tourWords(driver)).toEqual({
      explained: expect.stringMatching(/Etwa \d+ von 100 Menschen/),
      photo: "Das Foto portrait.jpg",
      live: 1,
    });
    expect(await tourBackend(driver)).toEqual({ faces: 1, device: expect.stringContaining("on cpu") });
    await page.close();
  });

  test("the dashboard: every figure, a guess, the slides by keyboard, and nothing that axe-core finds", async () => {
    const page = await openPage();
    await page.goto(`${site.address}dashboard.html`);
    expect(await tourDashboard(drive(page))).toEqual({ empty: false, found: [], slides: ["guess"] });
    await page.close();
  });
});

test.runIf(executablePath)(
  "in Firefox with forced colours, bars and pressed buttons are still told apart",
  async () => {
    const site = await serveSite();
    const forced = { "browser.display.document_color_use": 2 };
    const browser = await puppeteer.launch({
      browser: "firefox",
      executablePath,
      headless: true,
      extraPrefsFirefox: forced,
    });
    const page = await browser.newPage();
    await page.goto(site.address);
    await page.waitForSelector("html[data-engine=ready]");
    await awaitAnswer(page, () => page.click("#sample"));
    const [isForced, bar, pressed, panel] = await page.evaluate(() => [
      matchMedia("(forced-colors: active)").matches,
      ...[".bar-fill", ".evidence-choice [aria-pressed=true]", ".panel"].map(
        (selector) => getComputedStyle(document.querySelector(selector)).backgroundColor,
      ),
    ]);
    expect(isForced).toBe(true);
    expect(bar).not.toBe(panel);
    expect(pressed).not.toBe(panel);
    await browser.close();
    await site.close();
  },
);
