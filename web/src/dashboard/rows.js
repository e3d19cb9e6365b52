// Chart: a row for each category, with bars from zero or dots with intervals, one for each series.

import { scaleBand } from "d3-scale";
import { format } from "./numbers.js";
import { drawBottomAxis, drawEmoji, drawSymbol, makeScale, startDrawing } from "./svg.js";

const BAR = { least: 13, most: 30 }; // height in pixels
const LEAST = 270; // height of a chart of few rows
const CHARACTER = 7.4; // mean width of a name's character
const EMOJI = 20;
const VALUE = 62; // room for the number behind a bar

/**
 * @typedef {object} Rows
 * @property {"bars" | "dots"} mark
 * @property {{name: string, emoji?: string}[]} categories
 * @property {{name: string, values: {number, low?, high?, index?: number, text: string}[]}[]} series one value a category
 * @property {{label: string, domain: [number, number], write?: (value: number) => string}} axis
 */

/** The height that the rows need, in pixels. */
export const measureRows = ({ categories, series, mark }) =>
  Math.max(LEAST, categories.length * (mark === "bars" ? series.length * BAR.least + 16 : 34) + 60);

/** Room for the names at the left. */
function measureNames(categories, width) {
  const longest = Math.max(...categories.map(({ name, emoji }) => name.length * CHARACTER + (emoji ? EMOJI + 6 : 0)));
  return Math.min(longest + 16, width * 0.5);
}

/** Draw; returns the marks that a pointer or the arrow keys can visit. */
export function drawRows(svg, { width, height }, spec) {
  const margin = { top: 8, right: spec.mark === "bars" ? VALUE : 20, bottom: 46, left: measureNames(spec.categories, width) };
  const inner = { width: width - margin.left - margin.right, height: height - margin.top - margin.bottom };
  const group = startDrawing(svg, width, height, margin);
  const x = makeScale({ type: "linear", ...spec.axis }, [0, inner.width]);
  const y = scaleBand(spec.categories.map((_, i) => i), [0, inner.height]).paddingInner(0.22).paddingOuter(0.1);
  drawBottomAxis(group, x, spec.axis, inner.width, inner.height);
  drawNames(group, spec.categories, y);
  return spec.categories.flatMap((_, row) => {
    const middle = y(row) + y.bandwidth() / 2;
    if (spec.mark === "dots") drawSpan(group, x, middle, spec.series, row);
    return spec.series.map((series, index) => {
      const place = spec.mark === "bars" ? placeBar(middle, y.bandwidth(), index, spec.series.length) : { middle };
      const end = (spec.mark === "bars" ? drawBar : drawDot)(group, x, place, series.values[row], index);
      return { x: end + margin.left, y: place.middle + margin.top, text: series.values[row].text };
    });
  });
}

function drawNames(group, categories, y) {
  categories.forEach(({ name, emoji }, i) => {
    const middle = y(i) + y.bandwidth() / 2;
    if (emoji) drawEmoji(group, emoji, -10 - EMOJI / 2, middle, EMOJI);
    const end = emoji ? -16 - EMOJI : -10;
    group.append("text").attr("class", "name").attr("x", end).attr("y", middle).attr("dy", "0.35em").attr("text-anchor", "end").text(name);
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
  group.append("line").attr("class", "span").attr("x1", Math.min(...ends)).attr("x2", Math.max(...ends)).attr("y1", middle).attr("y2", middle);
}

function drawDot(group, x, { middle }, { number, low, high }, index) {
  if (low) {
    group.append("line").attr("class", `interval series-${index}`).attr("x1", x(low.value)).attr("x2", x(high.value)).attr("y1", middle).attr("y2", middle);
  }
  const end = x(number.value);
  group.append("path").attr("class", `dot series-${index}`).attr("d", drawSymbol(index, 90)).attr("transform", `translate(${end},${middle})`);
  return end;
}
