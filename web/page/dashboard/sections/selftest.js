// The self-test: every golden on the visitor's own device, and how far the answers are from Keras's.

import { make } from "../../shared/dom.js";
import { t } from "../../shared/strings.js";
import { makeFigure } from "../charts/figure.js";
import { makeTable } from "../charts/table.js";
import { FORMATS } from "../report/numbers.js";

/** @typedef {import("emoji-edge/selftest.js").SelfTest} SelfTest */

const FLOOR = 1e-9; // an equal answer stands here, for a logarithm has no zero

/** @type {SelfTest | null} what was measured last, so that a change of language does not lose it */
let measured = null;
/** @type {(() => string) | null} what the running test says; null where none runs */
let running = null;
/** @type {{button: HTMLButtonElement, status: HTMLElement, place: HTMLElement} | null} the elements on the page */
let shown = null;
let tried = false; // whether it was run since the page was opened

const live = (value, format) => ({ value, source: "device", format });

/**
 * The differences as points, in the goldens' order, below the line that none may pass.
 *
 * @param {SelfTest} result
 */
function describeDifferences({ faces: { each }, limits }) {
  const low = Math.min(limits.difference / 10, ...each.map(({ difference }) => Math.max(difference, FLOOR))) / 2;
  const high = Math.max(limits.difference, ...each.map(({ difference }) => difference)) * 3;
  const decades = Array.from({ length: 10 }, (_, i) => 10 ** (i - 9)).filter((value) => value >= low && value <= high);
  const end = each.length + 1;
  const allowed = { x1: 0, x2: end, y1: limits.difference, y2: limits.difference };
  const points = each.map(({ id, difference }, i) => ({
    x: i + 1,
    y: Math.max(difference, FLOOR),
    area: 50,
    text: `${id}: ${FORMATS.difference(difference)}`,
  }));
  const y = { type: "log", domain: [low, high], label: t("dashboard.differences.y") };
  return {
    chart: {
      x: { type: "linear", domain: [0, end], label: t("dashboard.differences.x"), write: FORMATS.count },
      y: { ...y, values: decades, write: FORMATS.power },
      guides: [{ ...allowed, name: t("dashboard.differences.limit") }],
      series: [{ name: "", kind: "points", points }],
    },
    table: {
      head: [t("dashboard.golden"), t("dashboard.differences.y")],
      rows: each.map(({ id, difference }) => [id, live(difference, "difference")]),
    },
  };
}

/**
 * Each thing that was measured, with its limit.
 *
 * @param {SelfTest} result
 */
function listChecks({ faces, photos, limits }) {
  const unlimited = { value: null, source: "", format: "plain" };
  const rows = [
    ["scores", live(faces.difference, "difference"), live(limits.difference, "difference")],
    ["labelScores", live(faces.labelDifference, "difference"), live(limits.difference, "difference")],
    ["best", live(faces.agreed, "count"), live(faces.count, "count")],
    ["logits", live(faces.logits, "difference"), unlimited],
    ["boxes", live(photos.box, "difference"), live(limits.box, "plain")],
    ["lossy", live(photos.lossy, "count"), live(limits.lossy, "count")],
    ["exact", live(photos.exact, "count"), live(limits.exact, "count")],
  ];
  return {
    head: ["check", "measured", "limit"].map((key) => t(`dashboard.selftest.${key}`)),
    rows: rows.map(([key, ...cells]) => [t(`dashboard.selftest.${key}`), ...cells]),
  };
}

/**
 * @param {HTMLElement} place
 * @param {SelfTest} result
 */
function showResult(place, result) {
  const { passed, backend, ms, faces, photos, limits } = result;
  const outcome = passed ? "passed" : "failed";
  const values = {
    faces: FORMATS.count(faces.count),
    photos: FORMATS.count(photos.count),
    backend,
    ms: FORMATS.ms(ms),
    difference: FORMATS.difference(faces.difference),
    limit: FORMATS.difference(limits.difference),
  };
  const verdict = make("p", `verdict ${outcome}`, t(`dashboard.selftest.${outcome}`, values));
  const problems = photos.problems.map((problem) => make("p", "notice", problem));
  const checks = makeTable(t("dashboard.selftest.title"), listChecks(result));
  const figure = makeFigure({ id: "differences", kind: "plot", ...describeDifferences(result) });
  place.replaceChildren(verdict, ...problems, checks, figure);
  place.dataset.passed = String(passed);
}

/** Say how far a running test is, and whether it can be started; a change of language makes the elements anew. */
function tellProgress(text) {
  if (!shown) return;
  shown.status.textContent = text();
  shown.button.disabled = running !== null;
}

/** Run it on the visitor's backend; whatever fails is said, and the button can be pressed again. */
async function run() {
  tried = true;
  let stop = () => {};
  const say = (/** @type {() => string} */ text) => tellProgress((running = text));
  say(() => t("dashboard.selftest.loading"));
  let ended = () => "";
  try {
    const { startEngine } = await import("../../shared/engine.js");
    const engine = await startEngine(({ loaded, total }) => {
      say(() => `${t("dashboard.selftest.loading")} ${FORMATS.whole(total ? loaded / total : 0)}`);
    });
    stop = engine.stop;
    say(() => t("dashboard.selftest.running"));
    measured = await engine.selfTest();
    if (shown) showResult(shown.place, measured);
  } catch (error) {
    const { message: reason } = /** @type {Error} */ (error);
    ended = () => t("dashboard.selftest.broken", { reason });
  } finally {
    stop();
    running = null;
    tellProgress(ended);
  }
}

const selftest = {
  id: "selftest",
  chapter: "artifacts",
  say: () => ({}),
  add() {
    const button = make("button", "button-main", t("dashboard.selftest.run"));
    button.type = "button";
    const status = make("span", "status");
    status.role = "status";
    const place = make("div", "charts charts-1");
    place.dataset.live = "true"; // this device's own numbers, not the report's
    button.addEventListener("click", run);
    shown = { button, status, place };
    if (running) tellProgress(running);
    else if (measured) showResult(place, measured);
    else if (!tried && new URLSearchParams(location.search).has("selftest")) run();
    return make("div", "selftest", make("p", "selftest-start", button, status), place);
  },
};

export const selfTestSections = [selftest];
