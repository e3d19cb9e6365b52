// The page in Firefox: the command's answers, and what a visitor does beside one photo.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import puppeteer from "puppeteer-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { askCommand, compareResults } from "../../helpers/page.js";
import { ROOT, serveSite } from "../../helpers/site.js";
import { checkDashboard, checkPhone, checkRest } from "../../helpers/tour.js";

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

  async function openPage() {
    const page = await browser.newPage();
    page.setDefaultTimeout(PATIENCE);
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
    resize: (width, height) => page.setViewport({ width, height }),
  });

  test("on a phone, upright and on its side: an answer in view, two photos, a list, the camera", async () => {
    const page = await openPage();
    await checkPhone(drive(page));
    await page.close();
  });

  test("the keyboard alone, the saved picture, a face before the camera, and nothing that axe-core finds", async () => {
    const page = await openPage();
    await checkRest(drive(page));
    await page.close();
  });

  test("the dashboard: every figure, a guess, the slides by keyboard, and nothing that axe-core finds", async () => {
    const page = await openPage();
    await page.goto(`${site.address}dashboard.html`);
    await checkDashboard(drive(page));
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
