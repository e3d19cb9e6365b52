// Boxes and emoji of faces over a photo, a video or a camera's picture.

import { select } from "d3-selection";
import { findEmoji } from "./emoji.js";

/** @typedef {Pick<import("emoji-edge/rows.js").Face, "box" | "roll" | "not_sure" | "expressions">} Face */

/**
 * Where the emoji of a face stand: one at the box's upper right corner; three small ones where people would be divided.
 *
 * @param {Face} face
 * @param {number[]} size of the picture
 */
function placeEmoji({ box: [x0, y0, x1, y1], not_sure: unsure, expressions }, [width, height]) {
  const shown = unsure ? expressions : expressions.slice(0, 1);
  const room = Math.max(0.5 * Math.max(x1 - x0, y1 - y0), 0.07 * Math.max(width, height));
  const side = Math.min(unsure ? 0.55 * room : room, 0.3 * Math.min(width, height));
  const left = Math.min(Math.max(x1 - (shown.length - 0.4) * side, 0), width - shown.length * side);
  const top = Math.min(Math.max(y0 - 0.6 * side, 0), height - side);
  return shown.map(({ emoji }, i) => ({ emoji, unsure, side, x: left + i * side, y: top }));
}

/**
 * A face as a mirror shows it.
 *
 * @param {Face} face
 * @param {number} width of the picture
 * @returns {Face}
 */
function mirrorFace({ box: [x0, y0, x1, y1], roll, ...face }, width) {
  return { ...face, box: [width - x1, y0, width - x0, y1], roll: roll && -roll };
}

/**
 * Draw box and emoji of each face over a picture; where there are several faces, with the numbers of their cards.
 *
 * @param {SVGElement} svg that lies over the picture
 * @param {number[]} size of the picture that the boxes refer to
 * @param {Face[]} faces
 * @param {boolean} [mirrored] whether the picture is shown as in a mirror
 */
export function drawBoxes(svg, [width, height], faces, mirrored = false) {
  const unit = Math.max(width, height) / 100;
  const shown = mirrored ? faces.map((face) => mirrorFace(face, width)) : faces;
  const root = select(svg).attr("viewBox", `0 0 ${width} ${height}`);
  const groups = root
    .selectAll("g")
    .data(shown)
    .join((enter) => {
      const group = enter.append("g");
      group.append("rect").attr("class", "box-shade");
      group.append("rect").attr("class", "box-line");
      group.append("text").attr("class", "box-number");
      return group;
    });
  groups
    .selectAll("rect")
    .data((face) => [face, face])
    .attr("x", ({ box: [x0] }) => x0)
    .attr("y", ({ box: [, y0] }) => y0)
    .attr("width", ({ box: [x0, , x1] }) => x1 - x0)
    .attr("height", ({ box: [, y0, , y1] }) => y1 - y0)
    .attr("transform", ({ box: [x0, y0, x1, y1], roll }) => `rotate(${roll ?? 0} ${(x0 + x1) / 2} ${(y0 + y1) / 2})`)
    .attr("rx", 1.2 * unit);
  groups
    .selectAll("image")
    .data((face) => placeEmoji(face, [width, height]))
    .join("image")
    .attr("class", ({ unsure }) => (unsure ? "box-emoji unsure" : "box-emoji"))
    .attr("href", ({ emoji }) => findEmoji(emoji))
    .attr("x", ({ x }) => x)
    .attr("y", ({ y }) => y)
    .attr("width", ({ side }) => side)
    .attr("height", ({ side }) => side);
  groups
    .select("text")
    .attr("font-size", 4 * unit)
    .attr("x", ({ box: [x0] }) => Math.max(x0, 0.5 * unit))
    .attr("y", ({ box: [, y0] }) => Math.max(y0 - 1.2 * unit, 3.6 * unit)) // above the box, so that the face stays free
    .text((_, i) => (faces.length > 1 ? i + 1 : ""));
}
