// The artifacts: size, accuracy, difference from Keras and latency of each, in each runtime.

import { t } from "../strings.js";
import { derive, format, FORMATS, take } from "./numbers.js";

const FILES = ["artifacts", "files"];
const KINDS = { tflite: "TFLite", tfjs: "TF.js" };
const nameRuntime = ({ version, backend }) => version.replace(/^TF.js [\d.]+, /, "") + (backend ? `, ${backend}` : "");

/** Each network file in each runtime, one thread, one face at a time. */
function listRuns(report) {
  const files = Object.entries(report.artifacts.files).filter(([, { kind }]) => KINDS[kind]);
  return files.flatMap(([file, { kind, variant, runs }]) =>
    runs.flatMap((run, i) => (run.threads === 1 && run.batch === 1 && run.evaluation ? [readRun(report, file, kind, variant, run, i)] : [])),
  );
}

function readRun(report, file, kind, variant, run, i) {
  const cell = (written, ...path) => take(report, written, ...FILES, file, "runs", i, ...path);
  const whole = run.evaluation.pictures === report.artifacts.evaluation.pictures; // else the accuracy is of other pictures
  const missing = { value: null, source: "", format: "percent" };
  return {
    kind,
    variant,
    runtime: nameRuntime(run),
    bytes: take(report, "bytes", ...FILES, file, "bytes"),
    pictures: cell("count", "evaluation", "pictures"),
    accuracy: whole ? cell("percent", "evaluation", "accuracy") : missing,
    change: cell("points", "evaluation", "accuracy_change"),
    largest: derive("largest", "difference", cell("difference", "evaluation", "scores", "largest"), cell("difference", "golden", "scores", "largest")),
    top1: cell("percent", "evaluation", "top1"),
    latency: cell("ms", "evaluation", "latency_ms"),
  };
}

/** One run a file: the first, which is the reference runtime's. */
const pickFirst = (rows) => rows.filter((row, i) => rows.findIndex((one) => one.kind === row.kind && one.variant === row.variant) === i);

const nameFile = ({ kind, variant }) => `${KINDS[kind]} ${variant}`;

function describeRun(row) {
  return t("dashboard.files.mark", { file: nameFile(row), runtime: row.runtime, bytes: format(row.bytes), largest: format(row.largest), latency: format(row.latency) });
}

const artifacts = {
  id: "artifacts",
  chapter: "artifacts",
  needs: [FILES, ["artifacts", "evaluation"]],
  say({ report }) {
    const rows = pickFirst(listRuns(report));
    const closest = rows.reduce((low, row) => (row.largest.value < low.largest.value ? row : low));
    const smallest = rows.reduce((low, row) => (row.bytes.value < low.bytes.value ? row : low));
    return { closest: nameFile(closest), largest: closest.largest, smallest: nameFile(smallest), bytes: smallest.bytes, change: smallest.change };
  },
  figures: [
    {
      id: "files",
      kind: "plot",
      make({ report }) {
        const rows = listRuns(report);
        const shown = pickFirst(rows);
        const sizes = shown.map((row) => row.bytes.value);
        return {
          chart: {
            x: { type: "linear", domain: [0, Math.max(...sizes) * 1.12], label: t("dashboard.size"), write: FORMATS.bytes },
            y: { type: "log", domain: [1e-7, 1], label: t("dashboard.largest"), values: [1e-6, 1e-4, 1e-2, 1], write: FORMATS.power },
            series: Object.entries(KINDS).map(([kind, name]) => ({
              name,
              kind: "points",
              points: shown
                .filter((row) => row.kind === kind)
                .map((row) => ({ x: row.bytes.value, y: Math.max(row.largest.value, 1e-7), area: 110, label: row.variant, text: describeRun(row) })),
            })),
          },
          table: {
            head: ["artifact", "runtime", "size", "accuracy", "change", "largest", "top1", "latency", "faces"].map((key) => t(`dashboard.${key}`)),
            rows: rows.map((row) => [nameFile(row), row.runtime, row.bytes, row.accuracy, row.change, row.largest, row.top1, row.latency, row.pictures]),
            sortable: true,
          },
          open: true,
          values: { machine: report.artifacts.machine },
        };
      },
    },
  ],
};

export const artifactSections = [artifacts];
