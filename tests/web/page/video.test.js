// Videos on the page: read frame by frame, the command's rows, a timeline that seeks, and its files.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeAll, expect, test } from "vitest";
import { openPage, startSite } from "../../helpers/page.js";
import { ROOT, serveSite } from "../../helpers/site.js";
import { askTimeline, compareRows, shareVideos } from "../../helpers/videos.js";

const CONTRACT = JSON.parse(readFileSync(join(ROOT, "models", "contract.json"), "utf8"));
let videos, site, browser, page;

beforeAll(async () => {
  videos = shareVideos();
  const own = await startSite();
  ({ site, browser } = own);
  return own.close;
});

afterEach(async () => {
  expect(page.problems.filter((text) => !text.includes("MEDIA_ERR"))).toEqual([]);
  await page.context().close();
});

/** Begin something and wait for the timeline that it leaves. */
async function awaitTimeline(begin) {
  await page.evaluate(() => {
    window.nextTimeline = new Promise((resolve) =>
      document.addEventListener("emoji-timeline", ({ detail }) => resolve(detail), { once: true }),
    );
  });
  await begin();
  return page.evaluate(() => window.nextTimeline);
}

const readVideo = (name) => awaitTimeline(() => page.setInputFiles("#file", join(videos, name)));

test("a lossless video in RGB: the rows of the command, from the same pixels", async () => {
  page = await openPage(browser, site.address);
  const { rows, failure } = await readVideo("exact.webm");
  const expected = askTimeline(videos, "exact.webm");
  expect(failure).toBeUndefined();
  expect(rows.map(({ frame, track, expression }) => [frame, track, expression])).toEqual(
    expected.map(({ frame, track, expression }) => [frame, track, expression]),
  );
  expect(Object.keys(rows[0])).toEqual(Object.keys(expected[0]));
  const { time, box, score } = compareRows(rows, expected);
  expect(time).toBeLessThan(1e-6);
  expect(box).toBeLessThanOrEqual(CONTRACT.same_answer.box);
  expect(score).toBeLessThanOrEqual(CONTRACT.same_answer.score);
});

test("videos are not searched in tiles, as the command's are not, and photos are", async () => {
  page = await openPage(browser, site.address);
  const { rows } = await readVideo("wide.webm");
  expect(rows.map(({ track }) => track)).toEqual([1, 1]);
  expect(askTimeline(videos, "wide.webm").map(({ track }) => track)).toEqual([1, 1]);
  const command = [join(ROOT, ".venv", "bin", "emoji-edge"), join(videos, "wide.png"), "--format", "json"];
  const photo = JSON.parse(execFileSync(command[0], command.slice(1), { encoding: "utf8" }));
  expect(photo.faces).toHaveLength(2);
});

test.each(["plain.webm", "variable.mp4", "scenes.mkv", "phone.mov", "two.mp4"])(
  "%s: frames, times and tracks of the command; the colours are converted by another library",
  async (name) => {
    page = await openPage(browser, site.address);
    const { rows } = await readVideo(name);
    const expected = askTimeline(videos, name);
    expect(rows.map(({ frame, track }) => [frame, track])).toEqual(expected.map(({ frame, track }) => [frame, track]));
    const { time, box, score } = compareRows(rows, expected);
    expect(time).toBeLessThan(0.001);
    expect(box).toBeLessThan(2);
    expect(score).toBeLessThan(0.1);
  },
);

