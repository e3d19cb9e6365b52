// Chart: a square of cells, darker where the share is larger, with a name for each row and column.

import { format } from "../report/numbers.js";
import { drawEmoji, startDrawing } from "./svg.js";

const SIDE = 68; // largest cell
const EMOJI = 22;

/**
 * @typedef {object} Matrix
 * @property {{name: string, emoji: string}[]} names of rows and columns alike
 * @property {{share: number, number, text: string}[][]} cells by row and column
 * @property {string} rowsName what a row is
 * @property {string} columnsName what a column is
 * @property {(kind: "row" | "column" | "cell", row: number, column: number) => void} [select]
 */

const placeCells = (width, count) => {
  const left = width < 420 ? 34 : 118;
  const side = Math.min(SIDE, (width - left - 4) / count);
  return { left, top: 58, side };
};

/** The height that the cells need at a width, in pixels. */
export const measureMatrix = ({ names }, width) => {
  const { top, side } = placeCells(width, names.length);
  return Math.round(top + side * names.length + 4);
};

/** Draw; returns the marks that a pointer or the arrow keys can visit, row by row. */
export function drawMatrix(svg, { width, height }, spec) {
  const { left, top, side } = placeCells(width, spec.names.length);
  const group = startDrawing(svg, width, height, { left, top, right: 0, bottom: 0 });
  drawTitles(group, spec, left);
  spec.names.forEach((name, i) => drawNames(group, name, i, left, side));
  spec.cells.forEach((row, r) => row.forEach((cell, c) => drawCell(group, cell, r, c, side)));
  return listMarks(spec, left, top, side);
}

function drawTitles(group, { rowsName, columnsName }, left) {
  group.append("text").attr("class", "axis-label").attr("x", 0).attr("y", -44).text(`${columnsName} →`);
  group
    .append("text")
    .attr("class", "axis-label")
    .attr("x", -left)
    .attr("y", -16)
    .text(`${rowsName} ↓`)
    .attr("display", left < 60 ? "none" : null);
}

function drawNames(group, { name, emoji }, i, left, side) {
  const middle = (i + 0.5) * side;
  drawEmoji(group, emoji, middle, -20, EMOJI);
  drawEmoji(group, emoji, -8 - EMOJI / 2, middle, EMOJI);
  if (left < 60) return; // a phone's width has room for the emoji only
  group
    .append("text")
    .attr("class", "name")
    .attr("x", -14 - EMOJI)
    .attr("y", middle)
    .attr("dy", "0.35em")
    .attr("text-anchor", "end")
    .text(name);
}

function drawCell(group, { share, number }, row, column, side) {
  const strength = share > 0.75 ? "most" : share > 0.5 ? "half" : "few";
  group
    .append("rect")
    .attr("class", `cell${row === column ? " same" : ""}`)
    .attr("x", column * side + 1)
    .attr("y", row * side + 1)
    .attr("width", side - 2)
    .attr("height", side - 2)
    .attr("rx", Math.min(6, side / 8))
    .attr("fill-opacity", 0.04 + 0.96 * share);
  group
    .append("text")
    .attr("class", `cell-text ${strength}`)
    .attr("x", (column + 0.5) * side)
    .attr("y", (row + 0.5) * side)
    .attr("dy", "0.35em")
    .attr("text-anchor", "middle")
    .text(format(number))
    .attr("data-value", number.value)
    .attr("data-source", number.source);
}

/** A mark for each cell and, where something can be selected, for each row's and column's name. */
function listMarks({ names, cells, select }, left, top, side) {
  const marks = cells.flatMap((row, r) =>
    row.map((cell, c) => ({
      row: r,
      column: c,
      box: [left + c * side, top + r * side, side, side],
      text: cell.text,
      select: select && (() => select("cell", r, c)),
    })),
  );
  if (!select) return marks;
  const rows = names.map(({ name }, r) => ({
    row: r,
    column: -1,
    box: [0, top + r * side, left, side],
    text: name,
    select: () => select("row", r, -1),
  }));
  const columns = names.map(({ name }, c) => ({
    row: -1,
    column: c,
    box: [left + c * side, top - 34, side, 34],
    text: name,
    select: () => select("column", -1, c),
  }));
  return [...columns, ...rows, ...marks];
}
