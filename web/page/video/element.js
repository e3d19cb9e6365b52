// Reads a video by playing it once, where the browser has no WebCodecs for it: frames may be missed.

import { MOVING } from "emoji-edge/timeline.js";

/**
 * Play a video and classify the frames that are shown; it waits at each, so that few are missed.
 *
 * @param {Blob} file
 * @param {{takes: (time: number) => boolean, signal: AbortSignal}} options
 * @param {import("../shared/engine.js").Engine} engine
 * @param {(answer: object) => void} onFrame as the worker's readVideo
 * @returns {Promise<{failure?: string, values?: object}>}
 */
export async function playVideo(file, { takes, signal }, engine, onFrame) {
  const video = document.createElement("video");
  video.muted = true;
  video.src = URL.createObjectURL(file);
  let frame = 0;
  try {
    await waitFor(video, "loadeddata");
    if (!video.videoWidth) return { failure: "silent" };
    while (!signal.aborted && !video.ended) {
      const time = await showNext(video);
      if (time === null) break;
      if (!takes(time)) continue;
      const bitmap = await createImageBitmap(video);
      const { result, details } = await engine.classify(bitmap, { name: "video", finder: MOVING, preview: false });
      const scores = details.map((detail) => detail.scores);
      onFrame({ frame: frame++, time, size: result.size, faces: result.faces, scores, duration: video.duration });
    }
    return {};
  } catch {
    return { failure: frame ? "damaged" : "codec", values: { codec: file.type || "?" } };
  } finally {
    URL.revokeObjectURL(video.src);
    video.removeAttribute("src");
  }
}

/** Play on to the next frame and stop there: its presentation time; null at the end. */
async function showNext(video) {
  const shown = new Promise((resolve) => {
    video.requestVideoFrameCallback((_, { mediaTime }) => resolve(mediaTime));
    video.addEventListener("ended", () => resolve(null), { once: true });
  });
  await video.play();
  const time = await shown;
  video.pause();
  return time;
}

function waitFor(video, event) {
  return new Promise((resolve, reject) => {
    video.addEventListener(event, resolve, { once: true });
    video.addEventListener("error", () => reject(new Error("the video cannot be played")), { once: true });
  });
}
