// Training: the curves of the shipped run, or of the same run with a validation part, and the leaderboard of runs.

import { make } from "../../shared/dom.js";
import { t } from "../../shared/strings.js";
import { writeHead } from "../report/labels.js";
import { format, FORMATS, take, writeSentence } from "../report/numbers.js";

const CURVES = {
  loss: { series: ["loss", "val_loss"], format: "score" },
  accuracy: { series: ["val_votes", "val_labels"], format: "percent" },
};

/** Vertical guides where the pictures' size grows. */
function markSizes(epochs, low, high) {
  const grown = epochs.filter((epoch, i) => i > 0 && epoch.size !== epochs[i - 1].size);
  return grown.map(({ epoch, size }) => ({ x1: epoch, x2: epoch, y1: low, y2: high, name: `${size} px` }));
}

/** The epochs worth a note, each once and in their order: what happens there, by its text's key. */
function findMoments(epochs) {
  const last = epochs.length - 1;
  const best = epochs.reduce((low, { val_loss: loss }, i) => (loss < epochs[low].val_loss ? i : low), 0);
  const rises = (i) => epochs[i].learning_rate > epochs[i - 1].learning_rate;
  const moments = epochs.flatMap(({ size }, i) => {
    if (i === 0) return [{ i, key: "start" }];
    if (size !== epochs[i - 1].size) return [{ i, key: "size" }];
    return rises(i) && i > 1 && !rises(i - 1) ? [{ i, key: "rate" }] : [];
  });
  const ends = { i: last, key: epochs[last].loss > epochs[last].val_loss ? "varied" : "heart" };
  const lowest = best > 0 && best < last ? [{ i: best, key: "best" }] : []; // at the end it says nothing
  return [...moments, ...lowest, ends].sort((a, b) => a.i - b.i);
}

/** What a note says, with its numbers. */
function writeNote(report, { i, key }) {
  const cell = (written, column, at = i) => take(report, written, "history", "epochs", at, column);
  return writeSentence(`dashboard.curves.${key}`, {
    epoch: cell("count", "epoch"),
    votes: cell("percent", "val_votes"),
    labels: cell("percent", "val_labels"),
    before: cell("count", "size", Math.max(i - 1, 0)),
    size: cell("count", "size"),
    loss: cell("score", "loss"),
    valLoss: cell("score", "val_loss"),
  });
}

/** A figure of some columns of the history against the epoch. */
function makeCurves(id) {
  const { series: columns, format: written } = CURVES[id];
  return ({ report }) => {
    const { epochs } = report.history;
    const takeCell = (column, i) => take(report, written, "history", "epochs", i, column);
    const rows = epochs.map((_, i) => ({
      epoch: take(report, "count", "history", "epochs", i, "epoch"),
      cells: columns.map((column) => takeCell(column, i)),
    }));
    const values = rows.flatMap((row) => row.cells.map((cell) => cell.value));
    const [low, high] = [Math.min(...values), Math.max(...values)];
    return {
      chart: {
        x: { type: "linear", domain: [1, epochs.at(-1).epoch], label: t("dashboard.epoch") },
        y: {
          type: "linear",
          domain: [low, high],
          label: t(`dashboard.${id}.y`),
          write: id === "loss" ? undefined : FORMATS.whole,
        },
        guides: markSizes(epochs, low, high),
        notes: findMoments(epochs).map(({ i }, n) => ({ x: epochs[i].epoch, number: n + 1 })),
        series: columns.map((column, c) => ({
          name: t(`dashboard.curve.${column}`),
          kind: "line",
          points: rows.map(({ epoch, cells }) => ({
            x: epoch.value,
            y: cells[c].value,
            text: `${t("dashboard.epoch")} ${format(epoch)}, ${t(`dashboard.curve.${column}`)}: ${format(cells[c])}`,
          })),
        })),
      },
      table: {
        head: [t("dashboard.epoch"), ...columns.map((column) => t(`dashboard.curve.${column}`))],
        rows: rows.map(({ epoch, cells }) => [epoch, ...cells]),
      },
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
      run: report.history.temperatures_of,
      epochs: take(report, "count", "history", "epochs", last, "epoch"),
      parameters: take(report, "count", "history", "network", "parameters"),
      labels: take(report, "percent", "history", "epochs", last, "val_labels"),
      votes: take(report, "percent", "history", "epochs", last, "val_votes"),
    };
  },
  add({ report: { history } }) {
    if (history.run === history.temperatures_of) return "";
    return make("p", "twin", ...writeSentence("dashboard.curves.twin", { shipped: history.run }));
  },
  notes: ({ report }) => findMoments(report.history.epochs).map((moment) => writeNote(report, moment)),
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

/** Every run as a point: both heads' shares, and the size of the network. */
function chartRuns(rows, shipped) {
  const largest = Math.max(...rows.map((row) => row.size.value));
  const makePoint = (row) => ({
    x: row.labels.value,
    y: row.votes.value,
    area: 60 + 240 * (row.size.value / largest),
    label: row.run,
    text: t("dashboard.leaderboard.mark", {
      run: row.run,
      labels: format(row.labels),
      votes: format(row.votes),
      size: format(row.size),
    }),
  });
  const group = (index, name, members) => ({ index, name: t(name), kind: "points", points: members.map(makePoint) });
  const axis = (key, label) => {
    const numbers = rows.map((row) => row[key]);
    return { type: "linear", domain: spread(numbers, 0.01), label: t(label), write: FORMATS.percent };
  };
  const isShipped = (row) => row.run === shipped;
  return {
    x: axis("labels", "dashboard.labelAccuracy"),
    y: axis("votes", "dashboard.agreement"),
    series: [
      group(
        0,
        "dashboard.leaderboard.tried",
        rows.filter((row) => !isShipped(row)),
      ),
      group(1, "dashboard.leaderboard.shipped", rows.filter(isShipped)),
    ],
  };
}

const runs = {
  id: "runs",
  chapter: "training",
  needs: [["evaluation", "runs", 0]],
  say({ report }) {
    const { rows, part } = listRuns(report);
    const best = (key) => rows.reduce((high, row) => (row[key].value > high[key].value ? row : high), rows[0]);
    return {
      split: t(`dashboard.part.${part}`),
      labelsRun: best("labels").run,
      labels: best("labels").labels,
      votesRun: best("votes").run,
      votes: best("votes").votes,
    };
  },
  figures: [
    {
      id: "leaderboard",
      kind: "plot",
      make({ report }) {
        const { rows } = listRuns(report);
        return {
          chart: chartRuns(rows, report.history?.run),
          table: {
            head: writeHead("run", "note", "parameters", "time", "labelAccuracy", "agreement"),
            rows: rows.map((row) => [row.run, row.note, row.size, row.time, row.labels, row.votes]),
            sortable: true,
          },
        };
      },
    },
  ],
};

export const trainingSections = [curves, runs];
