// Chart: a row for each category, with bars from zero or dots with intervals, one for each series.

import { scaleBand } from "d3-scale";
import { format } from "../report/numbers.js";
import { drawBottomAxis, drawEmoji, drawSymbol, makeScale, measureText, startDrawing } from "./svg.js";

const BAR = { least: 13, most: 30 }; // height in pixels
const LEAST = 270; // height of a chart of few rows
const EMOJI = 20;
const LINE = 14; // height of a line of a name
const VALUE = 62; // room for the number behind a bar

/**
 * @typedef {object} Rows
 * @property {"bars" | "dots"} mark
 * @property {{name: string, emoji?: string}[]} categories
 * @property {{name: string, values: {number, low?, high?, index?: number, text: string}[]}[]} series one value a category
 * @property {{name: string}[]} [legend] what the colours of one series' bars stand for, by their index
 * @property {{label: string, domain: [number, number], write?: (value: number) => string}} axis
 */

/**
 * A name in as many lines as it needs in the room, broken after blanks and slashes.
 *
 * @param {string} name
 * @param {number} room in pixels
 * @param {(text: string) => number} measure a text's width in pixels
 */
export function breakName(name, room, measure = measureText) {
  const lines = [""];
  for (const part of name.split(/(?<=[ /])/)) {
    const longer = lines[lines.length - 1] + part;
    if (lines[0] && measure(longer.trim()) > room) lines.push(part);
    else lines[lines.length - 1] = longer;
  }
  return lines.map((line) => line.trim());
}

const measureIcon = ({ emoji }) => (emoji ? EMOJI + 6 : 0);

/** The lines of each name, and the room that the longest takes at the left, in pixels. */
function layNames(categories, width) {
  const most = width * 0.5 - 16;
  const names = categories.map((one) => breakName(one.name, most - measureIcon(one)));
  const widths = names.map((lines, i) => Math.max(...lines.map(measureText)) + measureIcon(categories[i]));
  return { names, left: Math.min(Math.max(...widths), most) + 16 };
}

/** The height that the rows need at a width, in pixels. */
export const measureRows = ({ categories, series, mark }, width) => {
  const lines = Math.max(...layNames(categories, width).names.map(({ length }) => length));
  const row = Math.max(mark === "bars" ? series.length * BAR.least + 16 : 34, lines * LINE + 8);
  return Math.max(LEAST, categories.length * row + 60);
};

/** Draw; returns the marks that a pointer or the arrow keys can visit. */
export function drawRows(svg, { width, height }, spec) {
  const { names, left } = layNames(spec.categories, width);
  const margin = {
    top: 8,
    right: spec.mark === "bars" ? VALUE : 20,
    bottom: 46,
    left,
  };
  const inner = { width: width - margin.left - margin.right, height: height - margin.top - margin.bottom };
  const group = startDrawing(svg, width, height, margin);
  const x = makeScale({ type: "linear", ...spec.axis }, [0, inner.width]);
  const y = scaleBand(
    spec.categories.map((_, i) => i),
    [0, inner.height],
  )
    .paddingInner(0.22)
    .paddingOuter(0.1);
  drawBottomAxis(group, x, spec.axis, inner.width, inner.height);
  drawNames(group, spec.categories, names, y);
  return spec.categories.flatMap((_, row) => {
    const middle = Number(y(row)) + y.bandwidth() / 2;
    if (spec.mark === "dots") drawSpan(group, x, middle, spec.series, row);
    return spec.series.map((series, index) => {
      const place =
        spec.mark === "bars" ? placeBar(middle, y.bandwidth(), index, spec.series.length) : { middle, height: 0 };
      const end = (spec.mark === "bars" ? drawBar : drawDot)(group, x, place, series.values[row], index);
      const point = { x: end + margin.left, y: place.middle + margin.top, text: series.values[row].text };
      const top = point.y - place.height / 2;
      return spec.mark === "bars" ? { ...point, box: [margin.left, top, Math.max(end, 1), place.height] } : point;
    });
  });
}

function drawNames(group, categories, names, y) {
  categories.forEach(({ emoji }, i) => {
    const middle = y(i) + y.bandwidth() / 2;
    if (emoji) drawEmoji(group, emoji, -10 - EMOJI / 2, middle, EMOJI);
    const end = emoji ? -16 - EMOJI : -10;
    const text = group.append("text").attr("class", "name").attr("text-anchor", "end");
    names[i].forEach((line, row) => {
      const below = (row - (names[i].length - 1) / 2) * LINE;
      const part = text
        .append("tspan")
        .attr("x", end)
        .attr("y", middle + below);
      part.attr("dy", "0.35em").text(row ? ` ${line}` : line); // the blank keeps the words apart for who copies them
    });
  });
}

/** The middle and height of one of the bars of a row. */
function placeBar(middle, room, index, count) {
  const height = Math.min(room / count, BAR.most);
  return { middle: middle + (index - (count - 1) / 2) * height, height };
}

function drawBar(group, x, { middle, height }, { number, index: own }, index) {
  const end = x(number.value);
  group
    .append("rect")
    .attr("class", `bar series-${own ?? index}`)
    .attr("y", middle - height / 2 + 1)
    .attr("width", Math.max(end, 1))
    .attr("height", height - 2)
    .attr("rx", Math.min(4, height / 3));
  group
    .append("text")
    .attr("class", "value")
    .attr("x", end + 6)
    .attr("y", middle)
    .attr("dy", "0.35em")
    .text(format(number))
    .attr("data-value", number.value)
    .attr("data-source", number.source);
  return end;
}

/** A thin line from the row's least dot to its greatest. */
function drawSpan(group, x, middle, series, row) {
  const ends = series.map((one) => x(one.values[row].number.value));
  group
    .append("line")
    .attr("class", "span")
    .attr("x1", Math.min(...ends))
    .attr("x2", Math.max(...ends))
    .attr("y1", middle)
    .attr("y2", middle);
}

function drawDot(group, x, { middle }, { number, low, high }, index) {
  if (low) {
    group
      .append("line")
      .attr("class", `interval series-${index}`)
      .attr("x1", x(low.value))
      .attr("x2", x(high.value))
      .attr("y1", middle)
      .attr("y2", middle);
  }
  const end = x(number.value);
  group
    .append("path")
    .attr("class", `dot series-${index}`)
    .attr("d", drawSymbol(index, 90))
    .attr("transform", `translate(${end},${middle})`);
  return end;
}