test("a timeline: rows of faces, emoji, a summary, and a click and keys that seek", async () => {
  page = await openPage(browser, site.address);
  await readVideo("scenes.mkv");
  expect(await page.isHidden("#timeline")).toBe(false);
  expect(await page.$$eval("#timeline-chart path[data-label]", (paths) => paths.length)).toBeGreaterThanOrEqual(2);
  expect(await page.$$eval("#timeline-chart image", (images) => images.length)).toBeGreaterThanOrEqual(2);
  expect(await page.textContent("#summary")).toMatch(/^Faces found: 2\. Face 1: .*Happy for .*Face 2: Happy for/);
  await page.locator("#timeline-slider").scrollIntoViewIfNeeded();
  const box = await page.locator("#timeline-slider").boundingBox();
  await page.mouse.move(box.x + 90, box.y + 60);
  expect(await page.textContent("#timeline-reading")).toMatch(/^0:00\.\d\d: face 1 Happy 9\d%$/);
  await page.mouse.click(box.x + box.width - 20, box.y + 60);
  expect(await page.$eval("#clip-video", (video) => video.currentTime)).toBeGreaterThan(2.3);
  await page.focus("#timeline-slider");
  await page.keyboard.press("Home");
  expect(await page.$eval("#clip-video", (video) => video.currentTime)).toBe(0);
  await page.keyboard.press("Shift+ArrowRight");
  expect(await page.$eval("#clip-video", (video) => video.currentTime)).toBeCloseTo(0.1, 3);
  await page.keyboard.press("ArrowRight");
  expect(await page.getAttribute("#timeline-slider", "aria-valuetext")).toMatch(/^0:01\.10: face 1 /);
  await page.waitForFunction(() => document.querySelectorAll("#clip-boxes image").length === 1);
  await page.keyboard.press("End");
  expect(await page.getAttribute("#timeline-slider", "aria-valuetext")).toMatch(/^0:02\.50: face 2 Happy/);
});

test("keys faster than the player: no frame from before takes the moment back", async () => {
  page = await openPage(browser, site.address);
  await readVideo("scenes.mkv");
  await page.focus("#timeline-slider");
  const moments = await page.evaluate(async () => {
    const slider = document.querySelector("#timeline-slider");
    const player = document.querySelector("#clip-video");
    const press = (key, shiftKey) => slider.dispatchEvent(new KeyboardEvent("keydown", { key, shiftKey }));
    const seen = [];
    press("Home", false);
    new MutationObserver(() => seen.push(Number(slider.ariaValueNow))).observe(slider, {
      attributeFilter: ["aria-valuenow"],
    });
    for (let i = 0; i < 12; i++) {
      // "seeked" comes before the callback of the frame that is then shown: this press overtakes it.
      if (player.seeking) await new Promise((resolve) => player.addEventListener("seeked", resolve, { once: true }));
      press("ArrowRight", true);
    }
    await new Promise((resolve) => setTimeout(resolve, 300));
    return seen;
  });
  expect(moments).toEqual([...moments].sort((a, b) => a - b));
  expect(moments.at(-1)).toBeCloseTo(1.2, 3);
});

test("the table, smoothed scores, and the other language", async () => {
  page = await openPage(browser, site.address);
  const { rows } = await readVideo("scenes.mkv");
  await page.click(".timeline-details summary");
  const read = () => page.$$eval("#timeline-table tbody tr", (lines) => lines.map((line) => line.textContent));
  await page.waitForSelector("#timeline-table tbody td");
  const raw = await read();
  expect(raw[0]).toMatch(/^10:00\.000:0\d\.\d\dHappy9\d%/);
  await page.click("#timeline-smooth");
  expect(await page.getAttribute("#timeline-smooth", "aria-pressed")).toBe("true");
  expect(await read()).not.toEqual(raw);
  expect(rows.filter(({ happy }) => happy < 0.8).length).toBe(6); // the rows themselves are never smoothed
  await page.selectOption("#language", "de");
  await page.waitForSelector("html[lang=de]");
  expect(await page.textContent("#timeline-title")).toBe("Zeitleiste");
  expect(await page.textContent("#clip-status")).toBe("26 Bilder gelesen.");
  expect(await page.textContent("#summary")).toMatch(/^Gefundene Gesichter: 2\. Gesicht 1: /);
  expect(await page.textContent("#timeline-chart > g > text")).toBe("Gesicht 1");
});

