// What a visitor does with the page beside one photo, in whichever browser a driver has: a group, a list, two photos, the keyboard
// alone, the saved picture, the camera; and what axe-core says of it all.

import { join } from "node:path";
import { expect } from "vitest";
import { runAxe, sharePhotos, SAMPLE } from "./page.js";
import { ROOT } from "./site.js";

const GROUP = join(ROOT, "models", "golden", "photos", "group.jpg");
const UNSURE = join(ROOT, "web", "page", "public", "samples", "unsure.jpg");

/**
 * @typedef {object} Driver
 * @property {(run: Function, ...values: any[]) => Promise<any>} evaluate runs a function in the page and waits for its promise
 * @property {(paths: string[]) => Promise<void>} giveFiles gives files to the page, as its chooser does
 * @property {(width: number, height: number) => Promise<void>} resize gives the page so much room
 * @property {(key: string) => Promise<void>} press presses a key: "Tab", "Enter", "Escape", "ArrowUp"
 */

const STILL = "* { transition: none !important; animation: none !important; }"; // axe-core would read half a change of colours

/** Wait in the page until an element fits a selector and is shown. */
const awaitShown = ({ evaluate }, selector) =>
  evaluate(async (wanted) => {
    const isShown = () => [...document.querySelectorAll(wanted)].some((element) => element.checkVisibility());
    while (!isShown()) await new Promise((resolve) => setTimeout(resolve, 50));
  }, selector);

const click = ({ evaluate }, selector) => evaluate((wanted) => document.querySelector(wanted).click(), selector);
const choose = ({ evaluate }, selector, value) =>
  evaluate(
    (wanted, chosen) => {
      const select = document.querySelector(wanted);
      select.value = chosen;
      select.dispatchEvent(new Event("change", { bubbles: true }));
    },
    selector,
    value,
  );
const count = ({ evaluate }, selector) => evaluate((wanted) => document.querySelectorAll(wanted).length, selector);

/** Give one photo and return how long the first emoji and the summary took to be wholly in view after the answer, in ms. */
async function seeAnswer({ evaluate, giveFiles }, path) {
  await evaluate(() => {
    const isInView = (selector) => {
      const { top, bottom, height } = document.querySelector(selector)?.getBoundingClientRect() ?? { height: 0 };
      return height > 0 && top >= 0 && bottom <= window.innerHeight;
    };
    window.seen = new Promise((resolve) => {
      const watch = async () => {
        const begin = performance.now();
        while (!isInView("#boxes image") || !isInView("#summary")) await new Promise(requestAnimationFrame);
        resolve(performance.now() - begin);
      };
      document.addEventListener("emoji-answer", watch, { once: true });
    });
  });
  await giveFiles([path]);
  return evaluate(() => window.seen);
}

/** One photo, in whatever window: how long its answer took to be in view, in ms. */
const tourAnswer = (driver) => seeAnswer(driver, SAMPLE);

/** One photo, a group, that beside another photo, and a list; what the page showed of each. */
async function tourPhotos(driver) {
  const one = await seeAnswer(driver, SAMPLE);
  const group = await seeAnswer(driver, GROUP);
  const faces = await count(driver, ".card-face .thumbnail");
  await click(driver, "#compare-start");
  await awaitShown(driver, "#compare");
  await driver.giveFiles([SAMPLE]);
  await awaitShown(driver, ".compare-photo + .compare-photo");
  const compared = await count(driver, ".compare-photo");
  await click(driver, "#compare-end");
  await driver.giveFiles([SAMPLE, GROUP, sharePhotos().bad.find((path) => path.endsWith("/text.jpg"))]);
  await awaitShown(driver, "#list-rows li:nth-child(3)");
  await driver.evaluate(async () => {
    while (!document.querySelector("#list-stop").hidden) await new Promise((resolve) => setTimeout(resolve, 50));
  });
  const readNames = () =>
    driver.evaluate(() =>
      [...document.querySelectorAll("#list-rows li:not([hidden]) .list-name")].map((name) => name.textContent),
    );
  const rows = await readNames();
  await choose(driver, "#list-order", "name");
  const ordered = await readNames();
  await choose(
    driver,
    "#list-filter",
    await driver.evaluate(() => document.querySelector("#list-filter").lastChild.value),
  );
  const filtered = await readNames();
  await click(driver, "#list-save summary");
  const [csv, json] = [await saveBy(driver, "#list-csv"), await saveBy(driver, "#list-json")];
  const saved = {
    csv: new Set(
      csv.text
        .trim()
        .split("\n")
        .slice(1)
        .map((row) => row.split(",")[0]),
    ).size,
    json: JSON.parse(json.text).results.map((result) => result.faces?.length ?? result.error.length > 0),
    zip: (({ name, text }) => [name, text.slice(0, 2)])(await saveBy(driver, "#list-zip")),
  };
  await driver.evaluate(() => {
    const writeText = async (text) => (window.copied = text);
    Object.defineProperty(navigator, "clipboard", { value: { writeText } });
  });
  await click(driver, "#list-copy");
  const copied = await driver.evaluate(async () => {
    while (!window.copied) await new Promise((resolve) => setTimeout(resolve, 50));
    return window.copied.trim().split("\n").length;
  });
  return { one, group, compared, faces, rows, ordered, filtered, saved, copied };
}

