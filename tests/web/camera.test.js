// The live webcam, with Chromium's fake device fed from a video of the portrait.

import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { awaitAnswer, makePhotos, openPage } from "./page.js";
import { serveSite, startChromium } from "./site.js";

let photos, site, browser, page;

const FAKE = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"];

beforeAll(async () => {
  photos = makePhotos();
  site = await serveSite();
  browser = await startChromium([...FAKE, `--use-file-for-fake-video-capture=${join(photos.folder, "camera.y4m")}`]);
});

afterAll(async () => {
  await browser?.close();
  await site?.close();
  photos?.remove();
});

afterEach(async () => {
  await page.context().close();
});

/** Open the page with the camera on, every track that it ever got noted. */
async function openCamera() {
  page = await openPage(browser, site.address);
  await page.evaluate(() => {
    window.tracks = [];
    const devices = navigator.mediaDevices;
    const ask = devices.getUserMedia.bind(devices);
    devices.getUserMedia = async (wanted) => {
      const stream = await ask(wanted);
      window.tracks.push(...stream.getTracks());
      return stream;
    };
  });
  await page.click("#camera-start");
  await page.waitForSelector("article");
}

const readStates = () => page.evaluate(() => window.tracks.map((track) => track.readyState));

test("live: a card, a box and the rate; the stop button lets the camera go", async () => {
  await openCamera();
  await page.waitForFunction(() => /^\d+ frames a second$/.test(document.querySelector("#camera-rate").textContent));
  expect(await page.getAttribute("#result", "aria-live")).toBe("off");
  expect(await page.$$eval("article .podium li", (places) => places.length)).toBe(3);
  expect(await page.$$eval("#camera-boxes .box-line", (rects) => rects.length)).toBe(1);
  expect(await page.$$eval("video", ([video]) => [video.videoWidth, video.videoHeight])).toEqual([640, 480]);
  expect(await readStates()).toEqual(["live"]);
  await page.click("#camera-stop");
  expect(await readStates()).toEqual(["ended"]);
  expect(await page.isHidden("#camera")).toBe(true);
  expect(await page.$$("article")).toEqual([]);
  expect(page.problems).toEqual([]);
});

test("the picture of the moment is answered like a photo", async () => {
  await openCamera();
  const { result } = await awaitAnswer(page, () => page.click("#camera-keep"));
  expect(result).toMatchObject({ photo: "camera.png", size: [640, 480] });
  expect(result.faces.length).toBe(1);
  expect(await readStates()).toEqual(["ended"]);
  expect(await page.isVisible("#photo")).toBe(true);
});

test("the camera is let go when the tab is hidden", async () => {
  await openCamera();
  await page.evaluate(() => {
    Object.defineProperty(document, "hidden", { get: () => true });
    document.dispatchEvent(new Event("visibilitychange"));
  });
  expect(await readStates()).toEqual(["ended"]);
  expect(await page.textContent("#message-text")).toContain("tab was hidden");
});

test("a camera that is refused or missing is said, and the page goes on", async () => {
  page = await openPage(browser, site.address);
  for (const [name, text] of [["NotAllowedError", "not allowed"], ["NotFoundError", "No camera"], ["NotReadableError", "another program"]]) {
    await page.evaluate((problem) => {
      navigator.mediaDevices.getUserMedia = async () => {
        throw new DOMException("no", problem);
      };
    }, name);
    await page.click("#camera-start");
    await page.waitForFunction((part) => document.querySelector("#message-text").textContent.includes(part), text);
    expect(await page.isVisible("#choose")).toBe(true);
  }
  const { result } = await awaitAnswer(page, () => page.click("#sample"));
  expect(result.faces.length).toBe(1);
});
