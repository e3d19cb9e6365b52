// A video on the page: it plays with boxes and emoji while it is read frame by frame, and leaves a timeline.

import { select } from "d3-selection";
import { Timeline, makePicker, summarizeTracks } from "emoji-edge/timeline.js";
import { drawBoxes } from "../shared/boxes.js";
import { find } from "../shared/dom.js";
import { formatNumber, formatScore, nameLabel, t } from "../shared/strings.js";
import { playVideo } from "./element.js";
import { formatTime } from "./segments.js";
import { TimelineView } from "./view.js";

const REDRAW = 400; // ms between two drawings of a timeline that grows
const MOST_FACES = 6; // in the summary

const player = find("clip-video", HTMLVideoElement);
const every = find("clip-every", HTMLSelectElement);
const view = new TimelineView((time) => {
  if (clip) player.currentTime = time;
  view.setMoment(time);
  showFaces(time);
});

/** @type {{file: File, engine: any, contract: any, timeline: Timeline, abort: AbortController, size: [number, number],
 *   onAgain: () => void} | null} */
let clip = null; // what is on the page
let retell = () => {}; // says again, in the language that was chosen, how the reading ended

/** What the summary says of a timeline. */
export function summarize(timeline, contract) {
  const tracks = summarizeTracks(timeline);
  if (!tracks.length) return t("video.none");
  const longest = [...tracks].sort((a, b) => b.end - b.begin - (a.end - a.begin)).slice(0, MOST_FACES);
  const faces = longest.map(({ track, seconds, peaks }) => {
    const order = Object.keys(seconds).sort((a, b) => seconds[b] - seconds[a]);
    const parts = order.slice(0, 2).map((label) =>
      t("video.part", {
        label: nameLabel(label, contract),
        seconds: t("timeline.seconds", { seconds: formatNumber(seconds[label], { maximumFractionDigits: 1 }) }),
        time: formatTime(peaks[label].time),
        score: formatScore(peaks[label].score),
      }),
    );
    return t("video.face", { number: track, parts: parts.join("; ") });
  });
  return [t("video.faces", { count: tracks.length }), ...faces].join(" ");
}

/** Boxes and emoji of the frame at a time, over the player. */
function showFaces(time) {
  if (!clip) return;
  const { emoji } = clip.contract;
  const faces = view.listRows(time).map(({ x0, y0, x1, y1, roll, not_sure: unsure, expression: label, score }) => ({
    box: [x0, y0, x1, y1],
    roll,
    not_sure: unsure,
    expressions: [{ label, emoji: emoji[label], score }],
  }));
  drawBoxes(find("clip-boxes", SVGSVGElement), clip.size, faces);
}

/** Follow the player, frame by frame where the browser tells of them. */
function followPlayer() {
  const show = (time) => {
    if (player.seeking) return; // a frame from before: the view already stands where the seek goes
    view.setMoment(time);
    showFaces(time);
  };
  if ("requestVideoFrameCallback" in HTMLVideoElement.prototype) {
    const follow = (_, { mediaTime }) => {
      show(mediaTime);
      player.requestVideoFrameCallback(follow);
    };
    player.requestVideoFrameCallback(follow);
  } else player.addEventListener("timeupdate", () => show(player.currentTime));
}

/** Take one frame's answer into the timeline, and redraw now and then. */
function makeReceiver(own, onProgress) {
  const began = performance.now();
  let drawn = 0;
  return ({ frame, time, size, faces, scores, duration }) => {
    if (clip !== own) return;
    own.size = size;
    own.timeline.addFrame(frame, time, faces, scores);
    const now = performance.now();
    if (now - drawn < REDRAW) return;
    drawn = now;
    const done = time - own.timeline.times[0];
    onProgress(done, duration - own.timeline.times[0], (1000 * done) / (now - began));
    view.draw();
    showFaces(player.currentTime);
  };
}

function showProgress(done, total, speed) {
  find("clip-progress", HTMLProgressElement).value = total > 0 ? done / total : 0;
  const values = {
    done: formatTime(done),
    total: formatTime(total),
    speed: formatNumber(speed, { maximumSignificantDigits: 2 }),
  };
  find("clip-status").textContent = t("video.reading", values);
}

