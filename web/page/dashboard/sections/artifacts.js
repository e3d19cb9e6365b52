// The artifacts: size, both heads' accuracy, difference from Keras and latency of each, in each runtime.

import { t } from "../../shared/strings.js";
import { writeHead } from "../report/labels.js";
import { derive, format, FORMATS, take } from "../report/numbers.js";

const FILES = ["artifacts", "files"];
const HEADS = ["scores", "label_scores"];
const KINDS = { tflite: "TFLite", tfjs: "TF.js" };
const nameRuntime = ({ version, backend }) => version.replace(/^TF.js [\d.]+, /, "") + (backend ? `, ${backend}` : "");

/** Each network file in each runtime, one thread, one face at a time. */
function listRuns(report) {
  const files = Object.entries(report.artifacts.files).filter(([, { kind }]) => KINDS[kind]);
  return files.flatMap(([file, { kind, variant, runs }]) =>
    runs.flatMap((run, i) =>
      run.threads === 1 && run.batch === 1 && run.evaluation ? [readRun(report, file, kind, variant, run, i)] : [],
    ),
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
    agreement: whole ? cell("percent", "evaluation", "scores", "accuracy") : missing,
    labelAccuracy: whole ? cell("percent", "evaluation", "label_scores", "accuracy") : missing,
    change: cell("points", "evaluation", "scores", "accuracy_change"),
    largest: derive(
      "largest",
      "difference",
      ...["evaluation", "golden"].flatMap((of) => HEADS.map((head) => cell("difference", of, head, "largest"))),
    ),
    top1: cell("percent", "evaluation", "scores", "top1"),
    latency: cell("ms", "evaluation", "latency_ms"),
  };
}

/** One run a file: the first, which is the reference runtime's. */
const pickFirst = (rows) =>
  rows.filter((row, i) => rows.findIndex((one) => one.kind === row.kind && one.variant === row.variant) === i);

const nameFile = ({ kind, variant }) => `${KINDS[kind]} ${variant}`;

function describeRun(row) {
  return t("dashboard.files.mark", {
    file: nameFile(row),
    runtime: row.runtime,
    bytes: format(row.bytes),
    largest: format(row.largest),
    latency: format(row.latency),
  });
}

/** A point a file: how large it is, and how far from Keras. */
function makePoints(shown, kind) {
  return shown
    .filter((row) => row.kind === kind)
    .map((row) => ({
      x: row.bytes.value,
      y: Math.max(row.largest.value, 1e-7),
      area: 110,
      label: row.variant,
      text: describeRun(row),
    }));
}

function chartFiles(shown) {
  const most = Math.max(...shown.map((row) => row.bytes.value)) * 1.12;
  const y = { type: "log", domain: [1e-7, 1], values: [1e-6, 1e-4, 1e-2, 1], write: FORMATS.power };
  return {
    x: { type: "linear", domain: [0, most], label: t("dashboard.size"), write: FORMATS.bytes },
    y: { ...y, label: t("dashboard.largest") },
    series: Object.entries(KINDS).map(([kind, name]) => ({ name, kind: "points", points: makePoints(shown, kind) })),
  };
}

const CELLS = ["bytes", "agreement", "labelAccuracy", "change", "largest", "top1", "latency", "pictures"];

const artifacts = {
  id: "artifacts",
  chapter: "artifacts",
  needs: [FILES, ["artifacts", "evaluation"]],
  say({ report }) {
    const rows = pickFirst(listRuns(report));
    const closest = rows.reduce((low, row) => (row.largest.value < low.largest.value ? row : low));
    const smallest = rows.reduce((low, row) => (row.bytes.value < low.bytes.value ? row : low));
    return {
      closest: nameFile(closest),
      largest: closest.largest,
      smallest: nameFile(smallest),
      bytes: smallest.bytes,
      change: smallest.change,
    };
  },
  figures: [
    {
      id: "files",
      kind: "plot",
      make({ report }) {
        const rows = listRuns(report);
        const names = ["artifact", "runtime", "size", ...CELLS.slice(1, -1), "faces"];
        return {
          chart: chartFiles(pickFirst(rows)),
          table: {
            head: writeHead(...names),
            rows: rows.map((row) => [nameFile(row), row.runtime, ...CELLS.map((key) => row[key])]),
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
