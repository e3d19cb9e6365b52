// A smoke test in Firefox: load, sample photo, the same answer.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import puppeteer from "puppeteer-core";
import { expect, test } from "vitest";
import { askCommand, compareResults } from "../../helpers/page.js";
import { ROOT, serveSite } from "../../helpers/site.js";

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

test.runIf(executablePath)("Firefox gives the command's answers, also where the photo has alpha", async () => {
  const contract = JSON.parse(readFileSync(join(ROOT, "models", "contract.json"), "utf8"));
  const site = await serveSite();
  const browser = await puppeteer.launch({ browser: "firefox", executablePath, headless: true });
  try {
    const page = await browser.newPage();
    await page.goto(site.address);
    await page.waitForSelector("html[data-engine=ready]", { timeout: 240_000 });
    expect(await page.$eval("#device-text", (text) => text.textContent)).toContain("on wasm");
    const expected = askCommand([SAMPLE, ALPHA]);
    const sample = await awaitAnswer(page, () => page.click("#sample"));
    expect(compareResults(sample, expected[SAMPLE], contract)).toEqual([]);
    const input = await page.$("#file");
    const alpha = await awaitAnswer(page, () => input.uploadFile(ALPHA));
    expect(compareResults(alpha, expected[ALPHA], contract)).toEqual([]);
    expect(site.requests.every(({ method, body }) => method === "GET" && !body.length)).toBe(true);
  } finally {
    await browser.close();
    await site.close();
  }
});
