// The self-test: every golden on the visitor's own device, and how far the answers are from Keras's.

import { t } from "../strings.js";
import { make, makeFigure } from "./figure.js";
import { FORMATS } from "./numbers.js";

const FLOOR = 1e-9; // an equal answer stands here, for a logarithm has no zero

/** The page's worker with all loaded; run once, on demand. */
async function startWorker(onProgress) {
  const Comlink = await import("comlink");
  const worker = new Worker(new URL("../worker.js", import.meta.url), { type: "module" });
  const remote = Comlink.wrap(worker);
  const folders = { models: new URL("./models/", location).href, wasm: new URL("./wasm/", location).href };
  await remote.start(folders, Comlink.proxy(onProgress));
  return { remote, stop: () => worker.terminate() };
}

const live = (value, format) => ({ value, source: "device", format });

/** The differences as points, in the goldens' order, below the line that none may pass. */
function describeDifferences({ faces: { each }, limits }) {
  const low = Math.min(limits.difference / 10, ...each.map(({ difference }) => Math.max(difference, FLOOR))) / 2;
  const high = Math.max(limits.difference, ...each.map(({ difference }) => difference)) * 3;
  const decades = Array.from({ length: 10 }, (_, i) => 10 ** (i - 9)).filter((value) => value >= low && value <= high);
  return {
    chart: {
      x: { type: "linear", domain: [0, each.length + 1], label: t("dashboard.differences.x"), write: FORMATS.count },
      y: { type: "log", domain: [low, high], label: t("dashboard.differences.y"), values: decades, write: FORMATS.power },
      guides: [{ x1: 0, x2: each.length + 1, y1: limits.difference, y2: limits.difference, name: t("dashboard.differences.limit") }],
      series: [
        {
          name: "",
          kind: "points",
          points: each.map(({ id, difference }, i) => ({ x: i + 1, y: Math.max(difference, FLOOR), area: 50, text: `${id}: ${FORMATS.difference(difference)}` })),
        },
      ],
    },
    table: { head: [t("dashboard.golden"), t("dashboard.differences.y")], rows: each.map(({ id, difference }) => [id, live(difference, "difference")]) },
  };
}

function showResult(place, result) {
  const { passed, backend, ms, faces, photos, limits } = result;
  const values = {
    faces: FORMATS.count(faces.count), photos: FORMATS.count(photos.count), backend, ms: FORMATS.ms(ms),
    difference: FORMATS.difference(faces.difference), limit: FORMATS.difference(limits.difference),
  }; // prettier-ignore
  const verdict = make("p", passed ? "verdict passed" : "verdict failed", t(`dashboard.selftest.${passed ? "passed" : "failed"}`, values));
  const figure = makeFigure({ id: "differences", kind: "plot", ...describeDifferences(result) });
  place.replaceChildren(verdict, ...photos.problems.map((problem) => make("p", "notice", problem)), figure);
}

async function run(button, status, place) {
  button.disabled = true;
  status.textContent = t("dashboard.selftest.loading");
  let stop = () => {};
  try {
    const worker = await startWorker(({ loaded, total }) => {
      status.textContent = `${t("dashboard.selftest.loading")} ${FORMATS.whole(total ? loaded / total : 0)}`;
    });
    stop = worker.stop;
    status.textContent = t("dashboard.selftest.running");
    showResult(place, await worker.remote.selfTest());
    status.textContent = "";
  } catch (error) {
    status.textContent = t("dashboard.selftest.broken", { reason: error.message });
  } finally {
    stop();
    button.disabled = false;
  }
}

const selftest = {
  id: "selftest",
  chapter: "artifacts",
  say: () => ({}),
  add() {
    const box = make("div", "selftest");
    const button = make("button", "button-main", t("dashboard.selftest.run"));
    button.type = "button";
    const status = make("span", "status");
    status.role = "status";
    const place = make("div", "charts charts-1");
    place.dataset.live = "true"; // this device's own numbers, not the report's
    button.addEventListener("click", () => run(button, status, place));
    box.append(make("p", "selftest-start", button, status), place);
    return box;
  },
};

export const selfTestSections = [selftest];
