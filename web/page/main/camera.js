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
let facing = "user"; // or "environment": the camera at the back

/** Whether the camera is on. */
export const isCameraOn = () => stream !== null;

/** Take the other camera from the next start on. */
export function turnCamera() {
  facing = facing === "user" ? "environment" : "user";
}

/** Offer the other camera where the device has one. */
export async function offerCameras() {
  const devices = await navigator.mediaDevices.enumerateDevices();
  find("camera-turn").hidden = devices.filter(({ kind }) => kind === "videoinput").length < 2;
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
async function followVideo(began, ready, { onAnswer, onFrame }) {
  const smooth = makeSmoother();
  const engine = await ready;
  const begin = performance.now();
  let [last, rate] = [begin, 0];
  while (stream === began) {
    const frame = await createImageBitmap(video).catch(() => null); // no picture yet
    const live = frame && (await engine.classify(frame, { name: "", finder: MOVING }));
    if (stream !== began) return;
    if (live?.result) {
      const now = performance.now();
      onFrame(live, (now - begin) / 1000);
      const steady = smoothAnswer(live, smooth, now - last, engine.contract);
      rate = rate ? rate + RATE_PART * (1000 / (now - last) - rate) : 1000 / (now - last);
      last = now;
      const { size, faces } = steady.result;
      drawBoxes(find("camera-boxes", SVGSVGElement), size, faces, facing === "user");
      showRate(rate);
      onAnswer(steady);
    }
    await new Promise((resolve) => requestAnimationFrame(resolve));
  }
}

/**
 * Start the camera until stopCamera; each answer goes to `onFrame` as it is, with the seconds since the start, and steadied
 * to `onAnswer`.
 *
 * @param {Promise<Engine>} ready
 * @param {{onStart: () => void, onAnswer: (live: any) => void, onFrame: (live: any, seconds: number) => void}} listener
 * @returns {Promise<string | null>} the key of a text where the camera cannot be had; null once it has been stopped
 */
export async function runCamera(ready, { onStart, onAnswer, onFrame }) {
  let began;
  try {
    began = await navigator.mediaDevices.getUserMedia({ video: { facingMode: facing, ...SIZE }, audio: false });
  } catch (error) {
    return nameProblem(error);
  }
  stopCamera();
  if (document.hidden) {
    began.getTracks().forEach((track) => track.stop());
    return "camera.hidden";
  }
  stream = began;
  video.srcObject = stream;
  find("camera-frame").classList.toggle("mirrored", facing === "user");
  onStart();
  await video.play();
  try {
    await followVideo(began, ready, { onAnswer, onFrame });
  } finally {
    if (stream === began) stopCamera();
  }
  return null;
}
