// What a timeline shows: for each face the stretches in which one expression leads.

const WINDOW = 0.5; // seconds to both sides over which smoothed scores are means

/**
 * @typedef {object} Segment
 * @property {number} track
 * @property {string} label the expression that leads
 * @property {number} begin
 * @property {number} end seconds
 * @property {{score: number, time: number}} peak
 * @property {{time: number, score: number}[]} points
 */

/** Rows of each track, in the order of the tracks. */
export function groupTracks(rows) {
  /** @type {Map<number, object[]>} */
  const tracks = new Map();
  for (const row of rows) {
    if (!tracks.has(row.track)) tracks.set(row.track, []);
    tracks.get(row.track)?.push(row);
  }
  return tracks;
}

/** Scores [labels] of each of a track's rows, each the mean over its neighbours in time. */
function smoothScores(rows, labels) {
  const sums = labels.map(() => 0);
  let [low, high] = [0, 0];
  const add = (row, sign) => labels.forEach((label, k) => (sums[k] += sign * row[label]));
  return rows.map(({ time }) => {
    while (high < rows.length && rows[high].time <= time + WINDOW) add(rows[high++], 1);
    while (rows[low].time < time - WINDOW) add(rows[low++], -1);
    return sums.map((sum) => sum / (high - low));
  });
}

/**
 * The segments of one track.
 *
 * @param {object[]} rows of the track
 * @param {number[]} times of all frames
 * @param {import("emoji-edge/contract.js").Contract} contract
 * @param {boolean} smooth
 * @returns {Segment[]}
 */
export function findSegments(rows, times, { labels, track: { gap } }, smooth) {
  const scores = smooth ? smoothScores(rows, labels) : rows.map((row) => labels.map((label) => row[label]));
  const next = nextTimes(rows, times);
  /** @type {Segment[]} */
  const segments = [];
  rows.forEach(({ time, track }, i) => {
    const score = Math.max(...scores[i]);
    const label = labels[scores[i].indexOf(score)];
    let segment = segments.at(-1);
    if (!segment || segment.label !== label || time - segment.end > gap) {
      segment = { track, label, begin: time, end: time, peak: { score, time }, points: [] };
      segments.push(segment);
    }
    if (score > segment.peak.score) segment.peak = { score, time };
    segment.points.push({ time, score });
    segment.end = next[i];
  });
  return segments;
}

/** When the last frame ends: it lasts as long as the one before it. */
export function findEnd(times) {
  const last = times[times.length - 1];
  return times.length > 1 ? last + Math.max(0, last - times[times.length - 2]) : last;
}

/** When the frame after each row's is shown; both lists go up. */
function nextTimes(rows, times) {
  let at = 0;
  return rows.map(({ time }) => {
    while (at < times.length && times[at] <= time) at++;
    return times[at] ?? findEnd(times);
  });
}

/** At most `most` of the points, evenly, so that an hour is drawn as fast as a minute. */
export function thinPoints(points, most) {
  const step = Math.ceil(points.length / most);
  return step < 2 ? points : points.filter((_, i) => i % step === 0 || i === points.length - 1);
}

/** The strongest moments of a track, the highest scores first, none nearer to another than `apart` seconds. */
export function pickPeaks(segments, apart, most) {
  /** @type {Segment[]} */
  const picked = [];
  for (const segment of [...segments].sort((a, b) => b.peak.score - a.peak.score)) {
    if (picked.length === most) break;
    if (picked.every(({ peak }) => Math.abs(peak.time - segment.peak.time) >= apart)) picked.push(segment);
  }
  return picked;
}

/** The index of the last time that is not after `time`; -1 where there is none. */
export function findMoment(times, time) {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] <= time + 1e-4) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Seconds as 0:00.00, or 0:00:00.00 from an hour on, as the command writes them. */
export function formatTime(seconds) {
  if (!Number.isFinite(seconds)) return "–"; // a stream's end that no one knows
  const hundredths = Math.floor(Math.abs(seconds) * 100 + 0.5);
  const minutes = Math.floor(hundredths / 6000);
  const rest = ((hundredths % 6000) / 100).toFixed(2).padStart(5, "0");
  const [hours, left] = [Math.floor(minutes / 60), minutes % 60];
  const sign = seconds < 0 ? "-" : "";
  return hours ? `${sign}${hours}:${String(left).padStart(2, "0")}:${rest}` : `${sign}${left}:${rest}`;
}
