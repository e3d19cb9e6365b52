// What the camera saw since it was started, kept for the timeline that its session leaves.

import { Timeline } from "emoji-edge/timeline.js";

const MOST_FRAMES = 100_000; // what follows is only shown

/** @type {Timeline | null} */
let session = null;
let begin = 0; // of the session, in ms

/** Begin a session of the camera. */
export function startSession(contract) {
  session = new Timeline("camera", contract);
  begin = performance.now();
}

/** Keep a raw answer of the camera. */
export function noteFrame({ result, details }) {
  const frame = session?.times.length ?? MOST_FRAMES;
  const scores = details.map((detail) => detail.scores);
  if (frame < MOST_FRAMES) session?.addFrame(frame, (performance.now() - begin) / 1000, result.faces, scores);
}

/** End the session; its timeline, or null where no face was seen. */
export function endSession() {
  const left = session;
  session = null;
  return left?.rows.length ? left : null;
}
