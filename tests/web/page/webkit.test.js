// The pages in WebKit, Safari's engine: the command's answers for photos and videos, and both pages in a language from right to left.

import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { By, Key } from "selenium-webdriver";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { askCommand, compareResults, sharePhotos } from "../../helpers/page.js";
import { ROOT, serveSite } from "../../helpers/site.js";
import { askTimeline, compareRows, shareVideos } from "../../helpers/videos.js";
import { checkDashboard, checkPhone, checkRest } from "../../helpers/tour.js";
import { hasWebKit, startWebKit } from "../../helpers/webkit.js";

const CONTRACT = JSON.parse(readFileSync(join(ROOT, "models", "contract.json"), "utf8"));
// libwebp multiplies such a picture by its alpha while it decodes, and WebKit has no way to ask for the colours under it.
const BEYOND = "alpha.webp";

describe.runIf(hasWebKit())("in WebKit (Debian: webkit2gtk-driver, xvfb)", () => {
  let site, webkit, driver;

  beforeAll(async () => {
    site = await serveSite();
    webkit = await startWebKit();
    ({ driver } = webkit);
  });

  afterAll(async () => {
    await webkit?.close();
    await site?.close();
  });

  beforeEach(async () => {
    await driver.get(site.address);
    await driver.findElement(By.css("html[data-engine=ready]"));
  });

  /** Give a file to the page and wait for the event that tells what came of it. */
  async function giveFile(path, event) {
    const listen = `window.next = new Promise((resolve) => {
      const keep = ({ detail: { preview, details, ...rest } }) => resolve(JSON.stringify(rest));
      document.addEventListener(arguments[0], keep, { once: true });
    });`;
    await driver.executeScript(listen, event);
    await driver.findElement(By.css("#file")).sendKeys(path);
    return JSON.parse(await driver.executeAsyncScript("window.next.then(arguments[0])"));
  }

  test("the command's answer for photos of every kind, and a line for what is none", async () => {
    const photos = sharePhotos();
    const expected = askCommand(photos.good);
    const wrong = [];
    for (const path of photos.good.filter((good) => basename(good) !== BEYOND)) {
      const { result } = await giveFile(path, "emoji-answer");
      if (!result || compareResults(result, expected[path], CONTRACT).length) wrong.push(basename(path));
    }
    expect(wrong).toEqual([]);
    for (const path of photos.bad) {
      const { failure } = await giveFile(path, "emoji-answer");
      expect([basename(path), failure?.error]).toEqual([basename(path), expect.any(String)]);
      expect(await driver.findElement(By.css("#message-text")).getText()).toContain(basename(path));
    }
  });

  const KEYS = {
    ArrowRight: Key.ARROW_RIGHT,
    Tab: Key.TAB,
    Enter: Key.ENTER,
    Escape: Key.ESCAPE,
    ArrowUp: Key.ARROW_UP,
    ArrowLeft: Key.ARROW_LEFT,
  };
  const page = {
    evaluate: (run, ...values) =>
      typeof run === "string"
        ? driver.executeScript(run)
        : driver.executeAsyncScript(
            `const values = [...arguments], done = values.pop(); Promise.resolve((${run})(...values)).then(done);`,
            ...values,
          ),
    giveFiles: (paths) => driver.findElement(By.css("#file")).sendKeys(paths.join("\n")),
    resize: async (width, height) => {
      const window = driver.manage().window();
      await window.setRect({ width, height });
      const bars = height - (await driver.executeScript("return window.innerHeight")); // the browser's own
      await window.setRect({ width, height: height + bars });
    },
    press: (key) => driver.actions().sendKeys(KEYS[key]).perform(),
  };

  test("on a phone, upright and on its side: an answer in view, two photos, a list, the camera", async () => {
    await checkPhone(page);
  });

  test("the keyboard alone, the saved picture, a face before the camera, and nothing that axe-core finds", async () => {
    await checkRest(page);
  });

  test("videos frame by frame, and a photo after them", async () => {
    const videos = shareVideos();
    for (const name of ["scenes.mkv", "phone.mov", "two.mp4"]) {
      const { rows, failure } = await giveFile(join(videos, name), "emoji-timeline");
      const expected = askTimeline(videos, name);
      expect([name, failure]).toEqual([name, undefined]);
      expect(rows.map(({ frame, track }) => [frame, track])).toEqual(
        expected.map(({ frame, track }) => [frame, track]),
      );
      const { time, box, score } = compareRows(rows, expected);
      expect(time).toBeLessThan(0.001);
      expect(box).toBeLessThan(2);
      expect(score).toBeLessThan(0.1);
    }
    const sample = join(ROOT, "models", "golden", "photos", "portrait.jpg");
    const { result } = await giveFile(sample, "emoji-answer");
    expect(compareResults(result, askCommand([sample])[sample], CONTRACT)).toEqual([]);
  });

  test("Arabic from right to left, and the dashboard's charts", async () => {
    await driver.findElement(By.css("#language option[value=ar]")).click();
    await driver.findElement(By.css("html[dir=rtl]"));
    await driver.get(`${site.address}dashboard.html`);
    await driver.findElement(By.css("html[dir=rtl]"));
    const count = () => driver.executeScript("return document.querySelectorAll('main svg').length");
    await driver.wait(async () => (await count()) > 10, 60_000);
    await checkDashboard(page);
    await driver.findElement(By.css("#language option[value=ar]")).click();
    await driver.findElement(By.css("html[dir=rtl]"));
    const text = await driver.executeScript("return document.body.textContent");
    expect(text).toMatch(/\d\u200e?%/);
    expect(text).not.toMatch(/[٠-٩]/); // the same digits in numbers and in texts
  });
});
