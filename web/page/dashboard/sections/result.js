// The result: confusion matrix, measures per expression, reliability, and what saying "not sure" buys.

import { t } from "../../shared/strings.js";
import { make } from "../../shared/dom.js";
import { chooseSplit, listExpressions, SHOWN } from "../report/labels.js";
import { derive, format, FORMATS, take, writeSentence } from "../report/numbers.js";

const LABELS = [["evaluation", "splits", SHOWN, "labels"]];
const readSplit = (report) => ["evaluation", "splits", chooseSplit(report)];
const takeLabels = (report, written, ...path) => take(report, written, ...readSplit(report), "labels", ...path);

// ---- confusion -------------------------------------------------------------------------------

/** Counts of the matrix and their shares of the row, with sums of rows and columns. */
function readConfusion({ report, contract }) {
  const names = listExpressions(contract);
  const counts = names.map((_, r) => names.map((_, c) => takeLabels(report, "count", "confusion", r, c)));
  const rows = counts.map((row) => derive("sum", "count", ...row));
  const columns = names.map((_, c) => derive("sum", "count", ...counts.map((row) => row[c])));
  return { names, counts, rows, columns };
}

/** The share of all of them that a part is. */
const shareOf = (part, all) => derive("share", "whole", part, ...all);

/** What stands in a row, a column or a cell, in words. */
function explain({ names, counts, rows, columns }, kind, r, c) {
  const side = kind === "column" ? c : r;
  if (kind === "cell") {
    const key = r === c ? "same" : "cell";
    const row = shareOf(counts[r][c], counts[r]);
    const column = shareOf(
      counts[r][c],
      counts.map((line) => line[c]),
    );
    return writeSentence(`dashboard.confusion.${key}`, {
      label: names[r].name,
      answer: names[c].name,
      count: counts[r][c],
      of: rows[r],
      row,
      column,
    });
  }
  const line = kind === "row" ? counts[r] : counts.map((row) => row[c]);
  const others = line.map((number, i) => ({ number, i })).filter(({ i }) => i !== side);
  const worst = others.reduce((most, next) => (next.number.value > most.number.value ? next : most));
  return writeSentence(`dashboard.confusion.${kind}`, {
    name: names[side].name,
    of: kind === "row" ? rows[r] : columns[c],
    right: line[side],
    share: shareOf(line[side], line),
    worst: names[worst.i].name,
    worstCount: worst.number,
  });
}

const confusion = {
  id: "confusion",
  chapter: "result",
  needs: LABELS,
  say(context) {
    const { report } = context;
    const { names, counts } = readConfusion(context);
    const cells = counts.flatMap((row, r) => row.map((number, c) => ({ number, r, c }))).filter(({ r, c }) => r !== c);
    const worst = cells.reduce((most, next) => (next.number.value > most.number.value ? next : most));
    return {
      split: chooseSplit(report),
      accuracy: takeLabels(report, "percent", "accuracy", "share"),
      label: names[worst.r].name,
      answer: names[worst.c].name,
      count: worst.number,
    };
  },
  figures: [
    {
      id: "matrix",
      kind: "matrix",
      make(context) {
        const read = readConfusion(context);
        const { names, counts, rows } = read;
        const words = make("p", "words");
        words.setAttribute("aria-live", "polite");
        words.append(t("dashboard.matrix.hint"));
        const cells = counts.map((row, r) =>
          row.map((number, c) => {
            const share = shareOf(number, row);
            return {
              number: share,
              share: share.value ?? 0,
              text: t("dashboard.matrix.mark", {
                label: names[r].name,
                answer: names[c].name,
                count: format(number),
                share: format(share),
              }),
            };
          }),
        );
        return {
          chart: {
            names,
            cells,
            rowsName: t("dashboard.label"),
            columnsName: t("dashboard.answer"),
            select: (kind, r, c) => words.replaceChildren(...explain(read, kind, r, c)),
          },
          table: {
            head: [t("dashboard.matrix.head"), ...names.map(({ name }) => name), t("dashboard.all")],
            rows: names.map(({ name }, r) => [name, ...counts[r], rows[r]]),
          },
          after: words,
        };
      },
    },
  ],
};

// ---- per expression --------------------------------------------------------------------------

const MEASURES = ["precision", "recall", "f1"];

const expressions = {
  id: "expressions",
  chapter: "result",
  needs: LABELS,
  say({ report, contract }) {
    const f1 = listExpressions(contract).map(({ label, name }) => ({
      name,
      number: takeLabels(report, "score", "classes", label, "f1"),
    }));
    const sorted = f1.toSorted((a, b) => a.number.value - b.number.value);
    return {
      best: sorted.at(-1).name,
      bestF1: sorted.at(-1).number,
      worst: sorted[0].name,
      worstF1: sorted[0].number,
      macro: takeLabels(report, "score", "macro_f1"),
    };
  },
  figures: [
    {
      id: "measures",
      kind: "rows",
      make({ report, contract }) {
        const names = listExpressions(contract);
        const series = MEASURES.map((key) => ({
          name: t(`dashboard.${key}`),
          values: names.map(({ label, name }) => {
            const number = takeLabels(report, "score", "classes", label, key);
            return { number, text: `${name}, ${t(`dashboard.${key}`)}: ${format(number)}` };
          }),
        }));
        return {
          chart: { mark: "dots", categories: names, series, axis: { label: "", domain: [0, 1] } },
          table: {
            head: [t("dashboard.expression"), ...series.map((one) => one.name), t("dashboard.pictures")],
            rows: names.map(({ name, label }, i) => [
              name,
              ...series.map((one) => one.values[i].number),
              takeLabels(report, "count", "classes", label, "support"),
            ]),
          },
        };
      },
    },
    {
      id: "overall",
      kind: "rows",
      make({ report }) {
        const votes = report.evaluation.splits[chooseSplit(report)].votes;
        const interval = (...path) =>
          [0, 1].map((i) => take(report, "percent", ...readSplit(report), ...path, "interval", i));
        const rows = [
          {
            name: t("dashboard.overall.first"),
            number: takeLabels(report, "percent", "accuracy", "share"),
            interval: interval("labels", "accuracy"),
          },
          { name: t("dashboard.overall.top3"), number: takeLabels(report, "percent", "top3"), interval: null },
        ];
        if (votes)
          rows.push({
            name: t("dashboard.overall.votes"),
            number: take(report, "percent", ...readSplit(report), "votes", "agreement", "share"),
            interval: interval("votes", "agreement"),
          });
        return {
          chart: {
            mark: "bars",
            categories: rows,
            series: [
              { name: "", values: rows.map(({ name, number }) => ({ number, text: `${name}: ${format(number)}` })) },
            ],
            axis: { label: "", domain: [0, 1], write: FORMATS.whole },
          },
          table: {
            head: [t("dashboard.measure"), t("dashboard.share"), t("dashboard.from"), t("dashboard.to")],
            rows: rows.map((row) => [row.name, row.number, ...(row.interval ?? ["–", "–"])]),
          },
        };
      },
    },
  ],
};