/** Show a language and say what axe-core finds. */
async function judge(driver, language) {
  await driver.evaluate((still) => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(still);
    document.adoptedStyleSheets = [sheet];
  }, STILL);
  await choose(driver, "#language", language);
  await driver.evaluate(async (wanted) => {
    while (document.documentElement.lang !== wanted) await new Promise((resolve) => setTimeout(resolve, 50));
  }, language);
  return runAxe(driver);
}

/** A face of which people would say different things: how many sizes its three emoji have, and whether all are muted. */
async function tourUnsure(driver) {
  await awaitAnswer(driver, () => driver.giveFiles([UNSURE]));
  return driver.evaluate(() => {
    const emoji = [...document.querySelectorAll(".podium img")];
    const sizes = new Set(emoji.map((image) => image.offsetWidth)).size;
    return { sizes, muted: emoji.every((image) => Number(getComputedStyle(image).opacity) < 1) };
  });
}

/** The dashboard, once it is open: its figures, a guess, slides by keyboard, and what axe-core finds. */
async function tourDashboard(driver) {
  await awaitShown(driver, "#main[data-ready]");
  const empty = await driver.evaluate(async () => {
    const listEmpty = () => [...document.querySelectorAll(".drawing")].filter((svg) => !svg.childElementCount);
    while (listEmpty().length) await new Promise((resolve) => setTimeout(resolve, 50));
    return document.querySelectorAll(".drawing").length === 0;
  });
  await click(driver, ".round button[data-word=sad]");
  const found = await judge(driver, "fr");
  await click(driver, "#present");
  await driver.press("ArrowRight");
  const slides = await driver.evaluate(() =>
    [...document.querySelectorAll(".slide")].filter((slide) => slide.offsetHeight > 0).map((slide) => slide.id),
  );
  await driver.press("Escape");
  await driver.evaluate(async () => {
    while (document.body.classList.contains("presenting")) await new Promise((resolve) => setTimeout(resolve, 50));
  });
  return { empty, found, slides };
}

/** One face, a group of which one is open, and an error from afar: all that axe-core finds, and whether the error is in view. */
async function tourStates(driver) {
  await awaitAnswer(driver, () => driver.giveFiles([SAMPLE]));
  const found = await judge(driver, "en");
  await awaitAnswer(driver, () => driver.giveFiles([GROUP]));
  await click(driver, ".card-face summary");
  found.push(...(await judge(driver, "ar")));
  await driver.evaluate(() => window.scrollTo(0, document.body.scrollHeight));
  const bad = sharePhotos().bad.find((path) => path.endsWith("/text.jpg"));
  await awaitAnswer(driver, () => driver.giveFiles([bad]));
  const inView = await driver.evaluate(() => {
    const { top, bottom, height } = document.querySelector("#message-text").getBoundingClientRect();
    return height > 0 && top >= 0 && bottom <= window.innerHeight;
  });
  found.push(...(await judge(driver, "de")));
  await choose(driver, "#language", "en");
  return { found, inView };
}

/** Begin something and wait for its answer: the faces' boxes. */
async function awaitAnswer({ evaluate }, begin) {
  await evaluate(() => {
    window.boxes = new Promise((resolve) => {
      const keep = ({ detail: { result } }) => resolve(result?.faces.map(({ box }) => box));
      document.addEventListener("emoji-answer", keep, { once: true });
    });
  });
  await begin();
  return evaluate(() => window.boxes);
}

const findFocus = ({ evaluate }) => evaluate(() => document.activeElement?.id || document.activeElement?.className);

/** Press Tab until an element has the focus. */
async function tabTo(driver, id) {
  for (let count = 0; count < 60; count++) {
    await driver.press("Tab");
    if ((await findFocus(driver)) === id) return;
  }
  throw new Error(`#${id} cannot be reached by Tab`);
}

