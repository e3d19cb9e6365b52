// The timeline as files: rows as CSV and JSON, as the command writes them, and the chart as SVG and PNG.

import { formatCsv } from "emoji-edge/timeline.js";
import { getContext } from "../shared/dom.js";

const SHARPER = 2; // a PNG's pixels for one of the chart's
const NAMESPACE = "http://www.w3.org/2000/svg";

/**
 * Make a file of a timeline.
 *
 * @param {"csv" | "json" | "svg" | "png"} kind
 * @param {{video: string, rows: object[]}} timeline
 * @param {SVGSVGElement} svg the chart
 * @returns {Promise<File>}
 */
export async function makeFile(kind, { video, rows }, svg, contract) {
  const makers = {
    csv: () => new Blob([formatCsv(rows, contract)], { type: "text/csv" }),
    json: () => new Blob([formatJson(rows)], { type: "application/json" }),
    svg: () => makeSvg(svg),
    png: () => makePng(svg),
  };
  const content = await makers[kind]();
  return new File([content], `${video.replace(/\.\w+$/, "") || "video"}-timeline.${kind}`, { type: content.type });
}

/** As the command's: {"results": [rows]}, a line a row. */
const formatJson = (rows) => `{"results": [\n${rows.map((row) => JSON.stringify(row)).join(",\n")}\n]}\n`;

/** The chart as it is, its emoji inside and its paper below. */
async function makeSvg(svg) {
  const copy = /** @type {SVGSVGElement} */ (svg.cloneNode(true));
  copy.setAttribute("xmlns", NAMESPACE);
  copy.removeAttribute("aria-hidden");
  const paper = document.createElementNS(NAMESPACE, "rect");
  const colour = getComputedStyle(document.documentElement).getPropertyValue("--card").trim();
  for (const [name, value] of Object.entries({ width: "100%", height: "100%", fill: colour }))
    paper.setAttribute(name, value);
  copy.prepend(paper);
  copy.querySelector(".timeline-cursor")?.remove();
  await Promise.all([...copy.querySelectorAll("image")].map(embedImage));
  return new Blob([new XMLSerializer().serializeToString(copy)], { type: "image/svg+xml" });
}

async function embedImage(image) {
  const blob = await (await fetch(image.getAttribute("href"))).blob();
  const address = await new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => resolve(reader.result));
    reader.addEventListener("error", () => reject(reader.error));
    reader.readAsDataURL(blob);
  });
  image.setAttribute("href", address);
}

async function makePng(svg) {
  const address = URL.createObjectURL(await makeSvg(svg));
  try {
    const image = new Image();
    image.src = address;
    await image.decode();
    const canvas = new OffscreenCanvas(SHARPER * image.width, SHARPER * image.height);
    getContext(canvas).drawImage(image, 0, 0, canvas.width, canvas.height);
    return await canvas.convertToBlob({ type: "image/png" });
  } finally {
    URL.revokeObjectURL(address);
  }
}
