// The main page: puts the parts together.

import { isCameraOn, runCamera, stopCamera, takePicture } from "./camera.js";
import { engine, offerBackends, startEngine } from "./engine.js";
import { keepOffline } from "./offline.js";
import { drawBoxes, listenForPhotos, markBox, showPhoto, showView } from "./photo.js";
import { clearAnswer, showAnswer, showKnown } from "./result.js";
import { canShare, composePicture, saveFile, shareFile } from "./share.js";
import { showSelfTest } from "./selftest.js";
import { startSite } from "./site.js";
import { listenForSquares, startSquare } from "./square.js";
import { t } from "./strings.js";

const PATIENCE = 5000; // ms after which the offline copy is made even if there is no photo yet
const find = (id) => document.querySelector(`#${id}`);

let contract;
let photo = null; // the file on the page
let answer = null; // what the worker said of it
let problem = null; // {key, values} of the text in the message, which a change of language writes anew
let turn = 0; // of the photos; an answer to an earlier one is not shown
let ready; // resolves when the worker is
let noteAnswer;
const firstAnswer = new Promise((resolve) => (noteAnswer = resolve));

function showMessage(key, values = {}) {
  problem = key ? { key, values } : null;
  find("message").hidden = !key;
  find("message-text").textContent = key ? t(key, values) : "";
}

/** Ask the worker about the photo; `face` as the pipeline's classify takes it. */
async function askWorker(file, face) {
  const mine = ++turn;
  showMessage(null);
  find("result").setAttribute("aria-busy", "true");
  clearAnswer(t(engine ? "result.working" : "result.waiting"));
  try {
    await ready;
    const found = await engine.classify(file, { name: file.name, face });
    if (mine !== turn) return;
    document.dispatchEvent(new CustomEvent("emoji-answer", { detail: found }));
    if (found.failure) showFailure(found);
    else showFound(file, found);
  } catch (error) {
    if (mine !== turn) return;
    clearAnswer(t("result.empty"), true);
    showMessage("error.broken", { reason: error.message });
  } finally {
    if (mine === turn) find("result").setAttribute("aria-busy", "false");
  }
}

/** The picture cannot be used: say why, and leave the photo of before. */
function showFailure({ failure, code, values }) {
  showMessage(`error.${code}`, { ...values, name: failure.photo });
  if (answer) showAnswer(answer, contract, { onMark: markBox });
  else clearAnswer(t("result.empty"), true);
}

function showFound(file, found) {
  photo = file;
  answer = found;
  noteAnswer();
  showPhoto(found.preview, file.name);
  drawBoxes(find("boxes"), found.result.size, found.result.faces);
  showAnswer(found, contract, { onMark: markBox });
  if (found.animated) showMessage("note.animated", { name: file.name });
}

function takePhoto(file) {
  stopCamera();
  if (find("stage").dataset.view === "camera") showView(photo ? "photo" : "empty");
  return askWorker(file, "auto");
}

function drawSquare() {
  showView("square");
  startSquare(answer.result.size);
}

function leaveSquare() {
  showView("photo");
  find("redraw").focus();
}

async function startCamera() {
  turn++;
  showMessage(null);
  await ready;
  const trouble = await runCamera(engine, contract, {
    onStart: () => {
      clearAnswer(t("camera.looking"));
      showView("camera");
    },
    onAnswer: (live) => showAnswer(live, contract, { live: true }),
  }).catch(() => "camera.failed");
  if (trouble) leaveCamera(trouble);
}

/** Stop the camera and go back to the photo of before; the key of a text says why, if it was not asked for. */
function leaveCamera(key = null) {
  stopCamera();
  showView(photo ? "photo" : "empty");
  if (photo) showAnswer(answer, contract, { onMark: markBox });
  else clearAnswer(t("result.empty"), true);
  showMessage(key);
}

async function makePicture() {
  return composePicture(find("picture"), answer.result, contract);
}

function listen() {
  listenForPhotos(takePhoto, showMessage);
  listenForSquares((box) => {
    showView("photo");
    askWorker(photo, box);
  }, leaveSquare);
  find("use-whole").addEventListener("click", () => askWorker(photo, "whole"));
  find("use-square").addEventListener("click", drawSquare);
  find("redraw").addEventListener("click", drawSquare);
  find("camera-start").addEventListener("click", startCamera);
  find("camera-stop").addEventListener("click", () => leaveCamera());
  find("camera-keep").addEventListener("click", async () => takePhoto(await takePicture()));
  find("message-close").addEventListener("click", () => showMessage(null));
  find("save").addEventListener("click", async () => saveFile(await makePicture()));
  find("share").addEventListener("click", async () => shareFile(await makePicture()));
  find("share").hidden = !canShare();
  document.addEventListener("visibilitychange", () => {
    if (document.hidden && isCameraOn()) leaveCamera("camera.hidden");
  });
  document.addEventListener("languagechange", translateAnswer);
}

/** Write what the page says of the photo again, in the language that was chosen. */
function translateAnswer() {
  if (problem) showMessage(problem.key, problem.values);
  if (contract) showKnown(contract);
  if (answer && !isCameraOn()) showAnswer(answer, contract, { onMark: markBox });
}

async function start() {
  try {
    ({ contract } = await startEngine());
    showKnown(contract);
    document.documentElement.dataset.engine = "ready";
    performance.mark("emoji-ready");
  } catch (error) {
    find("engine").dataset.stage = "failed";
    find("engine-text").textContent = t("engine.failed", { reason: error.message });
    throw error;
  }
}

/** For programs that drive this page: the pipeline itself, once it is ready. web/README.md describes it. */
window.emoji = {
  async classify(source, options = {}) {
    await ready;
    const { preview: _, ...found } = await engine.classify(source, { name: source.name ?? "", preview: false, ...options });
    return found;
  },
  async readMemory() {
    await ready;
    return engine.readMemory();
  },
};

await startSite("index");
listen();
ready = start();
offerBackends(() => {
  leaveCamera();
  ready = start();
});
await ready;
Promise.race([firstAnswer, new Promise((resolve) => setTimeout(resolve, PATIENCE))]).then(keepOffline);
if (new URLSearchParams(location.search).has("selftest")) await showSelfTest(engine);