/** The keyboard alone, on a new page: what has the focus in turn, and the drawn square beside the box that is answered for it. */
async function tourKeyboard(driver) {
  const focus = [];
  const keep = async () => focus.push(await findFocus(driver));
  await driver.press("Tab");
  await keep();
  await driver.press("Enter");
  await keep();
  await tabTo(driver, "sample");
  const [found] = await awaitAnswer(driver, () => driver.press("Enter"));
  await tabTo(driver, "redraw");
  await driver.press("Enter");
  await keep();
  const read = () =>
    driver.evaluate(() => document.querySelector("#square-output").textContent.match(/\d+/g).map(Number));
  const began = await read();
  for (const key of ["ArrowUp", "ArrowUp", "ArrowLeft"]) await driver.press(key);
  const [side, x, y] = await read();
  const [answered] = await awaitAnswer(driver, () => driver.press("Enter"));
  await tabTo(driver, "redraw");
  await driver.press("Enter");
  await driver.press("Escape");
  await keep();
  const drawn = [x, y, x + side, y + side];
  return { focus, apart: Math.abs(began[1] - found[0]), moved: began[1] - x, drawn, answered };
}

/** Let a button save a file: its name, and its text or the size of its picture in pixels. Nothing is written to this computer. */
const saveBy = ({ evaluate }, selector) =>
  evaluate(async (wanted) => {
    const { click } = HTMLAnchorElement.prototype;
    const { createObjectURL } = URL;
    const saved = new Promise((resolve) => {
      URL.createObjectURL = (file) => {
        if (file instanceof File) resolve(file);
        return createObjectURL(file);
      };
      HTMLAnchorElement.prototype.click = function () {
        if (!this.download) click.call(this);
      };
    });
    document.querySelector(wanted).click();
    const file = await saved;
    await new Promise((resolve) => setTimeout(resolve)); // the page has used both
    Object.assign(URL, { createObjectURL });
    HTMLAnchorElement.prototype.click = click;
    if (file.type !== "image/png") return { name: file.name, text: await file.text() };
    const { width, height } = await createImageBitmap(file);
    return { name: file.name, size: [width, height], bytes: file.size };
  }, selector);

/** Save the picture of the answer in view, as it is and with each face covered. */
async function tourSaved(driver) {
  const pictures = [await saveBy(driver, "#save")];
  await click(driver, "#cover");
  pictures.push(await saveBy(driver, "#save"));
  await click(driver, "#cover");
  expect(pictures[0].bytes).not.toBe(pictures[1].bytes); // the faces are covered in the second
  return pictures.map(({ name, size: [width, height] }) => ({ name, large: width > 300 && height > 300 }));
}

/** Choose a photo: whether it and a word of waiting were shown before its answer came, and how many expressions the card then has. */
async function tourPreview(driver) {
  await driver.evaluate(() => {
    window.before = [];
    let answered = false;
    document.addEventListener("emoji-answer", () => (answered = true), { once: true });
    const watch = () => {
      if (answered) return;
      const shown = ["#picture", "#summary"].map((selector) => document.querySelector(selector).checkVisibility());
      window.before.push(shown.every(Boolean));
      requestAnimationFrame(watch);
    };
    watch();
  });
  await awaitAnswer(driver, () => driver.giveFiles([SAMPLE]));
  return driver.evaluate(() => [window.before.some(Boolean), document.querySelectorAll(".podium img").length]);
}

/** Choose from the gallery by its buttons: whether each sample has several faces. */
async function tourSamples(driver) {
  const faces = [];
  for (let i = 1; i <= (await count(driver, "#samples-list button")); i++) {
    const press = () => click(driver, `#samples-list li:nth-child(${i}) button`);
    faces.push((await awaitAnswer(driver, press)).length > 1);
  }
  return faces;
}

/** What stands beside an answer in German, and how many parts of it are read out by themselves. */
async function tourWords(driver) {
  await awaitAnswer(driver, () => driver.giveFiles([SAMPLE]));
  await choose(driver, "#language", "de");
  const words = await driver.evaluate(async () => {
    while (document.documentElement.lang !== "de") await new Promise((resolve) => setTimeout(resolve, 50));
    return {
      explained: document.querySelector("#explain").textContent,
      photo: document.querySelector("#picture").getAttribute("aria-label"),
      live: document.querySelectorAll("#result [aria-live], #result [role=status]").length,
    };
  });
  await choose(driver, "#language", "en");
  return words;
}

/** Change the backend and give a photo at once: how many faces are answered, and on what. */
async function tourBackend(driver) {
  await choose(driver, "#backend", "cpu");
  const boxes = await awaitAnswer(driver, () => driver.giveFiles([SAMPLE]));
  const device = await driver.evaluate(() => document.querySelector("#device-text").textContent);
  return { faces: boxes?.length, device };
}

