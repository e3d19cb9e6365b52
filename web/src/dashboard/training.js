// Training: the curves of the shipped run, and the log of runs as a frontier.

import { t } from "../strings.js";
import { format, FORMATS, take } from "./numbers.js";

const CURVES = {
  loss: { series: ["loss", "val_loss"], format: "score" },
  accuracy: { series: ["val_accuracy", "val_ferplus"], format: "percent" },
};

/** Vertical guides where the pictures' size grows. */
function markSizes(epochs, low, high) {
  const grown = epochs.filter((epoch, i) => i > 0 && epoch.size !== epochs[i - 1].size);
  return grown.map(({ epoch, size }) => ({ x1: epoch, x2: epoch, y1: low, y2: high, name: `${size} px` }));
}

/** A figure of some columns of the history against the epoch. */
function makeCurves(id) {
  const { series: columns, format: written } = CURVES[id];
  return ({ report }) => {
    const { epochs } = report.history;
    const takeCell = (column, i) => take(report, written, "history", "epochs", i, column);
    const rows = epochs.map((_, i) => ({ epoch: take(report, "count", "history", "epochs", i, "epoch"), cells: columns.map((column) => takeCell(column, i)) }));
    const values = rows.flatMap((row) => row.cells.map((cell) => cell.value));
    const [low, high] = [Math.min(...values), Math.max(...values)];
    return {
      chart: {
        x: { type: "linear", domain: [1, epochs.at(-1).epoch], label: t("dashboard.epoch") },
        y: { type: "linear", domain: [low, high], label: t(`dashboard.${id}.y`), write: id === "loss" ? undefined : FORMATS.whole },
        guides: markSizes(epochs, low, high),
        series: columns.map((column, c) => ({
          name: t(`dashboard.curve.${column}`),
          kind: "line",
          points: rows.map(({ epoch, cells }) => ({ x: epoch.value, y: cells[c].value, text: `${t("dashboard.epoch")} ${format(epoch)}, ${t(`dashboard.curve.${column}`)}: ${format(cells[c])}` })),
        })),
      },
      table: { head: [t("dashboard.epoch"), ...columns.map((column) => t(`dashboard.curve.${column}`))], rows: rows.map(({ epoch, cells }) => [epoch, ...cells]) },
    };
  };
}

const curves = {
  id: "curves",
  chapter: "training",
  needs: [["history", "epochs"]],
  say({ report }) {
    const { epochs } = report.history;
    const last = epochs.length - 1;
    return {
      run: report.history.run,
      epochs: take(report, "count", "history", "epochs", last, "epoch"),
      parameters: take(report, "count", "history", "network", "parameters"),
      labels: take(report, "percent", "history", "epochs", last, "val_accuracy"),
      votes: take(report, "percent", "history", "epochs", last, "val_ferplus"),
    };
  },
  figures: [
    { id: "loss", kind: "plot", make: makeCurves("loss") },
    { id: "accuracy", kind: "plot", make: makeCurves("accuracy") },
  ],
};

/** The runs whose two shares on a split are known, best agreement first. */
function listRuns(report) {
  const { runs } = report.evaluation;
  const part = runs.some((run) => run.public_votes !== null) ? "public" : "validation";
  const rows = runs.map((run, i) => {
    const cell = (written, key) => take(report, written, "evaluation", "runs", i, key);
    return {
      ...run,
      mix: cell("plain", "target_mix"),
      size: cell("compact", "parameters"),
      time: cell("minutes", "minutes"),
      labels: cell("percent", `${part}_labels`),
      votes: cell("percent", `${part}_votes`),
    };
  });
  return { part, rows: rows.filter((row) => row.labels.value !== null && row.votes.value !== null) };
}

const spread = (numbers, room) => {
  const values = numbers.map((number) => number.value);
  return [Math.min(...values) - room, Math.max(...values) + room];
};

const runs = {
  id: "runs",
  chapter: "training",
  needs: [["evaluation", "runs", 0]],
  say({ report }) {
    const { rows, part } = listRuns(report);
    const best = (key) => rows.reduce((high, row) => (row[key].value > high[key].value ? row : high), rows[0]);
    return { split: t(`dashboard.part.${part}`), labelsRun: best("labels").run, labels: best("labels").labels, votesRun: best("votes").run, votes: best("votes").votes };
  },
  figures: [
    {
      id: "frontier",
      kind: "plot",
      make({ report }) {
        const { rows } = listRuns(report);
        const shipped = report.history?.run;
        const largest = Math.max(...rows.map((row) => row.size.value));
        const makePoint = (row) => ({
          x: row.labels.value,
          y: row.votes.value,
          area: 60 + 240 * (row.size.value / largest),
          label: row.run,
          text: t("dashboard.frontier.mark", { run: row.run, labels: format(row.labels), votes: format(row.votes), mix: format(row.mix), size: format(row.size) }),
        });
        const groups = [
          { name: t("dashboard.frontier.tried"), kind: "points", index: 0, points: rows.filter((row) => row.run !== shipped).map(makePoint) },
          { name: t("dashboard.frontier.shipped"), kind: "points", index: 1, points: rows.filter((row) => row.run === shipped).map(makePoint) },
        ];
        return {
          chart: {
            x: { type: "linear", domain: spread(rows.map((row) => row.labels), 0.01), label: t("dashboard.labelAccuracy"), write: FORMATS.percent },
            y: { type: "linear", domain: spread(rows.map((row) => row.votes), 0.01), label: t("dashboard.agreement"), write: FORMATS.percent },
            series: groups,
          },
          table: {
            head: [t("dashboard.run"), t("dashboard.note"), t("dashboard.mix"), t("dashboard.parameters"), t("dashboard.time"), t("dashboard.labelAccuracy"), t("dashboard.agreement")],
            rows: rows.map((row) => [row.run, row.note, row.mix, row.size, row.time, row.labels, row.votes]),
            sortable: true,
          },
        };
      },
    },
  ],
};

export const trainingSections = [curves, runs];
