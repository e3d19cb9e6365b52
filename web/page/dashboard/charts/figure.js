// A figure: title, legend, chart, and its numbers as a table. Marks are read by pointer, touch and arrow keys.

import { select } from "d3-selection";
import { make } from "../../shared/dom.js";
import { t } from "../../shared/strings.js";
import { drawMatrix, measureMatrix } from "./matrix.js";
import { writeText } from "../report/numbers.js";
import { drawPlot, measurePlot } from "./plot.js";
import { drawRows, measureRows } from "./rows.js";
import { drawSymbol } from "./svg.js";
import { makeTable } from "./table.js";
import { hideTip, showTip } from "./tip.js";

const KINDS = {
  rows: { draw: drawRows, measure: measureRows },
  plot: { draw: drawPlot, measure: measurePlot },
  matrix: { draw: drawMatrix, measure: measureMatrix },
};
const ZOOM = { from: 1280, most: 2 }; // the window's width from which a slide's charts grow, and the largest factor
const REACH = 60; // how near a pointer must come to a mark, in pixels

/**
 * @param {object} spec
 * @param {string} spec.id its texts are dashboard.ID.title and dashboard.ID.alt
 * @param {"rows" | "plot" | "matrix"} spec.kind
 * @param {object} spec.chart what the kind draws
 * @param {{head: string[], rows: (string | object)[][], sortable?: boolean}} spec.table
 * @param {Record<string, string | object>} [spec.values] of the text alternative
 * @param {HTMLElement} [spec.after] what stands below the chart
 * @param {boolean} [spec.open] whether the table is shown from the start
 * @returns {HTMLElement} a figure that draws itself when it has a width, and again when that changes
 */
export function makeFigure({ id, kind, chart, table, values, after, open }) {
  const figure = make("figure", `chart chart-${kind}`);
  figure.id = `figure-${id}`;
  const title = t(`dashboard.${id}.title`);
  figure.append(make("figcaption", "", make("h3", "", title)));
  const series = chart.legend ?? chart.series; // bars of one series may differ in kind
  if (series?.length > 1) figure.append(makeLegend(series));
  const stage = make("div", "stage");
  figure.append(stage);
  const svg = select(stage).append("svg").attr("class", "drawing").attr("tabindex", 0).attr("role", "application");
  svg
    .attr("aria-roledescription", t("dashboard.chart"))
    .attr("aria-label", `${title}. ${writeText(`dashboard.${id}.alt`, values)} ${t("dashboard.keys")}`);
  keepDrawn(stage, svg, KINDS[kind], chart);
  if (after) figure.append(after);
  figure.append(makeDisclosure(title, table, open));
  return figure;
}

/** Names of the series beside their symbols. */
function makeLegend(series) {
  const list = make("ul", "legend");
  series.forEach(({ name, kind, index: own }, position) => {
    const index = own ?? position;
    const item = select(list).append("li");
    const swatch = item.append("svg").attr("viewBox", "-8 -8 16 16").attr("aria-hidden", "true");
    const drawn =
      kind === "line" || kind === "steps"
        ? { class: `line series-${index}`, d: "M-8,0H8" }
        : { class: `dot series-${index}`, d: drawSymbol(index, 110) };
    swatch.append("path").attr("class", drawn.class).attr("d", drawn.d);
    item.append("span").text(name);
  });
  return list;
}

/** "Show as table": the chart's numbers, for those who rather read; made when they are asked for. */
function makeDisclosure(title, table, open = false) {
  const details = make("details", "as-table", make("summary", "", t("dashboard.asTable")));
  details.addEventListener("toggle", () => details.append(makeTable(title, table)), { once: true });
  details.open = open; // which tells `toggle` too
  return details;
}

/** How much larger than on the page all is drawn: on a slide, words grow with the screen. */
function findZoom() {
  const presenting = document.body.classList.contains("presenting");
  return presenting ? Math.min(Math.max(window.innerWidth / ZOOM.from, 1), ZOOM.most) : 1;
}

/** How many pixels of the window a pixel of the drawing is. */
const readScale = (svg, frame) => frame.width / svg.node().viewBox.baseVal.width;

