// Notes on a chart: numbers on its curves, what they mean beside it, and the one that is being read made bold.

import { make } from "../../shared/dom.js";

const RADIUS = 9;

/** Whether two boxes of a drawing share room. */
export const overlaps = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

/**
 * Draw each note's number at the top of its place, below those that are there already.
 *
 * @param {any} group
 * @param {{x: number, number: number}[]} notes
 * @param {(value: number) => number} x
 * @param {number} height
 * @param {{left: number, right: number, top: number, bottom: number}[]} taken what of the room is in use; the numbers are added
 */
export function drawNotes(group, notes, x, height, taken) {
  for (const { x: value, number } of notes) {
    const middle = x(value);
    const box = { left: middle - RADIUS, right: middle + RADIUS, top: -4, bottom: 2 * RADIUS - 4 };
    const isFree = () => !taken.some((other) => overlaps(box, other));
    for (; !isFree() && box.bottom < height; box.top += 2 * RADIUS + 2) box.bottom += 2 * RADIUS + 2;
    taken.push(box);
    const mark = group.append("g").attr("class", "note-mark").attr("data-note", number);
    mark.append("line").attr("x1", middle).attr("x2", middle).attr("y1", box.bottom).attr("y2", height);
    mark
      .append("circle")
      .attr("cx", middle)
      .attr("cy", box.top + RADIUS)
      .attr("r", RADIUS);
    const text = mark
      .append("text")
      .attr("x", middle)
      .attr("y", box.top + RADIUS);
    text.attr("dy", "0.35em").attr("text-anchor", "middle").text(number);
  }
}

/**
 * Charts and their notes side by side; as one scrolls, the note in the middle of the window is marked on every chart.
 *
 * @param {HTMLElement} charts
 * @param {(Node | string)[][]} notes the sentences, in the order of their numbers
 */
export function annotate(charts, notes) {
  const list = make("ol", "notes", ...notes.map((sentence) => make("li", "note", ...sentence)));
  const annotated = make("div", "annotated", charts, list);
  const mark = (number) => {
    for (const one of annotated.querySelectorAll(".note-mark"))
      one.classList.toggle("current", one.getAttribute("data-note") === String(number));
  };
  const items = [...list.children];
  const watch = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        target.classList.toggle("current", isIntersecting);
        if (isIntersecting) mark(items.indexOf(target) + 1);
      }
    },
    { rootMargin: "-45% 0px -45% 0px" }, // a band in the middle of the window
  );
  for (const item of items) watch.observe(item);
  return annotated;
}