// ---- how sure --------------------------------------------------------------------------------

const takeList = (report, key, formats) =>
  report.evaluation.splits[chooseSplit(report)][key].map((row, i) =>
    Object.fromEntries(
      Object.keys(row).map((column) => [
        column,
        take(report, formats[column] ?? "percent", ...readSplit(report), key, i, column),
      ]),
    ),
  );

/** The step of the coverage curve at the contract's threshold. */
function findThreshold(report) {
  const steps = takeList(report, "coverage", {});
  const wanted = report.evaluation.not_sure_below;
  return steps.reduce((near, step) =>
    Math.abs(step.score_below.value - wanted) < Math.abs(near.score_below.value - wanted) ? step : near,
  );
}

const sure = {
  id: "sure",
  chapter: "result",
  needs: [
    ["evaluation", "splits", SHOWN, "reliability"],
    ["evaluation", "splits", SHOWN, "coverage"],
    ["evaluation", "splits", SHOWN, "not_sure"],
  ],
  say({ report }) {
    const rule = (...path) => take(report, "percent", ...readSplit(report), "not_sure", ...path);
    return {
      ece: take(report, "score", ...readSplit(report), "ece"),
      threshold: take(report, "whole", "evaluation", "not_sure_below"),
      notSure: rule("not_sure", "share"),
      divided: rule("divided_when_not_sure", "share"),
      others: rule("divided_when_sure", "share"),
      right: rule("right_when_sure", "share"),
    };
  },
  figures: [
    {
      id: "reliability",
      kind: "plot",
      make({ report }) {
        const lists = ["all_reliability", "reliability"].map((key) => takeList(report, key, { count: "count" }));
        const names = [t("dashboard.reliability.all"), t("dashboard.reliability.best")];
        return {
          chart: {
            x: { type: "linear", domain: [0, 1], label: "EmoScore", write: FORMATS.whole },
            y: { type: "linear", domain: [0, 1], label: t("dashboard.reliability.y"), write: FORMATS.whole },
            guides: [{ x1: 0, y1: 0, x2: 1, y2: 1 }],
            series: lists.map((bins, i) => ({
              name: names[i],
              kind: "both",
              points: bins.map(({ count, score, share }) => ({
                x: score.value,
                y: share.value,
                area: 50 + 2 * Math.sqrt(count.value),
                text: t("dashboard.reliability.mark", {
                  count: format(count),
                  score: format(score),
                  share: format(share),
                }),
              })),
            })),
          },
          table: {
            head: [
              t("dashboard.scores"),
              t("dashboard.reliability.from"),
              t("dashboard.reliability.to"),
              t("dashboard.number"),
              t("dashboard.meanScore"),
              t("dashboard.reliability.y"),
            ],
            rows: lists.flatMap((bins, i) =>
              bins.map(({ low, high, count, score, share }) => [names[i], low, high, count, score, share]),
            ),
          },
        };
      },
    },
    {
      id: "coverage",
      kind: "plot",
      make({ report }) {
        const steps = takeList(report, "coverage", { score_below: "whole" });
        const chosen = findThreshold(report);
        const rights = steps.map((step) => step.right.value);
        const makePoint = ({ coverage, right, score_below: score }) => ({
          x: coverage.value,
          y: right.value,
          text: t("dashboard.coverage.mark", {
            score: format({ ...score, format: "whole" }),
            coverage: format(coverage),
            right: format(right),
          }),
        });
        return {
          chart: {
            x: { type: "linear", domain: [0, 1], label: t("dashboard.coverage.x"), write: FORMATS.whole },
            y: {
              type: "linear",
              domain: [Math.min(...rights) - 0.02, 1],
              label: t("dashboard.coverage.y"),
              write: FORMATS.whole,
            },
            series: [
              { name: t("dashboard.coverage.curve"), kind: "line", points: steps.map(makePoint) },
              { name: t("dashboard.coverage.chosen"), kind: "points", points: [{ ...makePoint(chosen), area: 140 }] },
            ],
          },
          table: {
            head: [t("dashboard.coverage.below"), t("dashboard.coverage.x"), t("dashboard.coverage.y")],
            rows: steps.map(({ score_below: score, coverage, right }) => [score, coverage, right]),
          },
        };
      },
    },
  ],
};

export const resultSections = [confusion, expressions, sure];
