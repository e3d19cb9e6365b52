// The live webcam: one picture after another through the pipeline, until it is stopped or the tab is hidden.

import { describeFace } from "emoji-edge/classify.js";
import { MOVING } from "emoji-edge/timeline.js";
import { drawBoxes } from "../shared/boxes.js";
import { find, getContext } from "../shared/dom.js";
import { formatNumber, t } from "../shared/strings.js";
import { makeSmoother } from "./smooth.js";

/** @typedef {import("../shared/engine.js").Engine} Engine */

const SIZE = { width: { ideal: 640 }, height: { ideal: 480 } };
const RATE_PART = 0.15; // how fast the shown rate follows

const video = find("video", HTMLVideoElement);
/** @type {MediaStream | null} */
let stream = null;
/** @type {MediaTrackConstraints} */
let wanted = { facingMode: "user" }; // of the camera to start
let mirrored = true; // as in a mirror; not the camera at the back

/** Whether the camera is on. */
export const isCameraOn = () => stream !== null;

const listCameras = async () =>
  (await navigator.mediaDevices.enumerateDevices()).filter(({ kind }) => kind === "videoinput");

/**
 * Stop the camera, and take the next one from the next start on: the one at the other side, or where cameras have no side, as on
 * desktops, the next in the list. It is stopped first, since a phone has but one on at a time.
 */
export async function turnCamera() {
  const { facingMode: side, deviceId } = stream?.getVideoTracks()[0]?.getSettings() ?? {};
  stopCamera();
  if (side) {
    wanted = { facingMode: side === "user" ? "environment" : "user" };
    return;
  }
  const cameras = await listCameras();
  const next = cameras[(cameras.findIndex((camera) => camera.deviceId === deviceId) + 1) % cameras.length];
  wanted = next ? { deviceId: { exact: next.deviceId } } : wanted;
}

/** Offer the other camera where the device has one. */
export async function offerCameras() {
  find("camera-turn").hidden = (await listCameras()).length < 2;
}

/** The key of the text for a camera that cannot be had. */
function nameProblem(error) {
  const keys = { NotAllowedError: "denied", NotFoundError: "missing", NotReadableError: "busy" };
  return `camera.${keys[error.name] ?? "failed"}`;
}

/** Let the camera go; its light goes out. */
export function stopCamera() {
  for (const track of stream?.getTracks() ?? []) track.stop();
  stream = null;
  video.srcObject = null;
}

/** The picture that the camera shows now, as a file. */
export async function takePicture() {
  const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight);
  getContext(canvas).drawImage(video, 0, 0);
  const blob = await canvas.convertToBlob({ type: "image/png" });
  return new File([blob], "camera.png", { type: blob.type });
}

/** An answer with boxes and scores steadied. */
function smoothAnswer({ result, details }, smooth, ms, contract) {
  const faces = result.faces.map((face, i) => ({ ...face, scores: details[i].scores, detail: details[i] }));
  const steady = smooth(faces, ms);
  const described = steady.map(({ scores, ...place }) => describeFace(/** @type {any} */ (place), scores, contract));
  return {
    result: { ...result, faces: described },
    details: steady.map(({ detail, scores }) => ({ ...detail, scores })),
  };
}

function showRate(rate) {
  find("camera-rate").textContent = t("camera.rate", { rate: formatNumber(rate, { maximumFractionDigits: 0 }) });
}

/** Answer picture after picture while the stream is the one that began. */
async function followVideo(began, engine, { onAnswer, onFrame }) {
  const smooth = makeSmoother();
  let [last, rate] = [performance.now(), 0];
  while (stream === began) {
    const frame = await createImageBitmap(video).catch(() => null); // no picture yet
    const live = frame && (await engine.classify(frame, { name: "", finder: MOVING }));
    frame?.close(); // the worker has a copy
    if (stream !== began) return;
    if (live?.result) {
      const now = performance.now();
      onFrame(live);
      const steady = smoothAnswer(live, smooth, now - last, engine.contract);
      rate = rate ? rate + RATE_PART * (1000 / (now - last) - rate) : 1000 / (now - last);
      last = now;
      const { size, faces } = steady.result;
      drawBoxes(find("camera-boxes", SVGSVGElement), size, faces, mirrored);
      showRate(rate);
      onAnswer(steady);
    }
    await new Promise((resolve) => requestAnimationFrame(resolve));
  }
}

/** Ask for the camera; its stream, or the key of a text where it cannot be had. */
async function askCamera() {
  try {
    return await navigator.mediaDevices.getUserMedia({ video: { ...wanted, ...SIZE }, audio: false });
  } catch (error) {
    return nameProblem(error);
  }
}

/** Show a stream in place of the one before. */
function showStream(began) {
  stopCamera();
  stream = began;
  video.srcObject = began;
  mirrored = (began.getVideoTracks()[0].getSettings().facingMode ?? wanted.facingMode) !== "environment";
  find("camera-frame").classList.toggle("mirrored", mirrored);
}

/**
 * Start the camera until stopCamera; each answer goes to `onFrame` as it is, and steadied to `onAnswer`.
 *
 * @param {Engine} engine
 * @param {{isWanted: () => boolean, onStart: () => void, onAnswer: (live: any) => void, onFrame: (live: any) => void}} listener
 *   isWanted: whether the visitor has done nothing else while the camera was asked for
 * @returns {Promise<string | null>} the key of a text where the camera cannot be had; null once it has been stopped
 */
export async function runCamera(engine, { isWanted, onStart, onAnswer, onFrame }) {
  const began = await askCamera();
  if (typeof began === "string") return isWanted() ? began : null;
  if (document.hidden || !isWanted()) {
    began.getTracks().forEach((track) => track.stop());
    return isWanted() ? "camera.hidden" : null;
  }
  showStream(began);
  let lost = false;
  began.getVideoTracks()[0].addEventListener("ended", () => {
    if (stream !== began) return;
    lost = true; // unplugged, or no longer allowed
    stopCamera();
  });
  onStart();
  try {
    await video.play();
    await followVideo(began, engine, { onAnswer, onFrame });
  } catch (error) {
    if (stream === began) throw error; // else it was stopped while it began
  } finally {
    if (stream === began) stopCamera();
  }
  return lost ? "camera.lost" : null;
}
