// ?selftest=1: all goldens on this device, and how far the answers are from Keras's.

import { select } from "d3-selection";
import { formatNumber, t } from "./strings.js";

const formatSmall = (value) => (value === 0 ? "0" : value.toExponential(1));

/** Lines of the report as [text, value, limit or ""]. */
function listRows({ backend, ms, limits, faces, photos }) {
  return [
    [t("selftest.backend"), backend, ""],
    [t("selftest.time"), t("selftest.ms", { ms: formatNumber(Math.round(ms)) }), ""],
    [t("selftest.scores", { count: faces.count }), formatSmall(faces.difference), formatSmall(limits.difference)],
    [t("selftest.best"), `${faces.agreed} / ${faces.count}`, `${faces.count}`],
    [t("selftest.logits"), formatSmall(faces.logits), ""],
    [t("selftest.boxes", { count: photos.count }), formatSmall(photos.box), `${limits.box}`],
    [t("selftest.lossy"), `${photos.lossy}`, `${limits.lossy}`],
    [t("selftest.exact"), `${photos.exact}`, `${limits.exact}`],
    ...photos.problems.map((problem) => [t("selftest.problem"), problem, ""]),
  ];
}

/** Run it in the worker and show what came out. */
export async function showSelfTest(engine) {
  const panel = document.querySelector("#selftest");
  const verdict = panel.querySelector("#selftest-verdict");
  panel.hidden = false;
  verdict.textContent = t("selftest.running");
  const measured = await engine.selfTest();
  verdict.textContent = t(measured.passed ? "selftest.passed" : "selftest.failed");
  panel.dataset.passed = String(measured.passed);
  const rows = select("#selftest-rows").selectAll("tr").data(listRows(measured)).join("tr");
  rows.selectAll("td").data(([name, value, limit]) => [name, value, limit && t("selftest.limit", { limit })]).join("td").text((cell) => cell);
  panel.scrollIntoView({ block: "nearest" });
}
