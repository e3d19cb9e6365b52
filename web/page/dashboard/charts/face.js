// Drawn faces: lines of brows, eyes and mouth, so plain that people may well read them differently.

import { select } from "d3-selection";

/** @typedef {{brows: string, lids: string, mouth: string, eye: number}} Lines paths of the left brow and lid, and of the mouth */

/** @type {Record<string, Lines>} */
const FACES = {
  happy: { brows: "M27 36q7-5 14-2", lids: "M29 48q6 3 11 0", mouth: "M35 64q13 10 26 0", eye: 2.6 },
  sad: { brows: "M27 39q7-1 13-6", lids: "M28 40q6-3 12 0", mouth: "M38 69q10-6 20 0", eye: 2.4 },
  fear: {
    brows: "M26 35q7-5 15-5",
    lids: "M28 43q6-7 13 0q-6 7-13 0z",
    mouth: "M37 71q3-8 11-8t11 8q-11-3-22 0z",
    eye: 2.2,
  },
};
const MIRROR = "translate(96,0) scale(-1,1)"; // the right half is the left one in a mirror

/**
 * A drawn face.
 *
 * @param {string} label one of FACES
 * @param {string} name what a screen reader says
 * @returns {SVGSVGElement}
 */
export function drawFace(label, name) {
  const { brows, lids, mouth, eye } = FACES[label];
  const svg = select(document.createElementNS("http://www.w3.org/2000/svg", "svg"));
  svg.attr("class", "drawn-face").attr("viewBox", "0 0 96 96").attr("role", "img").attr("aria-label", name);
  svg.append("ellipse").attr("class", "head").attr("cx", 48).attr("cy", 51).attr("rx", 31).attr("ry", 37);
  svg.append("path").attr("class", "hair").attr("d", "M17 50C8-7 88-7 79 50C78 34 70 24 58 22C44 29 24 30 17 50z");
  for (const side of [null, MIRROR]) {
    const half = svg.append("g").attr("transform", side);
    half.append("path").attr("class", "stroke").attr("d", brows);
    half.append("path").attr("class", "stroke thin").attr("d", lids);
    half.append("circle").attr("class", "eye").attr("cx", 34.5).attr("cy", 43.5).attr("r", eye);
  }
  svg.append("path").attr("class", "stroke thin").attr("d", "M48 46q-4 9-3 11q3 2 6 0");
  svg.append("path").attr("class", "stroke").attr("d", mouth);
  return /** @type {SVGSVGElement} */ (svg.node());
}
