// What a visitor does with the page beside one photo, in whichever browser a driver has: a group, a list, two photos, the camera.

import { join } from "node:path";
import { sharePhotos, SAMPLE } from "./page.js";
import { ROOT } from "./site.js";

const GROUP = join(ROOT, "models", "golden", "photos", "group.jpg");

/**
 * @typedef {object} Driver
 * @property {(run: Function, ...values: any[]) => Promise<any>} evaluate runs a function in the page and waits for its promise
 * @property {(paths: string[]) => Promise<void>} giveFiles gives files to the page, as its chooser does
 */

/** Wait in the page until an element fits a selector and is shown. */
const awaitShown = ({ evaluate }, selector) =>
  evaluate(async (wanted) => {
    const isShown = () => [...document.querySelectorAll(wanted)].some((element) => element.checkVisibility());
    while (!isShown()) await new Promise((resolve) => setTimeout(resolve, 50));
  }, selector);

const click = ({ evaluate }, selector) => evaluate((wanted) => document.querySelector(wanted).click(), selector);
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

/** One photo, a group, that beside another photo, and a list; what the page showed of each. */
export async function tourPhotos(driver) {
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
  const rows = await driver.evaluate(() =>
    [...document.querySelectorAll("#list-rows li .list-name")].map((name) => name.textContent),
  );
  return { one, group, compared, faces, rows };
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
export async function tourCamera(driver) {
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
export async function tourBooth(driver) {
  await startCamera(driver);
  await driver.evaluate(() => {
    const later = window.setTimeout.bind(window);
    window.setTimeout = (call, ms, ...rest) => later(call, ms / 100, ...rest);
  });
  await click(driver, "#booth-start");
  await awaitShown(driver, "body[data-booth=done] #booth-strip");
  return count(driver, "#booth-strip li");
}