/** Draw whenever the stage gets another width. */
function keepDrawn(stage, svg, { draw, measure }, chart) {
  /** @type {any[]} */
  let marks = [];
  let drawn = 0; // the width
  /** @param {ResizeObserverEntry[]} entries */
  const redraw = ([{ contentRect }]) => {
    const zoom = findZoom();
    const width = Math.floor(contentRect.width / zoom); // to ask the stage itself would lay out the page anew, chart by chart
    if (width < 60 || width === drawn) return;
    drawn = width;
    const height = measure(chart, width);
    marks = draw(svg, { width, height }, chart);
    svg.attr("width", width * zoom).attr("height", height * zoom);
    svg.append("path").attr("class", "pointed");
  };
  new ResizeObserver(redraw).observe(stage);
  letPointersRead(svg, () => marks);
  letKeysRead(svg, () => marks);
}

/** How far a point of the drawing is from a mark. */
function measureDistance({ x, y, box }, [px, py]) {
  if (!box) return Math.hypot(px - x, py - y);
  const [left, top, width, height] = box;
  return Math.hypot(Math.max(left - px, 0, px - left - width), Math.max(top - py, 0, py - top - height));
}

function findNearest(marks, point) {
  /** @type {{mark: any, distance: number}} */
  let best = { mark: null, distance: REACH };
  for (const mark of marks) {
    const distance = measureDistance(mark, point);
    if (distance < best.distance) best = { mark, distance };
  }
  return best.mark;
}

/** The mark's outline, and its text in the tip beside it. */
function pointAt(svg, mark, spoken = false) {
  const outline = svg.select(".pointed");
  if (!mark) {
    outline.attr("d", null);
    return hideTip();
  }
  const [left, top, width, height] = mark.box ?? [mark.x - 8, mark.y - 8, 16, 16];
  outline.attr("d", `M${left},${top}h${width}v${height}h${-width}z`);
  const frame = svg.node().getBoundingClientRect();
  const scale = readScale(svg, frame);
  showTip(mark.text, { x: frame.left + (left + width / 2) * scale, y: frame.top + top * scale }, spoken);
}

function letPointersRead(svg, list) {
  const locate = (event) => {
    const frame = svg.node().getBoundingClientRect();
    const scale = readScale(svg, frame);
    return findNearest(list(), [(event.clientX - frame.left) / scale, (event.clientY - frame.top) / scale]);
  };
  svg.on("pointermove", (event) => pointAt(svg, locate(event)));
  svg.on("mousedown", (event) => event.preventDefault()); // the arrow keys stay the slides' for those who point
  svg.on("pointerleave", (event) => event.pointerType === "mouse" && pointAt(svg, null));
  svg.on("click", (event) => {
    const mark = locate(event);
    pointAt(svg, mark);
    mark?.select?.();
  });
}

const STEPS = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] };

/** The mark after `current` in the key's direction; a matrix has two directions, a list has one. */
function takeStep(marks, current, [down, right]) {
  if (!current) return marks.find((mark) => (mark.row ?? 0) >= 0 && (mark.column ?? 0) >= 0);
  if (current.row === undefined) return marks[marks.indexOf(current) + down + right] ?? current;
  return marks.find((mark) => mark.row === current.row + down && mark.column === current.column + right) ?? current;
}

function letKeysRead(svg, list) {
  let place = -1; // in the marks, which a new drawing makes anew
  svg.on("keydown", (event) => {
    const marks = list();
    if (event.key === "Escape" && place >= 0) place = -1;
    else if (event.key === "Enter" || event.key === " ") marks[place]?.select?.();
    else if (STEPS[event.key]) {
      place = marks.indexOf(takeStep(marks, marks[place], STEPS[event.key]));
      marks[place].select?.();
    } else return;
    event.preventDefault();
    event.stopPropagation(); // the same keys leaf through the slides
    pointAt(svg, marks[place] ?? null, true);
  });
  svg.on("blur", () => {
    place = -1;
    pointAt(svg, null);
  });
}
