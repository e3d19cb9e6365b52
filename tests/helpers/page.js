// The main page in a browser, and what tests ask of it.

import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { shareFolder } from "./shared.js";
import { ROOT, serveSite, startChromium } from "./site.js";

const FAKE_CAMERA = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"];
const PATIENCE = 240_000; // ms; no test is about speed
export const SAMPLE = join(ROOT, "models", "golden", "photos", "portrait.jpg");

/** The photos of odd_photos.py: {folder, good: paths, bad: paths}. */
export function sharePhotos() {
  const folder = shareFolder("odd_photos");
  const list = (name) => readdirSync(join(folder, name)).map((file) => join(folder, name, file));
  return { folder, good: list("good"), bad: list("bad") };
}

/**
 * What the tests of a file share: the site, a browser and, where asked for, odd photos; `close` ends them all.
 *
 * @param {{withPhotos?: boolean, withCamera?: boolean, flags?: string[]}} [options] withCamera: whether the browser has a
 *   camera that shows the portrait, which is one of the odd photos' videos
 */
export async function startSite({ withPhotos = false, withCamera = false, flags = [] } = {}) {
  const photos = withPhotos || withCamera ? sharePhotos() : null;
  const site = await serveSite();
  const camera = withCamera
    ? [...FAKE_CAMERA, `--use-file-for-fake-video-capture=${join(photos.folder, "camera.y4m")}`]
    : [];
  const browser = await startChromium({ flags: [...camera, ...flags] });
  const close = async () => {
    await browser.close();
    await site.close();
  };
  return { photos, site, browser, close };
}

/** What emoji-edge answers: {path: result} in the shared shape. */
export function askCommand(paths) {
  const options = { cwd: ROOT, encoding: "utf8", maxBuffer: 2 ** 28, stdio: ["ignore", "pipe", "ignore"] };
  const lines = runAllowed([join(ROOT, ".venv", "bin", "emoji-edge"), "--format", "jsonl", ...paths], options);
  const results = lines
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  return Object.fromEntries(results.map((result) => [result.photo, result]));
}

/** Run a command that may end with 1, as emoji-edge does where a photo failed; its standard output. */
function runAllowed([command, ...rest], options) {
  try {
    return execFileSync(command, rest, options);
  } catch (error) {
    if (error.status !== 1) throw error;
    return error.stdout;
  }
}

/**
 * Open the main page and wait until the network is ready.
 *
 * @returns {Promise<import("playwright-core").Page & {problems: string[], seen: object[]}>} problems: what the console complained
 *   of; seen: every request
 */
export async function openPage(browser, address, options = {}) {
  const context = await browser.newContext({
    serviceWorkers: "block",
    viewport: { width: 1280, height: 900 },
    ...options,
  });
  const page = await context.newPage();
  watchPage(page);
  await page.goto(address);
  await page.waitForSelector("html[data-engine=ready]");
  return page;
}

/** Note what a page requests and what goes wrong in it. */
export function watchPage(page) {
  page.setDefaultTimeout(PATIENCE);
  page.problems = [];
  page.seen = [];
  page.on("pageerror", (error) => page.problems.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") page.problems.push(message.text());
  });
  page.context().on("request", (request) => {
    page.seen.push({ url: request.url(), method: request.method(), body: request.postDataBuffer() });
  });
}

/** What axe-core finds wrong with the page as it is, each with its first element. */
export async function runAxe(page) {
  const require = createRequire(join(ROOT, "web", "package.json"));
  if (!(await page.evaluate(() => "axe" in window)))
    await page.evaluate(readFileSync(require.resolve("axe-core/axe.min.js"), "utf8"));
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  return violations.map(({ id, nodes: [{ html, failureSummary }] }) => `${id}: ${html} ${failureSummary}`);
}

/** Begin something on the page and wait for its answer: what the event "emoji-answer" carries, without pictures. */
export async function awaitAnswer(page, begin) {
  await page.evaluate(() => {
    window.nextAnswer = new Promise((resolve) => {
      const keep = ({ detail: { preview: _, details: __, ...rest } }) => resolve(rest);
      document.addEventListener("emoji-answer", keep, { once: true });
    });
  });
  await begin();
  return page.evaluate(() => window.nextAnswer);
}

/** Give a file to the page, as its button does. */
export const choosePhoto = (page, path) => awaitAnswer(page, () => page.setInputFiles("#file", path));

/** What differs between two results by the contract's same_answer, as lines; none where they are the same answer. */
export function compareResults(found, expected, { same_answer: same }) {
  if (found.size.join() !== expected.size.join()) return [`size ${found.size}, expected ${expected.size}`];
  if (found.faces.length !== expected.faces.length)
    return [`${found.faces.length} faces, expected ${expected.faces.length}`];
  return found.faces.flatMap((face, i) =>
    compareFaces(face, expected.faces[i], same).map((line) => `face ${i + 1}: ${line}`),
  );
}

/** Largest difference of two faces' boxes. */
export const measureBox = (a, b) => Math.max(...a.box.map((value, i) => Math.abs(value - b.box[i])));

/** Largest difference of the scores of the labels that both name. */
export function measureScore(a, b) {
  const known = new Map(b.expressions.map(({ label, score }) => [label, score]));
  const both = a.expressions.filter(({ label }) => known.has(label));
  return Math.max(...both.map(({ label, score }) => Math.abs(score - known.get(label))));
}

/** By how many degrees two faces' tilts differ; 180 where only one is known. */
function measureRoll({ roll: found }, { roll: expected }) {
  if (found === null || expected === null) return found === expected ? 0 : 180;
  return Math.abs(((((found - expected + 180) % 360) + 360) % 360) - 180);
}

function compareFaces(face, expected, same) {
  const lines = [];
  if ((face.detection === null) !== (expected.detection === null)) lines.push("one was found and the other was not");
  if (measureBox(face, expected) > same.box) lines.push(`box ${face.box}, expected ${expected.box}`);
  if (measureRoll(face, expected) > same.roll) lines.push(`roll ${face.roll}, expected ${expected.roll}`);
  if (measureScore(face, expected) > same.score)
    lines.push(`scores ${listScores(face)}, expected ${listScores(expected)}`);
  for (const [rank, { label, score }] of face.expressions.entries()) {
    const other = expected.expressions[rank];
    if (label !== other.label && Math.abs(score - other.score) > same.score)
      lines.push(`rank ${rank + 1} is ${label}, expected ${other.label}`);
  }
  return lines;
}

const listScores = ({ expressions }) => expressions.map(({ label, score }) => `${label} ${score}`).join(", ");
