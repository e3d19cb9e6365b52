// Chart: points, lines and steps over two scales, with intervals, guides and labels that keep apart.

import { curveStepAfter, line } from "d3-shape";
import { drawNotes, overlaps } from "./notes.js";
import { drawBottomAxis, drawEmoji, drawLeftAxis, drawSymbol, makeScale, measureText, startDrawing } from "./svg.js";

const MARGIN = { top: 30, right: 20, bottom: 50, left: 52 };
const LINE = 15; // height of a label

/**
 * @typedef {object} Plot
 * @property {{type: "linear" | "log", domain: [number, number], label: string, write?, values?}} x
 * @property {{type: "linear" | "log", domain: [number, number], label: string, write?, values?}} y
 * @property {{name: string, kind: "points" | "line" | "both" | "steps",
 *   points: {x: number, y: number, low?: number, high?: number, area?: number, emoji?: string, label?: string, text: string}[]}[]} series
 * @property {{x1, y1, x2, y2, name?: string}[]} [guides] in the scales' units
 * @property {{x: number, number: number}[]} [notes] numbers of notes, by their place on the x scale
 */

/** The height that looks right at a width, in pixels. */
export const measurePlot = (_, width) => Math.round(Math.min(420, Math.max(270, width * 0.62)));

/** Draw; returns the marks that a pointer or the arrow keys can visit. */
export function drawPlot(svg, { width, height }, spec) {
  const inner = { width: width - MARGIN.left - MARGIN.right, height: height - MARGIN.top - MARGIN.bottom };
  const group = startDrawing(svg, width, height, MARGIN);
  const x = makeScale(spec.x, [0, inner.width]);
  const y = makeScale(spec.y, [inner.height, 0]);
  drawBottomAxis(group, x, spec.x, inner.width, inner.height);
  drawLeftAxis(group, y, spec.y, inner.width);
  const taken = drawGuides(group, spec.guides ?? [], x, y);
  drawNotes(group, spec.notes ?? [], x, inner.height, taken);
  spec.series.forEach((series, index) => drawSeries(group, series, series.index ?? index, x, y));
  drawLabels(group, spec.series, x, y, inner, taken);
  return spec.series.flatMap((series) =>
    series.points.map((point) => ({ x: x(point.x) + MARGIN.left, y: y(point.y) + MARGIN.top, text: point.text })),
  );
}

/** Where the name of a guide stands: at its end, below those that are there already. */
function placeName({ x2, y1, name }, x, y, taken) {
  const anchor = x(x2) > x.range()[1] / 2 ? "end" : "start";
  const width = measureText(name);
  const at = x(x2) + (anchor === "end" ? -6 : 6);
  const left = anchor === "end" ? at - width : at;
  const place = (top) => ({ left, right: left + width, top, bottom: top + LINE });
  let box = place(y(y1) - 6 - LINE);
  while (taken.some((other) => overlaps(box, other))) box = place(box.top + LINE);
  return { anchor, at, box };
}

/** Draw the guides with their names; what they take of the room, so that no label lies on them. */
function drawGuides(group, guides, x, y) {
  const taken = [];
  for (const guide of guides) {
    const [x1, x2, y1, y2] = [x(guide.x1), x(guide.x2), y(guide.y1), y(guide.y2)];
    group.append("line").attr("class", "guide").attr("x1", x1).attr("y1", y1).attr("x2", x2).attr("y2", y2);
    if (!guide.name) continue;
    const { anchor, at, box } = placeName(guide, x, y, taken);
    const text = group
      .append("text")
      .attr("class", "guide-name")
      .attr("x", at)
      .attr("y", box.bottom - 3);
    text.attr("text-anchor", anchor).text(guide.name);
    taken.push(box);
    if (y1 === y2) taken.push({ left: x1, right: x2, top: y1 - 1, bottom: y1 + 1 });
  }
  return taken;
}

function drawSeries(group, { kind, points }, index, x, y) {
  if (kind !== "points") {
    const path = /** @type {any} */ (line)(
      (point) => x(point.x),
      (point) => y(point.y),
    );
    if (kind === "steps") path.curve(curveStepAfter);
    group.append("path").attr("class", `line series-${index}`).attr("d", path(points));
  }
  if (kind === "line" || kind === "steps") return;
  for (const point of points) {
    if (point.low !== undefined) {
      group
        .append("line")
        .attr("class", `interval series-${index}`)
        .attr("x1", x(point.x))
        .attr("x2", x(point.x))
        .attr("y1", y(point.low))
        .attr("y2", y(point.high));
    }
    if (point.emoji) drawEmoji(group, point.emoji, x(point.x), y(point.y), Math.sqrt(point.area));
    else
      group
        .append("path")
        .attr("class", `dot series-${index}`)
        .attr("d", drawSymbol(index, point.area))
        .attr("transform", `translate(${x(point.x)},${y(point.y)})`);
  }
}

/** Each point's label at the first place that is free; without a free one it is left out. */
function drawLabels(group, series, x, y, inner, guides) {
  const points = series.flatMap((one) => one.points).map((point) => ({ ...point, left: x(point.x), top: y(point.y) }));
  const taken = points.map(({ left, top, area = 64 }) => {
    const radius = Math.sqrt(area) / 2;
    return { left: left - radius, right: left + radius, top: top - radius, bottom: top + radius };
  });
  taken.push(...guides);
  for (const point of points.filter((one) => one.label)) {
    const place = findPlaces(point).find(
      ({ box }) =>
        box.left > -4 &&
        box.right < inner.width + 14 &&
        box.top > -14 &&
        box.bottom < inner.height &&
        !taken.some((other) => overlaps(box, other)),
    );
    if (!place) continue;
    taken.push(place.box);
    group
      .append("text")
      .attr("class", "label")
      .attr("x", place.x)
      .attr("y", place.y)
      .attr("dy", "0.35em")
      .attr("text-anchor", place.anchor)
      .text(point.label);
  }
}

/** Where a label may stand: beside its point, above and below it, and at its corners. */
function findPlaces({ left, top, label, area = 64 }) {
  const gap = Math.sqrt(area) / 2 + 5;
  const width = measureText(label);
  const right = { x: left + gap, anchor: "start", from: left + gap };
  const before = { x: left - gap, anchor: "end", from: left - gap - width };
  const middle = { x: left, anchor: "middle", from: left - width / 2 };
  const flush = { x: left + gap, anchor: "end", from: left + gap - width };
  const [above, below] = [top - gap - 6, top + gap + 6];
  return [
    { ...right, y: top },
    { ...before, y: top },
    ...[middle, right, before, flush].flatMap((side) => [
      { ...side, y: above },
      { ...side, y: below },
    ]),
  ].map((place) => ({
    ...place,
    box: { left: place.from, right: place.from + width, top: place.y - 7, bottom: place.y + 7 },
  }));
}
