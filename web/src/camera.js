// The live webcam: one picture after another through the pipeline, until it is stopped or the tab is hidden.

import { drawBoxes } from "./photo.js";
import { describeFace } from "./pipeline/classify.js";
import { makeSmoother } from "./smooth.js";
import { formatNumber, t } from "./strings.js";

const WANTED = { video: { facingMode: "user", width: { ideal: 640 }, height: { ideal: 480 } }, audio: false };
const RATE_PART = 0.15; // how fast the shown rate follows

const find = (id) => document.querySelector(`#${id}`);
const video = find("video");
let stream = null;

/** Whether the camera is on. */
export const isCameraOn = () => stream !== null;

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
  canvas.getContext("2d").drawImage(video, 0, 0);
  const blob = await canvas.convertToBlob({ type: "image/png" });
  return new File([blob], "camera.png", { type: blob.type });
}

/** An answer with boxes and scores steadied. */
function smoothAnswer({ result, details }, smooth, ms, contract) {
  const faces = result.faces.map(({ box, detection }, i) => ({ box, detection, scores: details[i].scores, detail: details[i] }));
  const steady = smooth(faces, ms);
  const described = steady.map(({ box, detection, scores }) => describeFace(box, detection, scores, contract));
  return { result: { ...result, faces: described }, details: steady.map(({ detail }) => detail) };
}

/** Answer picture after picture while the stream is the one that began. */
async function followVideo(began, engine, contract, onAnswer) {
  const smooth = makeSmoother();
  let [last, rate] = [performance.now(), 0];
  while (stream === began) {
    const bitmap = await createImageBitmap(video);
    const answer = await engine.classify(bitmap, { name: "camera", preview: false });
    if (stream !== began) return;
    const now = performance.now();
    const steady = smoothAnswer(answer, smooth, now - last, contract);
    rate = rate ? rate + RATE_PART * (1000 / (now - last) - rate) : 1000 / (now - last);
    last = now;
    drawBoxes(find("camera-boxes"), steady.result.size, steady.result.faces);
    find("camera-rate").textContent = t("camera.rate", { rate: formatNumber(rate, { maximumFractionDigits: 0 }) });
    onAnswer(steady);
    await new Promise((resolve) => requestAnimationFrame(resolve));
  }
}

/**
 * Start the camera and give each answer to `onAnswer`, until stopCamera.
 *
 * @param {{classify: Function}} engine with a classify that takes a bitmap
 * @returns {Promise<string | null>} the key of a text where the camera cannot be had; null once it has been stopped
 */
export async function runCamera(engine, contract, { onStart, onAnswer }) {
  let began;
  try {
    began = await navigator.mediaDevices.getUserMedia(WANTED);
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
  onStart();
  await video.play();
  try {
    await followVideo(began, engine, contract, onAnswer);
  } finally {
    if (stream === began) stopCamera();
  }
  return null;
}