/** Read all of the clip, in the worker; where that gives not one frame, by playing it. */
async function readClip(own) {
  const receive = makeReceiver(own, showProgress);
  const seconds = Number(every.value);
  own.abort.signal.addEventListener("abort", () => own.engine.stopVideo().catch(() => {})); // an engine that ended reads nothing
  const found = await own.engine.readVideo(own.file, { every: seconds }, receive);
  if (own.timeline.times.length || own.abort.signal.aborted) return found;
  found.failure ??= "damaged"; // cut within its first cluster: the browser's own player shows what is there
  if (!["webcodecs", "codec", "damaged"].includes(found.failure)) return found;
  find("clip-status").textContent = t("video.slow");
  const options = { takes: makePicker(seconds), signal: own.abort.signal };
  const played = await playVideo(own.file, options, own.engine, receive);
  const none = !own.timeline.times.length && !own.abort.signal.aborted;
  return none && found.failure !== "webcodecs" ? found : played; // a player tells less of why
}

/** Say how the reading ended; the timeline stays. */
function finishClip(own, { failure, values }, onMessage, onSummary) {
  view.draw();
  showFaces(player.currentTime);
  const frames = own.timeline.times.length;
  const ended = own.abort.signal.aborted || failure;
  find("clip-progress").hidden = true;
  find("clip-stop").hidden = true;
  retell = () => {
    if (clip !== own) return;
    const key = ended ? "video.stopped" : "video.done";
    find("clip-status").textContent = t(key, { frames: formatNumber(frames, {}) });
    onSummary(frames ? summarize(own.timeline, own.contract) : "");
  };
  if (failure) onMessage(`video.error.${failure}`, { name: own.file.name, ...values });
  if (!frames) view.show(null);
  retell();
  document.dispatchEvent(
    new CustomEvent("emoji-timeline", { detail: { rows: own.timeline.rows, times: own.timeline.times, failure } }),
  );
}

/**
 * Put a video on the page and read it.
 *
 * @param {File} file
 * @param {{engine: import("../shared/engine.js").Engine, contract: object, onMessage: Function, onSummary: Function,
 *   onAgain: () => void}} page onMessage takes the key and the values of a text; onSummary a text about the whole video;
 *   onAgain is called when it is to be read again
 */
export async function showVideo(file, { engine, contract, onMessage, onSummary, onAgain }) {
  leaveVideo();
  const own = { file, engine, contract, timeline: new Timeline(file.name, contract), abort: new AbortController() };
  clip = { ...own, size: [1, 1], onAgain };
  const mine = clip;
  retell = () => onSummary(t("video.working"));
  find("clip-name").textContent = file.name;
  player.src = URL.createObjectURL(file);
  for (const id of ["clip-progress", "clip-stop"]) find(id).hidden = false;
  find("clip-progress", HTMLProgressElement).value = 0;
  find("clip-status").textContent = "";
  retell();
  view.show(mine.timeline, contract);
  find("clip-stop").onclick = () => mine.abort.abort();
  every.onchange = onAgain;
  const found = await readClip(mine);
  if (clip === mine) finishClip(mine, found, onMessage, onSummary);
}

/** Read the video again where it is still being read, as by another engine. */
export function readAgain() {
  if (clip && !find("clip-stop").hidden) clip.onAgain();
}

/** Show a timeline without a video, such as a camera's session leaves. */
export function showTimeline(timeline, contract) {
  leaveVideo();
  view.show(timeline, contract);
}

/** Take the video and its timeline off the page. */
export function leaveVideo() {
  const left = clip;
  clip = null;
  retell = () => {};
  view.show(null);
  if (!left) return;
  left.abort.abort();
  player.pause();
  URL.revokeObjectURL(player.src);
  player.removeAttribute("src");
  player.load();
  select("#clip-boxes").selectAll("*").remove();
}

player.addEventListener("loadedmetadata", () => {
  player.style.setProperty("--ratio", String(player.videoWidth / player.videoHeight || 1.6));
});
document.addEventListener("languagechange", () => retell());
followPlayer();
