// The main page: puts the parts together.

import { drawBoxes } from "../shared/boxes.js";
import { find } from "../shared/dom.js";
import { keepOffline } from "../shared/offline.js";
import { saveFile } from "../shared/save.js";
import { startSite } from "../shared/site.js";
import { t } from "../shared/strings.js";
import { isCameraOn, offerCameras, runCamera, stopCamera, takePicture, turnCamera } from "./camera.js";
import { clearAnswer, showAnswer, showKnown } from "./cards.js";
import { engine, offerBackends, startDevice } from "./device.js";
import { listenForList, readPhotos, translateList } from "./list.js";
import { showMessage, translateMessage } from "./message.js";
import { offerPipeline } from "./programs.js";
import { endSession, noteFrame, startSession } from "./session.js";
import { canShare, composePicture, shareFile } from "./share.js";
import { takeShared } from "./shared.js";
import { listenForPhotos } from "./sources.js";
import { listenForSquares, startSquare } from "./square.js";
import { bringIntoView, moveFocus, nameCanvas, previewPhoto, readView, showPhoto, showView } from "./stage.js";
import { addVideoTexts, isVideo } from "../video/kind.js";

/**
 * @typedef {import("../shared/engine.js").Engine} Engine
 * @typedef {import("./sources.js").Photo} Photo
 * @typedef {import("emoji-edge").FaceChoice} FaceChoice
 */

const PATIENCE = 5000; // ms after which the offline copy is made even if there is no photo yet
const PREVIEW = 1600; // pixels of the longer side of the picture that the page shows

/** @type {import("emoji-edge/contract.js").Contract} */
let contract;
/** @type {Photo | null} */
let photo = null; // on the page
let answer = null; // what the worker said of it
let turn = 0; // of the photos; an answer to an earlier one is not shown
/** @type {Promise<Engine>} */
let ready; // resolves when the worker is
/** @type {typeof import("../video/video.js") | null} */
let video = null; // what reads videos, once it is needed
/** @type {typeof import("./compare.js") | null} */
let compare = null; // what compares two photos, once it is needed
let noteAnswer;
const firstAnswer = new Promise((resolve) => (noteAnswer = resolve));

/**
 * Ask the engine about a picture; where it is changed meanwhile, ask the new one.
 *
 * @param {Blob} source
 * @param {object} options as worker/answers.js's classify takes them
 */
async function askEngine(source, options) {
  for (;;) {
    const asked = ready;
    try {
      return await (await asked).classify(source, options);
    } catch (error) {
      if (asked === ready) throw error;
    }
  }
}

/**
 * Ask about the photo and show what comes.
 *
 * @param {Photo} next
 * @param {FaceChoice} face
 */
async function askAbout(next, face) {
  const mine = ++turn;
  const isWanted = () => mine === turn && find("result").ariaBusy === "true";
  showMessage(null);
  find("result").ariaBusy = "true";
  clearAnswer(t(engine ? "result.working" : "result.waiting"));
  if (next !== photo) previewPhoto(next.file, next.name, isWanted);
  try {
    const found = await askEngine(next.file, { name: next.name, face, preview: PREVIEW });
    if (mine !== turn) return;
    find("result").ariaBusy = "false";
    document.dispatchEvent(new CustomEvent("emoji-answer", { detail: found }));
    if (found.failure) showFailure(found);
    else showFound(next, found);
  } catch (error) {
    if (mine !== turn) return;
    find("result").ariaBusy = "false";
    showEarlier();
    showMessage("error.broken", { reason: error.message });
  }
}

/** The picture cannot be used: say why, and leave the photo of before. */
function showFailure({ failure, code, values }) {
  showEarlier();
  showMessage(`error.${code}`, { ...values, name: failure.photo });
}

/** The photo of before with its answer; where there was none, the empty stage. */
function showEarlier() {
  if (!answer || !photo) {
    showView("empty");
    return clearAnswer(t("result.empty"), true);
  }
  showPhoto(answer.preview, photo.name);
  drawAnswer();
}

function drawAnswer() {
  drawBoxes(find("boxes", SVGSVGElement), answer.result.size, answer.result.faces);
  showAnswer(answer, contract);
}

/** @param {Photo} next */
function showFound(next, found) {
  photo = next;
  answer?.preview?.close();
  answer = found;
  noteAnswer();
  showPhoto(found.preview, next.name);
  drawAnswer();
  if (found.animated) showMessage("note.animated", { name: next.name });
  if (!compare?.addAnswer(found, next)) bringIntoView();
}

/**
 * Read a video; what reads it is loaded now.
 *
 * @param {Photo} next
 */
async function takeVideo(next) {
  const mine = ++turn;
  stopCamera();
  showMessage(null);
  find("result").ariaBusy = "false"; // whatever photo was being asked about
  clearAnswer(t(engine ? "result.working" : "video.waiting"));
  try {
    const current = await ready;
    video = await import("../video/video.js");
    if (mine !== turn) return;
    showView("clip");
    const onSummary = (text) => mine === turn && clearAnswer(text);
    const onMessage = (key, values) => mine === turn && showMessage(key, values);
    await video.showVideo(next.file, {
      engine: current,
      contract,
      onMessage,
      onSummary,
      onAgain: () => takeVideo(next),
    });
  } catch (error) {
    if (mine !== turn) return;
    video?.leaveVideo();
    showEarlier();
    showMessage("error.broken", { reason: error.message });
  }
}