test.each([
  ["csv", /^video,frame,time,track,x0/],
  ["json", /^\{"results": \[\n\{"video"/],
  ["svg", /^<svg[^>]+xmlns="http:\/\/www.w3.org\/2000\/svg"[\s\S]+data:image\/png;base64/],
  ["png", /^.PNG/],
])("saves the timeline as %s", async (kind, beginning) => {
  page = await openPage(browser, site.address);
  const { rows } = await readVideo("two.mp4");
  const [download] = await Promise.all([page.waitForEvent("download"), page.click(`[data-save=${kind}]`)]);
  expect(download.suggestedFilename()).toBe(`two-timeline.${kind}`);
  const content = readFileSync(await download.path());
  expect(content.toString(kind === "png" ? "latin1" : "utf8")).toMatch(beginning);
  if (kind === "csv") {
    const lines = content.toString().trim().split("\n");
    expect(lines.length).toBe(rows.length + 1);
    expect(lines[1].split(",").slice(1, 8).map(Number)).toEqual(
      [rows[0]].flatMap(({ frame, time, track, x0, y0, x1, y1 }) => [frame, time, track, x0, y0, x1, y1]),
    );
  }
});

test("stop ends the reading and keeps what is there; a photo takes the video's place", async () => {
  page = await openPage(browser, site.address);
  const found = await awaitTimeline(async () => {
    await page.setInputFiles("#file", join(videos, "plain.webm"));
    await page.waitForSelector("#timeline-chart path[data-label]");
    await page.click("#clip-stop");
  });
  expect(found.times.length).toBeGreaterThan(0);
  expect(found.times.length).toBeLessThan(26);
  expect(await page.textContent("#clip-status")).toMatch(/^Stopped after \d+ frames\.$/);
  await page.click("#sample");
  await page.waitForSelector("article");
  expect(await page.isHidden("#clip")).toBe(true);
  expect(await page.isHidden("#timeline")).toBe(true);
  expect(await page.$eval("#clip-video", (video) => video.getAttribute("src"))).toBe(null);
});

test("fewer frames where the visitor asks for them", async () => {
  page = await openPage(browser, site.address);
  await readVideo("scenes.mkv");
  const { times } = await awaitTimeline(() => page.selectOption("#clip-every", "1"));
  expect(times).toEqual([0, 1, 2]);
});

/** What runs in the worker before anything else. */
async function openWith(page, program) {
  await page.route(/worker-.*\.js$/, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: `${program};${await response.text()}` });
  });
  await page.reload();
  await page.waitForSelector("html[data-engine=ready]");
}

const COUNT = `{
  globalThis.decoded = 0;
  const { decode } = VideoDecoder.prototype;
  VideoDecoder.prototype.decode = function (...values) {
    globalThis.decoded++;
    return decode.apply(this, values);
  };
}`;
const BREAK = `globalThis.VideoDecoder = class extends VideoDecoder {
  left = 12;
  decode(chunk) {
    if (this.left-- > 0) super.decode(chunk);
  }
  async flush() {
    await super.flush();
    await new Promise((resolve) => setTimeout(resolve, 3000)); // until the frames before are read
    throw new DOMException("cannot be decoded", "EncodingError");
  }
}`;

test("another rate ends the reading of before", async () => {
  page = await openPage(browser, site.address);
  await openWith(page, COUNT);
  await page.setInputFiles("#file", join(videos, "scenes.mkv"));
  await page.waitForSelector("#timeline-chart path[data-label]");
  const { times } = await awaitTimeline(() => page.selectOption("#clip-every", "1"));
  expect(times).toEqual([0, 1, 2]);
  const [worker] = page.workers();
  const count = await worker.evaluate("decoded");
  expect(count).toBeGreaterThan(0);
  await page.waitForTimeout(1000);
  expect(await worker.evaluate("decoded")).toBe(count);
});

test("a video that is damaged in its middle: what is there, and that it is damaged", async () => {
  page = await openPage(browser, site.address);
  await openWith(page, BREAK);
  const { times, failure } = await readVideo("plain.webm");
  expect(failure).toBe("damaged");
  expect(times.length).toBeGreaterThan(0);
  expect(times.length).toBeLessThan(26);
  expect(await page.textContent("#clip-status")).toMatch(/^Stopped after \d+ frames\.$/);
  expect(await page.textContent("#message-text")).toContain("plain.webm");
});