/** Let the camera see a face: how long the first emoji and the summary took to be in view, in ms, and what has the focus. */
async function tourFace(driver) {
  await driver.evaluate(async () => {
    const image = new Image();
    image.src = "sample.jpg";
    await image.decode();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [640, Math.round((640 * image.naturalHeight) / image.naturalWidth)];
    const draw = () => canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    draw();
    setInterval(draw, 50);
    navigator.mediaDevices.getUserMedia = async () => canvas.captureStream();
  });
  await click(driver, "#camera-start");
  await awaitShown(driver, "#camera-boxes image");
  const late = await driver.evaluate(async () => {
    const isInView = (selector) => {
      const { top, bottom, height } = document.querySelector(selector)?.getBoundingClientRect() ?? { height: 0 };
      return height > 0 && top >= 0 && bottom <= window.innerHeight;
    };
    const begin = performance.now();
    while (!isInView("#camera-boxes image") || !isInView("#summary")) await new Promise(requestAnimationFrame);
    return performance.now() - begin;
  });
  const focus = [await findFocus(driver)];
  await click(driver, "#camera-stop");
  focus.push(await findFocus(driver));
  return { late, focus };
}

/** Start the camera and wait for its first picture. */
async function startCamera(driver) {
  await click(driver, "#camera-start");
  await awaitShown(driver, "#camera-keep");
  await driver.evaluate(async () => {
    const video = document.querySelector("#video");
    while (!(video.videoWidth && video.currentTime)) await new Promise((resolve) => setTimeout(resolve, 50));
  });
}

/** Take a picture with the camera; the name of the photo that is answered. */
async function tourCamera(driver) {
  await startCamera(driver);
  return driver.evaluate(
    () =>
      new Promise((resolve) => {
        document.addEventListener("emoji-answer", ({ detail }) => resolve(detail.result?.photo), { once: true });
        document.querySelector("#camera-keep").click();
      }),
  );
}

/** Make the booth's faces, each second a hundredth of one; how many pictures its strip has. */
async function tourBooth(driver) {
  await startCamera(driver);
  await driver.evaluate(() => {
    const later = window.setTimeout.bind(window);
    // A driver's own patience, minutes, counts by the page's clock in WebKit.
    window.setTimeout = (call, ms, ...rest) => later(call, ms > 10_000 ? ms : ms / 100, ...rest);
  });
  await click(driver, "#booth-start");
  await awaitShown(driver, "body[data-booth=done] #booth-strip");
  return count(driver, "#booth-strip li");
}

/** On a phone, upright and on its side, on a new page: a preview at once, answers in view, two photos, a list, the camera. */
export async function checkPhone(driver) {
  await driver.resize(390, 844);
  expect(await tourPreview(driver)).toEqual([true, 3]);
  const { one, group, ...rest } = await tourPhotos(driver);
  expect(Math.max(one, group)).toBeLessThan(1000);
  expect(rest).toEqual({
    compared: 2,
    faces: 4,
    rows: ["portrait.jpg", "group.jpg", "text.jpg"],
    ordered: ["group.jpg", "portrait.jpg", "text.jpg"],
    filtered: ["text.jpg"],
    saved: { csv: 3, json: [1, 4, true], zip: ["emoji-photos.zip", "PK"] },
    copied: 3,
  });
  await driver.resize(844, 390);
  expect(await tourAnswer(driver)).toBeLessThan(1000);
  await driver.resize(390, 844);
  expect(await tourCamera(driver)).toBe("camera.png");
}

/** The keyboard alone, the saved picture, a face before the camera, the booth, states and words, another backend; on a new page. */
export async function checkRest(driver) {
  await driver.resize(390, 844);
  const { focus, apart, moved, drawn, answered } = await tourKeyboard(driver);
  expect(focus).toEqual(["skip-link", "main", "square", "redraw"]);
  expect(apart).toBeLessThan(2);
  expect(moved).toBeGreaterThan(0);
  expect(answered).toEqual(drawn);
  const saved = { name: "sample-emoji.png", large: true };
  expect(await tourSaved(driver)).toEqual([saved, saved]);
  expect(await tourSamples(driver)).toEqual([false, false, false, false, true, false, false]);
  const face = await tourFace(driver);
  expect(face.late).toBeLessThan(1000);
  expect(face.focus).toEqual(["camera-keep", "camera-start"]);
  expect(await tourBooth(driver)).toBe(7);
  expect(await tourStates(driver)).toEqual({ found: [], inView: true });
  expect(await tourUnsure(driver)).toEqual({ sizes: 1, muted: true });
  expect(await tourWords(driver)).toEqual({
    explained: expect.stringMatching(/Etwa \d+ von 100 Menschen/),
    photo: "Das Foto portrait.jpg",
    live: 1,
  });
  expect(await tourBackend(driver)).toEqual({ faces: 1, device: expect.stringContaining("on cpu") });
}

/** The dashboard, once it is open: every figure drawn, a guess, the slides, and nothing that axe-core finds. */
export async function checkDashboard(driver) {
  expect(await tourDashboard(driver)).toEqual({ empty: false, found: [], slides: ["guess"] });
}