/** @param {Photo} next a photo or a video */
function takePhoto(next) {
  if (isVideo(next.file)) return takeVideo(next);
  stopCamera();
  video?.leaveVideo();
  if (["camera", "clip"].includes(readView())) showView(photo ? "photo" : "empty");
  return askAbout(next, "auto");
}

/** One photo is answered in full, several become a list. */
async function takePhotos(photos) {
  if (photos.length === 1) return takePhoto(photos[0]);
  showMessage(null);
  if (await awaitContract()) await readPhotos(photos, askEngine, contract);
}

/** The contract, once the engine is ready; null where it could not be started, which the message says. */
async function awaitContract() {
  try {
    return (await ready).contract;
  } catch (error) {
    showMessage("error.broken", { reason: error.message });
    return null;
  }
}

function drawSquare() {
  showView("square");
  const [face] = answer.result.faces;
  startSquare(answer.result.size, face?.box);
}

/** Show the timeline of the camera's session, if there was one. */
async function showSession() {
  const left = endSession();
  if (!left) return;
  const mine = turn;
  video = await import("../video/video.js");
  if (mine === turn) video.showTimeline(left, contract);
}

/**
 * Start the camera; what is on the page gives way once there is a picture of it.
 *
 * @param {boolean} [goesOn] whether the session of before goes on, as with the other camera
 */
async function startCamera(goesOn = false) {
  const asked = turn;
  showMessage(null);
  if (!(await awaitContract())) return;
  const trouble = await runCamera(await ready, {
    isWanted: () => asked === turn,
    onStart: () => {
      turn++;
      find("result").ariaBusy = "false";
      video?.leaveVideo();
      if (!goesOn) startSession(contract);
      clearAnswer(t("camera.looking"));
      showView("camera");
      moveFocus("camera-keep");
      find("workbench").scrollIntoView({ block: "nearest" });
      offerCameras();
    },
    onAnswer: (live) => showAnswer(live, contract, true),
    onFrame: noteFrame,
  }).catch(() => "camera.failed");
  if (trouble) leaveCamera(trouble);
}

/**
 * Stop the camera and go back to the photo of before.
 *
 * @param {string | null} [key] of a text that says why, if it was not asked for
 */
function leaveCamera(key = null) {
  stopCamera();
  showSession();
  if (readView() === "camera") {
    showEarlier();
    moveFocus("camera-start");
  }
  showMessage(key);
}

async function keepPicture() {
  const file = await takePicture();
  const answered = takePhoto({ file, name: file.name });
  moveFocus("summary");
  return answered;
}

/** Let the visitor make the seven faces before the camera; what leads through them is loaded now. */
async function startBooth() {
  showMessage(null);
  const { openBooth } = await import("./booth.js");
  await openBooth(contract, askEngine);
}

async function startCompare() {
  compare = await import("./compare.js");
  if (photo) compare.startComparison(answer, photo, contract);
}

function makePicture() {
  const cover = find("cover", HTMLInputElement).checked;
  return composePicture(find("picture", HTMLCanvasElement), answer.result, contract, { cover });
}

/** Ask about the photo again, with a face that was chosen by hand. */
function askAgain(face) {
  showView("photo");
  moveFocus("summary");
  if (photo) askAbout(photo, face);
}

function listenForAnswers() {
  listenForPhotos(takePhotos, showMessage);
  listenForList((next) => takePhoto(next), saveFile);
  listenForSquares(askAgain, () => {
    showView("photo");
    moveFocus("redraw");
  });
  find("use-whole").addEventListener("click", () => askAgain("whole"));
  find("use-square").addEventListener("click", drawSquare);
  find("redraw").addEventListener("click", drawSquare);
  find("message-close").addEventListener("click", () => {
    showMessage(null);
    moveFocus("main");
  });
  find("save").addEventListener("click", async () => saveFile(await makePicture()));
  find("compare-start").addEventListener("click", startCompare);
  find("share").addEventListener("click", async () => shareFile(await makePicture()));
  find("share").hidden = !canShare();
}

function listenForCamera() {
  find("camera-start").addEventListener("click", () => startCamera());
  find("camera-stop").addEventListener("click", () => leaveCamera());
  find("camera-keep").addEventListener("click", keepPicture);
  find("booth-start").addEventListener("click", startBooth);
  find("camera-turn").addEventListener("click", async () => {
    await turnCamera();
    startCamera(true);
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden && isCameraOn()) leaveCamera("camera.hidden");
  });
}

/** Write what the page says of the photo again, in the language that was chosen. */
function translateAnswer() {
  translateMessage();
  if (!contract) return;
  showKnown(contract);
  nameCanvas();
  translateList();
  if (answer && !isCameraOn()) showAnswer(answer, contract);
}

/** Start the engine; where that fails, the page says so and whoever waits for it hears of it. */
async function start() {
  const started = await startDevice();
  contract = started.contract;
  showKnown(contract);
  document.documentElement.dataset.engine = "ready";
  performance.mark("emoji-ready");
  return started;
}

function restart() {
  ready = start();
  ready.catch(() => {}); // it is said already
  return ready;
}

offerPipeline(() => ready);
addVideoTexts();
await startSite("index");
listenForAnswers();
listenForCamera();
document.addEventListener("languagechange", translateAnswer);
const first = restart();
offerBackends(() => {
  if (isCameraOn()) leaveCamera();
  restart();
  video?.readAgain();
});
takeShared().then((photos) => (photos.length ? takePhotos(photos) : undefined));
const patience = new Promise((resolve) => setTimeout(resolve, PATIENCE));
first.then(() => Promise.race([firstAnswer, patience])).then(keepOffline, () => {});
