// The timeline of a video: one row for each face of each frame, as edge/emoji_edge/timeline.py has them.

import { Tracker } from "./track.js";

/** How a camera's and a video's pictures are searched, so that they stay fast. */
export const MOVING = Object.freeze({ tiles: false });
const PLACE = ["video", "frame", "time", "track"];
const BOX = ["x0", "y0", "x1", "y1"];
const ANSWER = ["roll", "detection", "not_sure", "expression", "score"];

/** @typedef {Record<string, any>} Row with the values that listColumns names */

/** Names of a row's values, in order; the last are the raw scores of the labels. */
export const listColumns = ({ labels }) => [...PLACE, ...BOX, ...ANSWER, ...labels];

/** A number with so many decimals at most. */
const round = (value, digits) => Number(value.toFixed(digits));

/** Turns the answers for one video's frames into rows. */
export class Timeline {
  /** @type {Row[]} */
  rows = [];
  /** @type {number[]} the times of all frames, with a face or without */
  times = [];
  #tracker;

  constructor(video, contract) {
    this.video = video;
    this.contract = contract;
    this.#tracker = new Tracker(contract.track);
  }

  /**
   * Rows of the next frame, in the order of its faces.
   *
   * @param {number} frame its number from 0
   * @param {number} seconds its presentation time
   * @param {{box: number[], roll?: number | null, detection: number | null, not_sure: boolean, expressions: any[]}[]} faces
   * @param {ArrayLike<number>[]} scores of each face, [labels]
   * @returns {Row[]}
   */
  addFrame(frame, seconds, faces, scores) {
    const time = round(seconds, 6);
    const tracks = this.#tracker.followFaces(
      faces.map(({ box }) => box),
      time,
    );
    const rows = faces.map((face, i) => ({
      video: this.video,
      frame,
      time,
      track: tracks[i],
      ...Object.fromEntries(BOX.map((name, corner) => [name, face.box[corner]])),
      roll: face.roll ?? null,
      detection: face.detection,
      not_sure: face.not_sure,
      expression: face.expressions[0].label,
      score: face.expressions[0].score,
      ...Object.fromEntries(this.contract.labels.map((label, k) => [label, round(scores[i][k], 6)])),
    }));
    this.times.push(time);
    this.rows.push(...rows);
    return rows;
  }
}

/** A frame is taken where it is the first of its interval of `every` seconds, counted from the first frame; all where 0. */
export function makePicker(every) {
  let begin = NaN;
  let last = -1;
  return (time) => {
    if (Number.isNaN(begin)) begin = time;
    if (!every) return true;
    const slot = Math.floor((time - begin) / every + 1e-6);
    if (slot <= last) return false;
    last = slot;
    return true;
  };
}

/** How long each face looked like what, and when most: the rule is timeline.py's TrackSummary. */
export function summarizeTracks({ rows, times }) {
  const next = new Map(times.map((time, i) => [time, times[i + 1] ?? time + lastStep(times)]));
  const tracks = new Map();
  for (const { track, time, expression, score } of rows) {
    const summary = tracks.get(track) ?? { track, begin: time, end: time, seconds: {}, peaks: {} };
    tracks.set(track, summary);
    summary.end = time;
    summary.seconds[expression] = (summary.seconds[expression] ?? 0) + Math.max(0, next.get(time) - time);
    if (score > (summary.peaks[expression]?.score ?? -1)) summary.peaks[expression] = { score, time };
  }
  return [...tracks.values()];
}

const lastStep = (times) => (times.length > 1 ? Math.max(0, times.at(-1) - times.at(-2)) : 0);

/** Rows as CSV, as the command writes them. */
export function formatCsv(rows, contract) {
  const columns = listColumns(contract);
  const quote = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const write = (cells) => cells.map((cell) => quote(String(cell ?? ""))).join(",");
  return [columns, ...rows.map((row) => columns.map((name) => row[name]))].map((cells) => `${write(cells)}\n`).join("");
}
