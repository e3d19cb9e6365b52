// The photo booth: seven faces to make before the camera, a countdown for each, and the strip of what was found.

import { find, getContext, make } from "../shared/dom.js";
import { makeEmoji } from "../shared/emoji.js";
import { saveFile } from "../shared/save.js";
import { formatScore, nameLabel, t } from "../shared/strings.js";
import { isCameraOn, takePicture } from "./camera.js";
import { showMessage } from "./message.js";
import { composeStrip } from "./strip.js";
import { describeLook } from "./summary.js";

/**
 * @typedef {import("emoji-edge/rows.js").Face} Face
 * @typedef {import("emoji-edge/contract.js").Contract} Contract
 * @typedef {{label: string, skipped: boolean, picture: ImageBitmap | null, face: Face | null}} Shot
 */

const READING = 1500; // ms to read what face to make
const SECOND = 1000; // ms of a step of the countdown
const STEPS = [3, 2, 1];
const PICTURE = 480; // pixels of the longer side of a picture of the strip

/** @type {Shot[]} */
let shots = [];
/** @type {Contract} */
let contract;
let turn = 0; // of the runs; one that was stopped shows nothing more
let current = 0; // the shot whose turn it is
let interrupt = () => {};

/** Wait; false where the visitor skips or stops. */
function wait(ms) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms, true);
    interrupt = () => {
      clearTimeout(timer);
      resolve(false);
    };
  });
}

const say = (text) => (find("booth-status").textContent = text);

function showCount(text) {
  const count = make("span", "booth-number", text);
  find("booth-count").replaceChildren(...(text ? [count] : []));
}

/** What was found on a picture, in words. */
function describeShot({ skipped, picture, face }) {
  if (skipped) return t("booth.skipped");
  if (!picture) return "";
  return face ? describeLook(face, contract) : t("result.none");
}

/** What was found as it is seen: the first emoji and its score. */
function makeFinding(shot) {
  if (!shot.face) return [shot.picture || shot.skipped ? "–" : ""];
  const [{ emoji, score }] = shot.face.expressions;
  const image = Object.assign(makeEmoji(emoji), { alt: "" });
  image.classList.toggle("unsure", shot.face.not_sure);
  return [image, formatScore(score)];
}

function makeEntry(shot, index) {
  const canvas = Object.assign(make("canvas", "booth-picture"), { width: 160, height: 120 });
  if (shot.picture) {
    const { width, height } = shot.picture;
    const side = Math.max(canvas.width / width, canvas.height / height);
    const [x, y] = [(canvas.width - width * side) / 2, (canvas.height - height * side) / 2];
    getContext(canvas).drawImage(shot.picture, x, y, width * side, height * side);
  }
  const wanted = Object.assign(makeEmoji(contract.emoji[shot.label]), { alt: "" });
  const seen = make("span", "booth-seen", wanted, canvas, make("span", "booth-found", ...makeFinding(shot)));
  seen.ariaHidden = "true";
  const text = [nameLabel(shot.label, contract), describeShot(shot)].filter(Boolean).join(": ");
  const entry = make("li", index === current ? "current" : "", seen, make("span", "visually-hidden", text));
  return entry;
}

const describePrompt = () =>
  t("booth.prompt", {
    number: current + 1,
    count: shots.length,
    label: nameLabel(shots[current].label, contract),
  });

/** How it ended: how many faces look as they were to look. */
function describeEnd() {
  const hits = shots.filter(({ label, face }) => face && !face.not_sure && face.expressions[0].label === label);
  return t("booth.done", { hits: hits.length, count: shots.length });
}

/** Write the booth as it stands, in the language in use. */
function showBooth() {
  const running = current < shots.length;
  document.body.dataset.booth = running ? "running" : "done";
  const text = running ? describePrompt() : describeEnd();
  const before = running ? [Object.assign(makeEmoji(contract.emoji[shots[current].label]), { alt: "" })] : [];
  find("booth-prompt").replaceChildren(...before, text);
  find("booth-strip").replaceChildren(...shots.map(makeEntry));
  find("booth-skip").hidden = !running;
  find("booth-save").hidden = running;
  find("booth-again").hidden = running;
  find("booth-stop").textContent = t(running ? "booth.stop" : "booth.close");
}

/** Say what face to make and count down to the picture; false where it is skipped. */
async function countDown() {
  const last = current > 0 ? describeShot(shots[current - 1]) : "";
  say([last, describePrompt()].filter(Boolean).join(". "));
  if (!(await wait(READING))) return false;
  for (const step of STEPS) {
    showCount(String(step));
    say(String(step));
    if (!(await wait(SECOND))) return false;
  }
  return true;
}

/** Take the picture and ask what its first face looks like. */
async function takeShot(ask) {
  const file = await takePicture();
  const { result, preview } = await ask(file, { name: file.name, preview: PICTURE });
  return { picture: preview ?? null, face: result?.faces[0] ?? null };
}

/**
 * Run through the seven faces; ends when the last one was taken or skipped, or when the booth is closed.
 *
 * @param {Contract} known
 * @param {(file: File, options: object) => Promise<any>} ask the engine
 */
async function runBooth(known, ask) {
  closeBooth();
  const mine = turn;
  contract = known;
  shots = contract.labels.map((label) => ({ label, skipped: false, picture: null, face: null }));
  find("booth").hidden = false;
  find("booth").focus({ preventScroll: true });
  find("workbench").scrollIntoView({ block: "start" });
  for (current = 0; current < shots.length; current++) {
    showBooth();
    const due = await countDown();
    if (mine !== turn) return;
    showCount("");
    const taken = due ? await takeShot(ask) : { skipped: true };
    if (mine !== turn) return;
    Object.assign(shots[current], taken);
  }
  showBooth();
  say(describeEnd());
  find("booth-save").focus({ preventScroll: true });
}

/** Close the booth, at whatever point it is; the camera stays as it is. */
function closeBooth() {
  turn++;
  interrupt();
  showCount("");
  say("");
  for (const { picture } of shots) picture?.close();
  shots = [];
  find("booth").hidden = true;
  delete document.body.dataset.booth;
}

/** Lead through the booth; where that breaks off, the booth is closed and the page says why. */
export async function openBooth(known, ask) {
  try {
    await runBooth(known, ask);
  } catch (error) {
    closeBooth();
    showMessage("error.broken", { reason: /** @type {Error} */ (error).message });
  }
}

find("booth-skip").addEventListener("click", () => interrupt());
find("booth-again").addEventListener("click", () => find("booth-start").click());
find("booth-save").addEventListener("click", async () => saveFile(await composeStrip(shots, contract)));
find("booth-stop").addEventListener("click", () => {
  closeBooth();
  find(isCameraOn() ? "booth-start" : "camera-start").focus();
});
find("video").addEventListener("emptied", () => {
  if (document.body.dataset.booth === "running") closeBooth();
});
document.addEventListener("languagechange", () => {
  if (shots.length) showBooth();
});
