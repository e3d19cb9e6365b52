// The timeline as a drawing: one row a face, coloured by the leading expression, as high as its score.

import { axisBottom } from "d3-axis";
import { scaleLinear } from "d3-scale";
import { select } from "d3-selection";
import { area, curveStepAfter } from "d3-shape";
import { findEmoji } from "../shared/emoji.js";
import { t } from "../shared/strings.js";
import { findSegments, formatTime, groupTracks, pickPeaks, thinPoints } from "./segments.js";

const ROW = 64; // pixels of a face's row
const MARGIN = { top: 30, right: 16, bottom: 30, left: 84 };
const EMOJI = 26;
const MOST_ROWS = 12;
const MOST_POINTS = 800; // of a segment
const MOST_PEAKS = 8; // emoji of a row

/** @typedef {{tracks: {track: number, segments: import("./segments.js").Segment[]}[], hidden: number}} Drawing */

/** What is to be drawn: the longest tracks where there are many, each with its segments. */
export function planDrawing({ rows, times }, contract, smooth) {
  const tracks = [...groupTracks(rows)].sort(([, a], [, b]) => b.length - a.length);
  const shown = tracks.slice(0, MOST_ROWS).sort(([a], [b]) => a - b);
  return {
    tracks: shown.map(([track, own]) => ({ track, segments: findSegments(own, times, contract, smooth) })),
    hidden: tracks.length - shown.length,
  };
}

/**
 * Draw.
 *
 * @param {SVGSVGElement} svg
 * @param {Drawing} drawing
 * @param {{width: number, begin: number, end: number, contract: import("emoji-edge/contract.js").Contract}} frame
 * @returns {import("d3-scale").ScaleLinear<number, number>} from seconds to pixels
 */
export function drawTimeline(svg, { tracks }, { width, begin, end, contract }) {
  const height = MARGIN.top + ROW * Math.max(1, tracks.length) + MARGIN.bottom;
  const x = scaleLinear([begin, Math.max(end, begin + 0.01)], [MARGIN.left, width - MARGIN.right]);
  const root = select(svg).attr("viewBox", `0 0 ${width} ${height}`).attr("width", width).attr("height", height);
  root.selectAll("*").remove();
  const ink = readColour("--ink-soft");
  drawAxis(root, x, height, ink);
  tracks.forEach(({ track, segments }, i) => {
    const group = root.append("g").attr("transform", `translate(0,${MARGIN.top + i * ROW})`);
    drawRow(group, track, segments, x, contract, ink);
  });
  root
    .append("line")
    .attr("class", "timeline-cursor")
    .attr("y1", 4)
    .attr("y2", height - MARGIN.bottom)
    .attr("stroke", readColour("--ink"))
    .attr("stroke-width", 2);
  return x;
}

/** A colour of the page, as it is in the theme in use: a drawing that is saved has no style sheet. */
const readColour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function drawAxis(root, x, height, ink) {
  const ticks = Math.max(2, Math.floor((x.range()[1] - x.range()[0]) / 110));
  const axis = axisBottom(x)
    .ticks(ticks)
    .tickSizeOuter(0)
    .tickFormat((seconds) => formatTime(Number(seconds)));
  const group = root
    .append("g")
    .attr("transform", `translate(0,${height - MARGIN.bottom})`)
    .call(axis);
  group.attr("color", ink).attr("font-family", "system-ui, sans-serif").attr("font-size", 12);
}

function drawRow(group, track, segments, x, contract, ink) {
  const y = scaleLinear([0, 1], [ROW - 4, 6]);
  const shape = area()
    .x(([time]) => x(time))
    .y0(y(0))
    .y1(([, score]) => y(score))
    .curve(curveStepAfter);
  group
    .append("text")
    .attr("x", 4)
    .attr("y", ROW / 2 + 5)
    .attr("fill", ink)
    .attr("font-family", "system-ui, sans-serif")
    .attr("font-size", 14)
    .text(t("timeline.row", { number: track }));
  group.append("line").attr("x1", x.range()[0]).attr("x2", x.range()[1]).attr("y1", y(0)).attr("y2", y(0));
  group.select("line").attr("stroke", ink).attr("stroke-opacity", 0.35);
  group
    .selectAll("path")
    .data(segments)
    .join("path")
    .attr("data-label", ({ label }) => label)
    .attr("fill", ({ label }) => readColour(`--expression-${contract.labels.indexOf(label)}`))
    .attr("d", ({ points, end }) => {
      const thin = thinPoints(points, MOST_POINTS).map(({ time, score }) => [time, score]);
      return shape([...thin, [end, points.at(-1).score]]);
    });
  const apart = Math.abs(x.invert(EMOJI + 6) - x.invert(0));
  group
    .selectAll("image")
    .data(pickPeaks(segments, apart, MOST_PEAKS))
    .join("image")
    .attr("href", ({ label }) => findEmoji(contract.emoji[label]))
    .attr("width", EMOJI)
    .attr("height", EMOJI)
    .attr("x", ({ peak }) => Math.min(Math.max(x(peak.time) - EMOJI / 2, x.range()[0]), x.range()[1] - EMOJI))
    .attr("y", ({ peak }) => Math.max(y(peak.score) - EMOJI / 2, -EMOJI / 2));
}

/** Move the line that marks the moment of the video. */
export function moveCursor(svg, position) {
  select(svg).select(".timeline-cursor").attr("x1", position).attr("x2", position);
}
