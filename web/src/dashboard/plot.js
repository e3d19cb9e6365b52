// Chart: points, lines and steps over two scales, with intervals, guides and labels that keep apart.

import { curveStepAfter, line } from "d3-shape";
import { drawBottomAxis, drawEmoji, drawLeftAxis, drawSymbol, makeScale, startDrawing } from "./svg.js";

const MARGIN = { top: 30, right: 20, bottom: 50, left: 52 };
const CHARACTER = 6.6; // mean width of a label's character in pixels

/**
 * @typedef {object} Plot
 * @property {{type: "linear" | "log", domain: [number, number], label: string, write?, values?}} x
 * @property {{type: "linear" | "log", domain: [number, number], label: string, write?, values?}} y
 * @property {{name: string, kind: "points" | "line" | "both" | "steps",
 *   points: {x: number, y: number, low?: number, high?: number, area?: number, emoji?: string, label?: string, text: string}[]}[]} series
 * @property {{x1, y1, x2, y2, name?: string}[]} [guides] in the scales' units
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
  for (const guide of spec.guides ?? []) drawGuide(group, guide, x, y);
  spec.series.forEach((series, index) => drawSeries(group, series, series.index ?? index, x, y));
  drawLabels(group, spec.series, x, y, inner);
  return spec.series.flatMap((series) =>
    series.points.map((point) => ({ x: x(point.x) + MARGIN.left, y: y(point.y) + MARGIN.top, text: point.text })),
  );
}

function drawGuide(group, { x1, y1, x2, y2, name }, x, y) {
  group.append("line").attr("class", "guide").attr("x1", x(x1)).attr("y1", y(y1)).attr("x2", x(x2)).attr("y2", y(y2));
  if (!name) return;
  const anchor = x(x2) > x.range()[1] / 2 ? "end" : "start";
  group.append("text").attr("class", "guide-name").attr("x", x(x2)).attr("y", y(y1)).attr("dx", anchor === "end" ? -6 : 6).attr("dy", -6).attr("text-anchor", anchor).text(name);
}

function drawSeries(group, { kind, points }, index, x, y) {
  if (kind !== "points") {
    const path = line((point) => x(point.x), (point) => y(point.y));
    if (kind === "steps") path.curve(curveStepAfter);
    group.append("path").attr("class", `line series-${index}`).attr("d", path(points));
  }
  if (kind === "line" || kind === "steps") return;
  for (const point of points) {
    if (point.low !== undefined) {
      group.append("line").attr("class", `interval series-${index}`).attr("x1", x(point.x)).attr("x2", x(point.x)).attr("y1", y(point.low)).attr("y2", y(point.high));
    }
    if (point.emoji) drawEmoji(group, point.emoji, x(point.x), y(point.y), Math.sqrt(point.area));
    else group.append("path").attr("class", `dot series-${index}`).attr("d", drawSymbol(index, point.area)).attr("transform", `translate(${x(point.x)},${y(point.y)})`);
  }
}

const overlaps = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

/** Each point's label at the first place that is free; without a free one it is left out. */
function drawLabels(group, series, x, y, inner) {
  const points = series.flatMap((one) => one.points).map((point) => ({ ...point, left: x(point.x), top: y(point.y) }));
  const taken = points.map(({ left, top, area = 64 }) => {
    const radius = Math.sqrt(area) / 2;
    return { left: left - radius, right: left + radius, top: top - radius, bottom: top + radius };
  });
  for (const point of points.filter((one) => one.label)) {
    const place = findPlaces(point).find(
      ({ box }) => box.left > -4 && box.right < inner.width + 14 && box.top > -14 && box.bottom < inner.height && !taken.some((other) => overlaps(box, other)),
    );
    if (!place) continue;
    taken.push(place.box);
    group.append("text").attr("class", "label").attr("x", place.x).attr("y", place.y).attr("dy", "0.35em").attr("text-anchor", place.anchor).text(point.label);
  }
}

/** Where a label may stand: beside its point, above and below it, and at its corners. */
function findPlaces({ left, top, label, area = 64 }) {
  const gap = Math.sqrt(area) / 2 + 5;
  const width = label.length * CHARACTER;
  const right = { x: left + gap, anchor: "start", from: left + gap };
  const before = { x: left - gap, anchor: "end", from: left - gap - width };
  const middle = { x: left, anchor: "middle", from: left - width / 2 };
  const flush = { x: left + gap, anchor: "end", from: left + gap - width };
  const [above, below] = [top - gap - 6, top + gap + 6];
  return [
    { ...right, y: top },
    { ...before, y: top },
    ...[middle, right, before, flush].flatMap((side) => [{ ...side, y: above }, { ...side, y: below }]),
  ].map((place) => ({ ...place, box: { left: place.from, right: place.from + width, top: place.y - 7, bottom: place.y + 7 } }));
}
