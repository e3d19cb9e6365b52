// Tracks and rows of videos, without a browser: the same as tests/edge/test_track.py asks of the command.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Timeline, formatCsv, listColumns, makePicker, summarizeTracks } from "../../../web/pipeline/timeline.js";
import { Tracker } from "../../../web/pipeline/track.js";
import { findMoment, findSegments, formatTime, pickPeaks, thinPoints } from "../../../web/page/video/segments.js";

const CONTRACT = JSON.parse(readFileSync(join(import.meta.dirname, "../../../models/contract.json"), "utf8"));
const LEFT = [0, 0, 10, 10];
const RIGHT = [30, 0, 40, 10];
const move = ([x0, y0, x1, y1], across) => [x0 + across, y0, x1 + across, y1];
const makeTracker = (overlap = 0.3, gap = 0.5) => new Tracker({ overlap, gap });

test("two faces keep their tracks in whatever order they come", () => {
  const tracker = makeTracker();
  for (let n = 0; n < 20; n++) {
    const boxes = [move(LEFT, n / 2), move(RIGHT, -n / 2)];
    const tracks = tracker.followFaces(n % 2 ? boxes : boxes.reverse(), n / 25);
    expect(tracks).toEqual(n % 2 ? [2, 1] : [1, 2]);
  }
});

test("the largest overlap wins", () => {
  const tracker = makeTracker(0.1);
  expect(tracker.followFaces([LEFT, move(LEFT, 6)], 0)).toEqual([1, 2]);
  expect(tracker.followFaces([move(LEFT, 5), move(LEFT, 1)], 0.04)).toEqual([2, 1]);
});

test("a short gap joins, a long one does not, and neighbouring frames join however far apart", () => {
  const tracker = makeTracker();
  const follow = (boxes, time) => tracker.followFaces(boxes, time);
  expect([follow([LEFT], 0), follow([], 0.25), follow([LEFT], 0.5)]).toEqual([[1], [], [1]]);
  expect([follow([], 0.75), follow([], 1), follow([LEFT], 1.25)]).toEqual([[], [], [2]]);
  expect(follow([LEFT], 99)).toEqual([2]);
});

/** A timeline of one face; shares: for each frame [time, score of happy], the rest is neutral. */
function makeTimeline(shares) {
  const timeline = new Timeline("clip.mp4", CONTRACT);
  shares.forEach(([time, happy], frame) => {
    const scores = CONTRACT.labels.map((label) => ({ happy, neutral: 1 - happy })[label] ?? 0);
    const [label, score] = happy > 0.5 ? ["happy", happy] : ["neutral", 1 - happy];
    const face = { box: LEFT, detection: 0.9, not_sure: false, expressions: [{ label, score }] };
    timeline.addFrame(frame, time, [face], [scores]);
  });
  return timeline;
}

test("rows have the command's columns, and CSV its cells", () => {
  const { rows } = makeTimeline([[1 / 3, 0.75]]);
  expect(Object.keys(rows[0])).toEqual(listColumns(CONTRACT));
  expect(rows[0].time).toBe(0.333333);
  expect(formatCsv(rows, CONTRACT)).toBe(
    `${listColumns(CONTRACT).join(",")}\nclip.mp4,0,0.333333,1,0,0,10,10,,0.9,false,happy,0.75,0,0,0,0.75,0,0,0.25\n`,
  );
  expect(formatCsv([{ ...rows[0], video: 'a "b", c.mp4' }], CONTRACT)).toContain('\n"a ""b"", c.mp4",0,');
});

test("the summary says how long and when most", () => {
  const timeline = makeTimeline([
    [0, 0.9],
    [1, 0.95],
    [1.5, 0.2],
    [3.5, 0.9],
  ]);
  expect(summarizeTracks(timeline)).toEqual([
    {
      track: 1,
      begin: 0,
      end: 3.5,
      seconds: { happy: 1 + 0.5 + 2, neutral: 2 },
      peaks: { happy: { score: 0.95, time: 1 }, neutral: { score: 0.8, time: 1.5 } },
    },
  ]);
});

test("every takes the first frame of each interval", () => {
  const takes = makePicker(1);
  expect([0, 0.3, 0.9, 1.1, 1.99, 2.5, 2.6].filter(takes)).toEqual([0, 1.1, 2.5]);
  expect([5, 5.1, 5.2].filter(makePicker(0))).toEqual([5, 5.1, 5.2]);
});

test("segments change where the leading expression does; smoothed ones pass over a flicker", () => {
  const timeline = makeTimeline(
    Array.from({ length: 20 }, (_, n) => /** @type {[number, number]} */ ([n / 10, n === 10 ? 0.1 : 0.9])),
  );
  const raw = findSegments(timeline.rows, timeline.times, CONTRACT, false);
  expect(raw.map(({ label, begin, end }) => [label, begin, Number(end.toFixed(6))])).toEqual([
    ["happy", 0, 1],
    ["neutral", 1, 1.1],
    ["happy", 1.1, 2],
  ]);
  const [smooth, ...more] = findSegments(timeline.rows, timeline.times, CONTRACT, true);
  expect(more).toEqual([]);
  expect(smooth.points[0].score).toBeCloseTo(0.9, 6);
  expect(smooth.points[10].score).toBeCloseTo((10 * 0.9 + 0.1) / 11, 6);
  expect(timeline.rows[10].happy).toBe(0.1);
});

test("a gap ends a segment", () => {
  const timeline = makeTimeline([
    [0, 0.9],
    [0.1, 0.9],
  ]);
  timeline.addFrame(2, 0.2, [], []);
  timeline.addFrame(3, 5, [], []);
  timeline.rows.push({ ...timeline.rows[1], time: 5.1 });
  timeline.times.push(5.1);
  const found = findSegments(timeline.rows, timeline.times, CONTRACT, false);
  expect(found.map(({ begin, end }) => [begin, Number(end.toFixed(6))])).toEqual([
    [0, 0.2],
    [5.1, 5.2],
  ]);
});

test("peaks keep apart, points grow thin, moments are found", () => {
  const segments = [0.5, 0.9, 0.8].map((score, n) => ({ peak: { score, time: n } }));
  const times = (found) => found.map(({ peak }) => peak.time);
  expect(times(pickPeaks(/** @type {any} */ (segments), 1.5, 5))).toEqual([1]);
  expect(times(pickPeaks(/** @type {any} */ (segments), 1, 2))).toEqual([1, 2]);
  expect(thinPoints([...Array(1000).keys()], 10).length).toBeLessThanOrEqual(11);
  expect(thinPoints([...Array(1000).keys()], 10).at(-1)).toBe(999);
  expect([-1, 0, 0.5, 1, 9].map((time) => findMoment([0, 1, 2], time))).toEqual([-1, 0, 0, 1, 2]);
  expect([0, 61.005, 3600, -1.5].map(formatTime)).toEqual(["0:00.00", "1:01.01", "1:00:00.00", "-0:01.50"]);
});
