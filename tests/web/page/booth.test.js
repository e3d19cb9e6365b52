// The photo booth before Chromium's fake camera: seven faces, a strip, and a camera that stays as it was.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { awaitAnswer, openPage, startSite } from "../../helpers/page.js";
import { ROOT } from "../../helpers/site.js";

const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
const readJson = (...parts) => JSON.parse(readFileSync(join(ROOT, ...parts), "utf8"));
const english = readJson("web", "page", "shared", "strings", "en.json");
const contract = readJson("models", "contract.json");
const COUNT = contract.labels.length;

let site, browser, page;

beforeAll(async () => {
  const own = await startSite({ withCamera: true });
  ({ site, browser } = own);
  return own.close;
});

afterEach(async () => {
  expect(page.problems).toEqual([]);
  await page.context().close();
});

/** The page with the camera on; where it is quick, every second of a countdown is a hundredth of one. */
async function openBooth({ quick, ...options }) {
  page = await openPage(browser, site.address, options);
  await page.evaluate(
    (part) => {
      const later = window.setTimeout.bind(window);
      window.setTimeout = (call, ms, ...rest) => later(call, ms * part, ...rest);
      window.said = [];
      const status = document.querySelector("#booth-status");
      new MutationObserver(() => window.said.push(status.textContent)).observe(status, { childList: true });
    },
    quick ? 0.01 : 1,
  );
  await page.click("#camera-start");
  await page.waitForSelector("article");
  await page.click("#booth-start");
}

const isLive = () =>
  page.$eval("#video", (video) => video.srcObject?.getTracks().every((track) => track.readyState === "live"));
const readStrip = () =>
  page.$$eval("#booth-strip li .visually-hidden", (texts) => texts.map((text) => text.textContent));
const readFocus = () => page.evaluate(() => document.activeElement.id);

test("seven faces, each said and counted down to, and the strip of what was found", async () => {
  await openBooth({ quick: true });
  await page.waitForSelector("body[data-booth=done]");
  const strip = await readStrip();
  expect(strip).toHaveLength(COUNT);
  for (const [i, label] of contract.labels.entries())
    expect(strip[i]).toMatch(new RegExp(`^${contract.display_names[label]}: looks happy \\(\\d+%\\)$`));
  expect(await page.textContent("#booth-prompt")).toBe(`Done: 1 of ${COUNT} faces look as wanted.`);
  const said = (await page.evaluate(() => window.said)).filter(Boolean);
  expect(said.slice(0, 4)).toEqual([`Face 1 of ${COUNT}: Angry`, "3", "2", "1"]);
  expect(said.filter((text) => text === "1")).toHaveLength(COUNT);
  expect(await readFocus()).toBe("booth-save");
  expect(await isLive()).toBe(true);
  const painted = await page.$$eval(".booth-picture", (all) =>
    all.map((one) => one.getContext("2d").getImageData(80, 60, 1, 1).data[3]),
  );
  expect(painted).toEqual(contract.labels.map(() => 255));
});

test("the strip is saved as one picture, and the booth begins once more", async () => {
  await openBooth({ quick: true });
  await page.waitForSelector("body[data-booth=done]");
  const [download] = await Promise.all([page.waitForEvent("download"), page.click("#booth-save")]);
  expect(download.suggestedFilename()).toBe("seven-faces.png");
  const folder = mkdtempSync(join(tmpdir(), "strip-"));
  const path = join(folder, "strip.png");
  await download.saveAs(path);
  const bytes = readFileSync(path);
  rmSync(folder, { recursive: true });
  expect(bytes.toString("latin1", 1, 4)).toBe("PNG");
  expect([bytes.readUInt32BE(16), bytes.readUInt32BE(20)]).toEqual([1080, 3 * 48 + 272 * COUNT]);
  await page.click("#booth-again");
  await page.waitForSelector("body[data-booth=running]");
  await page.waitForSelector("body[data-booth=done]");
  expect(await readStrip()).toHaveLength(COUNT);
});

test("a face can be skipped; stop leaves the camera as it was", async () => {
  await openBooth({ quick: false });
  await page.waitForSelector("#camera-stop", { state: "hidden" });
  await page.click("#booth-skip");
  await page.waitForFunction(() => document.querySelector("#booth-prompt").textContent.includes("2 of"));
  expect((await readStrip())[0]).toBe(`Angry: ${english["booth.skipped"]}`);
  await page.click("#booth-stop");
  expect(await page.isHidden("#booth")).toBe(true);
  expect(await isLive()).toBe(true);
  expect(await readFocus()).toBe("booth-start");
  expect(await page.isVisible("#camera-stop")).toBe(true);
  const { result } = await awaitAnswer(page, () => page.click("#camera-keep"));
  expect(result.photo).toBe("camera.png");
});

test("a camera that is taken away ends the booth", async () => {
  await openBooth({ quick: false });
  await page.evaluate(() => {
    Object.defineProperty(document, "hidden", { get: () => true });
    document.dispatchEvent(new Event("visibilitychange"));
  });
  await page.waitForSelector("#booth", { state: "hidden" });
  expect(await page.textContent("#message-text")).toContain("tab was hidden");
});

test("without the permission there is the usual message and no booth", async () => {
  page = await openPage(browser, site.address);
  await page.evaluate(() => {
    navigator.mediaDevices.getUserMedia = async () => {
      throw new DOMException("no", "NotAllowedError");
    };
  });
  await page.click("#camera-start");
  await page.waitForFunction(() => document.querySelector("#message-text").textContent.includes("not allowed"));
  expect(await page.isVisible("#booth-start")).toBe(false);
  expect(await page.isVisible("#booth")).toBe(false);
});

test("what leads through the faces is loaded only when it is wanted", async () => {
  const before = site.requests.length;
  page = await openPage(browser, site.address);
  const loaded = () => site.requests.slice(before).filter(({ url }) => /\/booth-/.test(url));
  await page.click("#camera-start");
  await page.waitForSelector("article");
  expect(loaded()).toEqual([]);
  await page.click("#booth-start");
  await page.waitForSelector("body[data-booth=running]");
  expect(loaded()).toHaveLength(1);
});

describe("on a phone", () => {
  test("prompt, count and picture are in view", async () => {
    await openBooth({ ...PHONE, quick: false });
    await page.waitForSelector(".booth-number");
    for (const selector of [".booth-number", "#booth-prompt", "#booth-skip"]) {
      const { top, bottom } = await page.$eval(selector, (element) => element.getBoundingClientRect().toJSON());
      expect(top, selector).toBeGreaterThanOrEqual(0);
      expect(bottom, selector).toBeLessThanOrEqual(844);
    }
    await page.evaluate(() => {
      const later = window.setTimeout.bind(window);
      window.setTimeout = (call, ms, ...rest) => later(call, ms / 100, ...rest);
    });
    await page.waitForSelector("body[data-booth=done]");
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
  });
});
