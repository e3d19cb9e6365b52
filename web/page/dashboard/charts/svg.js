// What the three kinds of chart share: the drawing's frame, scales, axes and marks.

import { axisBottom, axisLeft } from "d3-axis";
import { scaleLinear, scaleLog } from "d3-scale";
import { symbol, symbolCircle, symbolDiamond, symbolSquare, symbolTriangle } from "d3-shape";
import { findEmoji } from "../../shared/emoji.js";
import { FORMATS } from "../report/numbers.js";

const SIZE = 13; // of the drawings' letters, in pixels
const CHARACTER = 8; // about as wide as one is, where no canvas can tell
const SHAPES = [symbolCircle, symbolSquare, symbolTriangle, symbolDiamond];

/** @type {CanvasRenderingContext2D | null} made once, for all texts */
let ruler = null;

/** How wide a text of a drawing is, in pixels. */
export function measureText(text) {
  ruler ??= document.createElement("canvas").getContext("2d");
  if (!ruler) return text.length * CHARACTER;
  ruler.font = `${SIZE}px ${getComputedStyle(document.body).fontFamily}`;
  return ruler.measureText(text).width;
}

/** The path of a series' symbol: shapes differ as colours do, for eyes that see few colours. */
export const drawSymbol = (index, area = 64) => symbol(SHAPES[index % SHAPES.length], area)();

/** An emoji's picture, its middle at (x, y). */
export const drawEmoji = (group, emoji, x, y, size) =>
  group
    .append("image")
    .attr("class", "emoji")
    .attr("href", findEmoji(emoji))
    .attr("x", x - size / 2)
    .attr("y", y - size / 2)
    .attr("width", size)
    .attr("height", size);

/** A group moved by the margins, in an emptied drawing of width x height pixels. */
export function startDrawing(svg, width, height, margin) {
  svg.selectAll("*").remove();
  svg.attr("viewBox", `0 0 ${width} ${height}`).attr("width", width).attr("height", height);
  return svg.append("g").attr("transform", `translate(${margin.left},${margin.top})`);
}

/** A scale of an axis {type: "linear" | "log", domain: [low, high]} over a range of pixels. */
export const makeScale = ({ type, domain }, range) =>
  (type === "log" ? scaleLog() : scaleLinear()).domain(domain).range(range);

/** Horizontal axis at the bottom with its label below the right end. */
export function drawBottomAxis(group, scale, axis, width, height) {
  const drawn = axisBottom(scale)
    .ticks(Math.min(6, Math.max(2, Math.round(width / 80))), axis.type === "log" ? "~s" : undefined)
    .tickSizeInner(-height)
    .tickSizeOuter(0)
    .tickPadding(8);
  finishAxis(group.append("g").attr("transform", `translate(0,${height})`), drawn, axis);
  if (!axis.label) return;
  group
    .append("text")
    .attr("class", "axis-label")
    .attr("x", width)
    .attr("y", height + 38)
    .attr("text-anchor", "end")
    .text(axis.label);
}

/** Vertical axis at the left with its label above it. */
export function drawLeftAxis(group, scale, axis, width) {
  const drawn = axisLeft(scale)
    .ticks(5, axis.type === "log" ? "~s" : undefined)
    .tickSizeInner(-width)
    .tickSizeOuter(0)
    .tickPadding(8);
  finishAxis(group.append("g"), drawn, axis);
  if (axis.label) group.append("text").attr("class", "axis-label").attr("x", -40).attr("y", -12).text(axis.label);
}

function finishAxis(group, drawn, { type, values, write }) {
  if (values) drawn.tickValues(values);
  else if (type === "log")
    drawn.tickValues(
      drawn
        .scale()
        .ticks()
        .filter((value) => Math.log10(value) % 1 === 0),
    );
  drawn.tickFormat(write ?? FORMATS.plain); // in the language's own way
  group.attr("class", "axis").call(drawn);
  group.select(".domain").remove();
}