test("another backend while a video is read: it is read again, and afterwards by that one", async () => {
  page = await openPage(browser, site.address);
  const choose = async (name) => {
    await page.selectOption("#backend", name);
    await page.waitForFunction(
      (backend) => document.querySelector("#device-text").textContent.includes(`on ${backend}`),
      name,
    );
  };
  await choose("cpu"); // the slow one: it is at work when the next is chosen
  const { times, failure } = await awaitTimeline(async () => {
    await page.setInputFiles("#file", join(videos, "plain.webm"));
    await page.waitForSelector("#timeline-chart path[data-label]");
    await choose("wasm");
  });
  expect([times.length, failure]).toEqual([26, undefined]);
  expect(await page.isHidden("#message")).toBe(true);
  await choose("cpu");
  const again = await awaitTimeline(() => page.selectOption("#clip-every", "1"));
  expect(again.times).toEqual([0, 1, 2]);
});

test.each([
  ["broken.mp4", /^broken\.mp4 is of a kind that this browser cannot open/],
  ["foreign.mkv", /^This browser cannot decode the pictures of foreign\.mkv/],
])("%s: one clear message", async (name, message) => {
  page = await openPage(browser, site.address);
  const { rows } = await readVideo(name);
  expect(rows).toEqual([]);
  expect(await page.textContent("#message-text")).toMatch(message);
  expect(await page.isHidden("#timeline")).toBe(true);
});

test("a cut end: the frames that are there", async () => {
  page = await openPage(browser, site.address);
  const { times } = await readVideo("cut.webm");
  expect(times.length).toBeGreaterThan(5);
  expect(times.length).toBeLessThanOrEqual(30);
});

test("on a phone nothing is wider than the screen", async () => {
  page = await openPage(browser, site.address, { viewport: { width: 390, height: 844 } });
  const { rows } = await readVideo("two.mp4");
  expect(rows.length).toBe(30);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
});

test("without WebCodecs the video is played once, and that gives its timeline", async () => {
  page = await openPage(browser, site.address);
  await openWith(page, "delete globalThis.VideoDecoder");
  const { rows, times, failure } = await readVideo("plain.webm");
  expect(failure).toBeUndefined();
  expect(times.length).toBeGreaterThan(5);
  expect(times.length).toBeLessThanOrEqual(26);
  expect(rows[0].expression).toBe("happy");
  expect(await page.isVisible("#timeline-chart")).toBe(true);
});

test("a browser that does not tell of a video's frames reads what it shows, and can be stopped where nothing comes", async () => {
  page = await openPage(browser, site.address);
  await openWith(page, "delete globalThis.VideoDecoder");
  await page.evaluate(() => delete HTMLVideoElement.prototype.requestVideoFrameCallback);
  const { rows, failure } = await readVideo("scenes.mkv");
  expect([rows.length > 0, failure]).toEqual([true, undefined]);
  await page.evaluate(() => (HTMLMediaElement.prototype.play = () => new Promise(() => {})));
  const { failure: stopped } = await awaitTimeline(async () => {
    await page.setInputFiles("#file", join(videos, "plain.webm"));
    await page.waitForFunction(() => document.querySelector("#clip-status").textContent.startsWith("This browser"));
    await page.click("#clip-stop");
  });
  expect(stopped).toBeUndefined();
  expect(await page.isHidden("#clip-stop")).toBe(true);
});

test("it is read without a network on the first visit, once the page is kept on the device", async () => {
  const away = await serveSite();
  page = await openPage(browser, away.address, { serviceWorkers: "allow" });
  await page.waitForFunction(() => navigator.serviceWorker.controller && document.documentElement.dataset.offline);
  await away.close();
  const { rows } = await readVideo("exact.webm");
  const expected = askTimeline(videos, "exact.webm");
  expect(rows.length).toBe(expected.length);
  expect(compareRows(rows, expected).score).toBeLessThanOrEqual(CONTRACT.same_answer.score);
});
