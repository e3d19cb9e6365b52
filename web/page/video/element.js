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
      const time = await showNext(video, signal);
      if (time === null) break;
      if (!takes(time)) continue;
      const bitmap = await createImageBitmap(video);
      const { result, details } = await engine.classify(bitmap, { name: "video", finder: MOVING, preview: false });
      const scores = details.map((detail) => detail.scores);
      bitmap.close(); // the worker has a copy
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

/** Play on to the next frame and stop there: its presentation time; null at the end, and where the signal ends it. */
async function showNext(video, signal) {
  const heard = new AbortController(); // takes the listeners away
  const listen = (target, event, take) => target.addEventListener(event, take, { signal: heard.signal });
  const from = video.currentTime;
  const shown = new Promise((resolve, reject) => {
    listen(video, "ended", () => resolve(null));
    listen(signal, "abort", () => resolve(null));
    listen(video, "error", () => reject(new Error("the video cannot be played")));
    if ("requestVideoFrameCallback" in video) {
      video.requestVideoFrameCallback((_, { mediaTime }) => resolve(mediaTime));
    } else {
      // A browser that does not tell of frames tells now and then how far it is.
      listen(video, "timeupdate", () => video.currentTime > from && resolve(video.currentTime));
    }
    video.play().catch(reject);
  });
  try {
    return await shown;
  } finally {
    heard.abort();
    video.pause();
  }
}

function waitFor(video, event) {
  return new Promise((resolve, reject) => {
    video.addEventListener(event, resolve, { once: true });
    video.addEventListener("error", () => reject(new Error("the video cannot be played")), { once: true });
  });
}
