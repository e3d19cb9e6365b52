// The live webcam, with Chromium's fake device fed from a video of the portrait.

import { readFileSync } from "node:fs";
import { afterEach, beforeAll, expect, test } from "vitest";
import { awaitAnswer, openPage, startSite } from "../../helpers/page.js";

let site, browser, page;

beforeAll(async () => {
  const own = await startSite({ withCamera: true });
  ({ site, browser } = own);
  return own.close;
});

afterEach(async () => {
  await page.context().close();
});

/** Open the page with the camera on, every track that it ever got noted. */
async function openCamera(options = {}) {
  page = await openPage(browser, site.address, options);
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
  expect(await page.getAttribute("#summary", "aria-live")).toBe("off");
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

test("a session leaves its timeline, which a photo replaces", async () => {
  await openCamera();
  await page.waitForTimeout(1500);
  await page.click("#camera-stop");
  await page.waitForSelector("#timeline-chart path[data-label]");
  expect(await page.textContent("#timeline-reading")).toMatch(/^0:00\.00: (face 1|no face)/);
  const [download] = await Promise.all([page.waitForEvent("download"), page.click("[data-save=csv]")]);
  expect(download.suggestedFilename()).toBe("camera-timeline.csv");
  await page.click("#sample");
  await page.waitForSelector("article");
  expect(await page.isHidden("#timeline")).toBe(true);
});

test("the picture of the moment is answered like a photo", async () => {
  await openCamera();
  const { result } = await awaitAnswer(page, () => page.click("#camera-keep"));
  expect(result).toMatchObject({ photo: "camera.png", size: [640, 480] });
  expect(result.faces.length).toBe(1);
  expect(await readStates()).toEqual(["ended"]);
  expect(await page.isVisible("#photo")).toBe(true);
});

test.each([
  ["a desktop", { width: 1280, height: 900 }],
  ["a phone", { width: 390, height: 844 }],
])("on %s a card's rows stay where they are while the order of the expressions changes", async (_, viewport) => {
  await openCamera({ viewport });
  const seen = await page.evaluate(async () => {
    const open = window.createImageBitmap.bind(window);
    const faces = await Promise.all(
      ["smile", "unsure", "angry", "sad"].map(async (name) => open(await (await fetch(`samples/${name}.jpg`)).blob())),
    );
    const begin = performance.now();
    window.createImageBitmap = () => open(faces[Math.floor((performance.now() - begin) / 1500) % faces.length]);
    const notes = { firsts: new Set(), rows: new Set(), places: new Set(), badges: new Set() };
    while (performance.now() - begin < 6000) {
      await new Promise((resolve) => requestAnimationFrame(resolve));
      const card = document.querySelector("article");
      if (card?.getAnimations().some(({ playState }) => playState === "running")) continue; // a new card comes in
      if (!card) continue;
      const find = (selector) => [...card.querySelectorAll(selector)];
      notes.firsts.add(find(".podium-name")[0].textContent);
      notes.badges.add(find(".badge-unsure")[0].hidden);
      notes.rows.add(
        find(".row-name")
          .map((name) => name.textContent)
          .join(),
      );
      notes.places.add(
        find("tbody tr")
          .map((row) => Math.round(row.getBoundingClientRect().top))
          .join(),
      );
    }
    return Object.fromEntries(Object.entries(notes).map(([name, values]) => [name, [...values]]));
  });
  expect(seen.firsts.length).toBeGreaterThan(2);
  expect(seen.badges.length).toBe(2);
  expect(seen.rows).toEqual(["Angry,Disgust,Fear,Happy,Sad,Surprise,Neutral"]);
  expect(seen.places).toHaveLength(1);
});

test.each(["en", "de", "es", "fr", "ar"])(
  "in %s the rows of several faces stay where they are on a phone when one is not sure",
  async (language) => {
    await openCamera({ viewport: { width: 390, height: 844 } });
    await page.selectOption("#language", language);
    await page.waitForSelector(`html[lang=${language}]`);
    const seen = await page.evaluate(async () => {
      const open = window.createImageBitmap.bind(window);
      const load = async (name) => open(await (await fetch(`samples/${name}.jpg`)).blob());
      const [sure, unsure] = [await load("smile"), await load("unsure")];
      const pair = async (first) => {
        const canvas = new OffscreenCanvas(first.width + sure.width, Math.max(first.height, sure.height));
        const context = canvas.getContext("2d");
        context.drawImage(first, 0, 0);
        context.drawImage(sure, first.width, 0);
        return open(canvas);
      };
      const begin = performance.now();
      window.createImageBitmap = () => pair(Math.floor((performance.now() - begin) / 4000) % 2 ? unsure : sure);
      const [looks, heights] = [new Set(), new Set()];
      while (performance.now() - begin < 30_000 && looks.size < 2) {
        await new Promise((resolve) => requestAnimationFrame(resolve));
        const cards = [...document.querySelectorAll("article")];
        if (
          cards.length !== 2 ||
          cards.some((card) => card.getAnimations().some(({ playState }) => playState === "running"))
        )
          continue;
        looks.add(String(cards.some((card) => card.dataset.unsure === "true")));
        heights.add(cards.map((card) => Math.round(card.getBoundingClientRect().height)).join());
      }
      return { looks: [...looks].sort(), heights: [...heights] };
    });
    expect(seen.looks).toEqual(["false", "true"]);
    expect(seen.heights).toHaveLength(1);
  },
);

test("the main button, which has the focus, takes the picture by the keyboard too", async () => {
  await openCamera();
  expect(await page.$$eval(".camera-bar .button-main", (all) => all.map(({ id }) => id))).toEqual(["camera-keep"]);
  const { result } = await awaitAnswer(page, () => page.keyboard.press("Enter"));
  expect(result).toMatchObject({ photo: "camera.png", size: [640, 480] });
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
  for (const [name, text] of [
    ["NotAllowedError", "not allowed"],
    ["NotFoundError", "No camera"],
    ["NotReadableError", "another program"],
  ]) {
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

/** Let getUserMedia wait until window.allow() is called. */
const holdCamera = () =>
  page.evaluate(() => {
    window.tracks = [];
    const devices = navigator.mediaDevices;
    const ask = devices.getUserMedia.bind(devices);
    const allowed = new Promise((resolve) => (window.allow = resolve));
    devices.getUserMedia = async (wanted) => {
      await allowed;
      const stream = await ask(wanted);
      window.tracks.push(...stream.getTracks());
      return stream;
    };
  });

test("a camera that is refused takes nothing from a photo that is being answered", async () => {
  page = await openPage(browser, site.address);
  await page.evaluate(() => {
    navigator.mediaDevices.getUserMedia = async () => {
      throw new DOMException("no", "NotAllowedError");
    };
  });
  const { result } = await awaitAnswer(page, async () => {
    await page.evaluate(() => {
      document.querySelector("#sample").click();
      document.querySelector("#camera-start").click();
    });
  });
  expect(result.faces.length).toBe(1);
  await page.waitForSelector("article");
  expect(await page.getAttribute("#result", "aria-busy")).toBe("false");
  expect(page.problems).toEqual([]);
});

test("a photo that is chosen while the camera opens keeps the camera off", async () => {
  page = await openPage(browser, site.address);
  await holdCamera();
  await page.click("#camera-start");
  await awaitAnswer(page, () => page.click("#sample"));
  await page.evaluate(() => window.allow());
  await page.waitForFunction(() => window.tracks[0]?.readyState === "ended");
  expect([await page.isVisible("#photo"), await page.isHidden("#camera")]).toEqual([true, true]);
  expect(await page.isHidden("#message")).toBe(true);
});

test("two clicks start one camera, and a stop while it begins is no failure", async () => {
  page = await openPage(browser, site.address);
  await holdCamera();
  await page.evaluate(() => {
    for (let i = 0; i < 2; i++) document.querySelector("#camera-start").click();
    HTMLMediaElement.prototype.play = function () {
      return new Promise((_, reject) => {
        const end = () => this.srcObject ?? reject(new DOMException("", "AbortError"));
        this.addEventListener("emptied", end);
      });
    };
    window.allow();
  });
  await page.waitForFunction(() => window.tracks.length === 2);
  await expect.poll(async () => (await readStates()).toSorted()).toEqual(["ended", "live"]);
  await page.click("#camera-stop");
  expect(await readStates()).toEqual(["ended", "ended"]);
  await page.waitForTimeout(300);
  expect(await page.isHidden("#message")).toBe(true);
  expect(page.problems).toEqual([]);
});

test("the other camera: the first is off before the second is asked for, and the session goes on", async () => {
  await openCamera();
  await page.evaluate(() => {
    const devices = navigator.mediaDevices;
    const ask = devices.getUserMedia.bind(devices);
    window.asked = [];
    devices.getUserMedia = ({ video: { deviceId, facingMode } }) => {
      window.asked.push({ deviceId, facingMode, states: window.tracks.map((track) => track.readyState) });
      return ask({ video: true });
    };
    devices.enumerateDevices = async () => ["first", "second"].map((deviceId) => ({ kind: "videoinput", deviceId }));
    MediaStreamTrack.prototype.getSettings = () => ({ deviceId: "first" }); // as a desktop's, with no side
    document.querySelector("#camera-turn").hidden = false;
  });
  await page.waitForTimeout(500);
  await page.click("#camera-turn");
  await page.waitForFunction(() => window.tracks.length === 2);
  await page.waitForTimeout(1000);
  await page.click("#camera-stop");
  expect(await page.evaluate(() => window.asked)).toEqual([{ deviceId: { exact: "second" }, states: ["ended"] }]);
  await page.waitForSelector("#timeline-chart path[data-label]");
  const [download] = await Promise.all([page.waitForEvent("download"), page.click("[data-save=csv]")]);
  const [head, ...lines] = readFileSync(await download.path(), "utf8")
    .trim()
    .split("\n");
  const column = head.split(",").indexOf("time");
  const times = lines.map((line) => Number(line.split(",")[column]));
  expect(times.every((time, i) => i === 0 || time > times[i - 1])).toBe(true);
  expect(times.at(-1)).toBeGreaterThan(1);
});

test("a camera that is unplugged is said, and the photo of before comes back", async () => {
  await openCamera();
  await page.evaluate(() => window.tracks[0].dispatchEvent(new Event("ended")));
  await page.waitForFunction(() =>
    document.querySelector("#message-text").textContent.startsWith("The camera is gone"),
  );
  expect(await page.isHidden("#camera")).toBe(true);
});
