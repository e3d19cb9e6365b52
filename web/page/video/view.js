// The timeline on the page: the chart that seeks the video, its reading, its table and its files.

import { select } from "d3-selection";
import { saveFile } from "../shared/save.js";
import { find } from "../shared/dom.js";
import { formatNumber, formatScore, nameLabel, t } from "../shared/strings.js";
import { drawTimeline, moveCursor, planDrawing } from "./chart.js";
import { makeFile } from "./downloads.js";
import { findEnd, findMoment, formatTime } from "./segments.js";

const MOST_LINES = 200; // of the table
const STEP = 1; // seconds of an arrow key; with Shift it goes from frame to frame

/** A timeline on the page. */
export class TimelineView {
  #svg = find("timeline-chart", SVGSVGElement);
  #slider = find("timeline-slider");
  #smooth = false;
  /** @type {import("emoji-edge/timeline.js").Timeline | null} */
  #timeline = null;
  /** @type {import("d3-scale").ScaleLinear<number, number> | null} from seconds to pixels */
  #scale = null;
  #moment = 0;
  /** @type {import("./chart.js").Drawing} */
  #drawing = { tracks: [], hidden: 0 };

  /** @param {(time: number) => void} onSeek is told where the visitor wants to go */
  constructor(onSeek) {
    this.onSeek = onSeek;
    this.#listen();
  }

  /** Show a timeline, or none where it is null. */
  show(timeline, contract = this.contract) {
    this.#timeline = timeline;
    this.#moment = 0;
    this.contract = contract;
    find("timeline").hidden = !timeline;
    if (timeline) this.draw();
  }

  /** Draw what the timeline holds by now. */
  draw() {
    const timeline = this.#timeline;
    if (!timeline?.times.length) return;
    const [begin, end] = [timeline.times[0], findEnd(timeline.times)];
    this.#drawing = planDrawing(timeline, this.contract, this.#smooth);
    const width = Math.max(320, this.#slider.clientWidth);
    const scale = drawTimeline(this.#svg, this.#drawing, { width, begin, end, contract: this.contract });
    this.#scale = scale;
    this.#slider.setAttribute("aria-valuemin", String(begin));
    this.#slider.setAttribute("aria-valuemax", String(end));
    const { hidden, tracks } = this.#drawing;
    const more = hidden ? ` ${t("timeline.more", { count: tracks.length })}` : "";
    find("timeline-help").textContent = t("timeline.help") + more;
    this.setMoment(this.#moment);
    if (find("timeline-table").closest("details")?.open) this.#fillTable();
  }

  /** Mark the moment that the video shows. */
  setMoment(time) {
    this.#moment = time;
    if (!this.#scale) return;
    const [low, high] = this.#scale.domain();
    moveCursor(this.#svg, this.#scale(Math.min(Math.max(time, low), high)));
    const text = this.readMoment(time);
    this.#slider.setAttribute("aria-valuenow", String(time));
    this.#slider.setAttribute("aria-valuetext", text);
    find("timeline-reading").textContent = text;
  }

  /** What the timeline says of a moment, as a sentence. */
  readMoment(time) {
    const faces = this.listRows(time).map(({ track, expression, score }) =>
      t("timeline.at.face", {
        number: track,
        label: nameLabel(expression, this.contract),
        score: formatScore(score),
      }),
    );
    return t("timeline.at", { time: formatTime(time), faces: faces.join(", ") || t("timeline.at.none") });
  }

  /** The rows of the frame that is shown at a time. */
  listRows(time) {
    const { times, rows } = this.#timeline ?? { times: [], rows: [] };
    const shown = times[findMoment(times, time)];
    const last = findMoment(
      rows.map((row) => row.time),
      time,
    );
    const found = [];
    for (let i = last; i >= 0 && rows[i].time === shown; i--) found.unshift(rows[i]);
    return found;
  }

  #listen() {
    const slider = this.#slider;
    const locate = (event) => {
      const x = event.clientX - this.#svg.getBoundingClientRect().left;
      const [low, high] = this.#scale?.domain() ?? [0, 0];
      return Math.min(Math.max(this.#scale?.invert(x) ?? 0, low), high);
    };
    slider.addEventListener("pointermove", (event) => {
      find("timeline-reading").textContent = this.readMoment(locate(event));
    });
    slider.addEventListener("pointerleave", () => this.setMoment(this.#moment));
    slider.addEventListener("click", (event) => this.onSeek(locate(event)));
    slider.addEventListener("keydown", (event) => this.#moveByKey(event));
    find("timeline-raw").addEventListener("click", () => this.#choose(false));
    find("timeline-smooth").addEventListener("click", () => this.#choose(true));
    find("timeline-table")
      .closest("details")
      ?.addEventListener("toggle", () => this.draw());
    for (const button of document.querySelectorAll("[data-save]"))
      button.addEventListener("click", () => this.#save(/** @type {any} */ (button).dataset.save));
    window.addEventListener("resize", () => this.draw());
    document.addEventListener("languagechange", () => this.draw());
    new MutationObserver(() => this.draw()).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
  }

  #moveByKey(event) {
    const times = this.#timeline?.times ?? [];
    const at = findMoment(times, this.#moment);
    const step = (sign) => (event.shiftKey ? times[at + sign] : this.#moment + sign * STEP);
    const moves = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 };
    const target = { Home: times[0], End: times.at(-1) }[event.key] ?? (moves[event.key] && step(moves[event.key]));
    if (target === undefined || !times.length) return;
    event.preventDefault();
    this.onSeek(Math.min(Math.max(target, times[0]), times[times.length - 1]));
  }

  #choose(smooth) {
    this.#smooth = smooth;
    find("timeline-raw").setAttribute("aria-pressed", String(!smooth));
    find("timeline-smooth").setAttribute("aria-pressed", String(smooth));
    this.draw();
  }

  #fillTable() {
    const segments = this.#drawing.tracks.flatMap((entry) => entry.segments);
    select("#timeline-table tbody")
      .selectAll("tr")
      .data(segments.slice(0, MOST_LINES))
      .join("tr")
      .selectAll("td")
      .data(({ track, begin, end, label, peak }) => [
        formatNumber(track, {}),
        formatTime(begin),
        formatTime(end),
        nameLabel(label, this.contract),
        `${formatScore(peak.score)}, ${formatTime(peak.time)}`,
      ])
      .join("td")
      .text((text) => text);
  }

  async #save(kind) {
    if (this.#timeline) saveFile(await makeFile(kind, this.#timeline, this.#svg, this.contract));
  }
}
