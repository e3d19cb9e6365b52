// People: FER+'s votes beside FER-2013's label and beside the network's scores.

import { t } from "../../shared/strings.js";
import { chooseSplit, listExpressions, SHOWN, writeHead } from "../report/labels.js";
import { format, FORMATS, roundOut, take } from "../report/numbers.js";

const readSplit = (report) => ["evaluation", "splits", chooseSplit(report)];

/** The mean distribution of each label as a matrix: rows labels, columns what was said. */
function makeMatrix(which) {
  return ({ report, contract }) => {
    const names = listExpressions(contract);
    const path = [...readSplit(report), "people", which];
    const labelled = names.filter(({ label }) => report.evaluation.splits[chooseSplit(report)].people[which][label]);
    const cells = names.map(({ label, name }) =>
      names.map(({ name: said }, column) => {
        const number = take(report, "whole", ...path, label, column);
        return {
          number,
          share: number.value ?? 0,
          text: t(`dashboard.${which}.mark`, { name, said, share: number.value === null ? "–" : format(number) }),
        };
      }),
    );
    return {
      chart: { names, cells, rowsName: t("dashboard.label"), columnsName: t(`dashboard.${which}.columns`) },
      table: {
        head: [t("dashboard.label"), ...names.map(({ name }) => name)],
        rows: labelled.map(({ name, label }) => [
          name,
          ...names.map((_, column) => take(report, "percent", ...path, label, column)),
        ]),
      },
    };
  };
}

const votes = {
  id: "votes",
  chapter: "people",
  needs: [["evaluation", "splits", SHOWN, "people"]],
  say({ report, contract }) {
    const path = [...readSplit(report), "people"];
    const own = listExpressions(contract).flatMap(({ label, name }, i) => {
      const number = take(report, "whole", ...path, "mean_votes", label, i);
      return number.value === null ? [] : [{ name, number }];
    });
    const least = own.reduce((low, next) => (next.number.value < low.number.value ? next : low));
    return {
      share: take(report, "whole", ...path, "label_is_majority", "share"),
      split: chooseSplit(report),
      least: least.name,
      leastShare: least.number,
    };
  },
  figures: [
    { id: "mean_votes", kind: "matrix", make: makeMatrix("mean_votes") },
    { id: "mean_scores", kind: "matrix", make: makeMatrix("mean_scores") },
  ],
};

/** The parts of the faces by the share of the votes that the strongest expression has. */
function listAgreeing(report) {
  const path = [...readSplit(report), "slices", "voters_agreeing"];
  return report.evaluation.splits[chooseSplit(report)].slices.voters_agreeing.map((part, i) => ({
    name: nameAgreement(part),
    pictures: take(report, "count", ...path, i, "pictures"),
    share: take(report, "percent", ...path, i, "share"),
    low: take(report, "percent", ...path, i, "interval", 0),
    high: take(report, "percent", ...path, i, "interval", 1),
    score: take(report, "percent", ...path, i, "score"),
  }));
}

function chartAgreeing(parts) {
  const describe = ({ name, share, low, high }) => `${name}: ${format(share)} (${format(low)}–${format(high)})`;
  const least = parts.flatMap((part) => [part.low.value, part.score.value]);
  return {
    mark: "dots",
    categories: parts,
    series: [
      {
        name: t("dashboard.agreement"),
        values: parts.map((part) => ({ number: part.share, low: part.low, high: part.high, text: describe(part) })),
      },
      {
        name: t("dashboard.meanScore"),
        values: parts.map(({ name, score }) => ({
          number: score,
          text: `${name}: ${t("dashboard.meanScore")} ${format(score)}`,
        })),
      },
    ],
    axis: { label: "", domain: roundOut([1, ...least]), write: FORMATS.whole },
  };
}

const doubt = {
  id: "doubt",
  chapter: "people",
  needs: [
    ["evaluation", "splits", SHOWN, "people"],
    ["evaluation", "splits", SHOWN, "slices", "voters_agreeing"],
  ],
  say({ report }) {
    const path = readSplit(report);
    const parts = report.evaluation.splits[chooseSplit(report)].slices.voters_agreeing;
    return {
      unanimous: take(report, "whole", ...path, "people", "unanimous", "share"),
      divided: take(report, "whole", ...path, "people", "no_majority", "share"),
      low: take(report, "whole", ...path, "slices", "voters_agreeing", 0, "share"),
      high: take(report, "whole", ...path, "slices", "voters_agreeing", parts.length - 1, "share"),
    };
  },
  figures: [
    {
      id: "entropy",
      kind: "plot",
      make({ report }) {
        const path = [...readSplit(report), "people", "entropy"];
        const { bounds } = report.evaluation.splits[chooseSplit(report)].people.entropy;
        const bins = bounds.slice(1).map((_, i) => ({
          low: take(report, "bits", ...path, "bounds", i),
          high: take(report, "bits", ...path, "bounds", i + 1),
          votes: take(report, "count", ...path, "votes", "counts", i),
          scores: take(report, "count", ...path, "scores", "counts", i),
        }));
        const series = ["votes", "scores"].map((who) => ({
          name: t(`dashboard.entropy.${who}`),
          kind: "steps",
          points: [...bins, null].map((bin, i) => ({
            x: bounds[i],
            y: (bin ?? bins.at(-1))[who].value,
            text: bin
              ? `${t(`dashboard.entropy.${who}`)}, ${format(bin.low)}–${format(bin.high)} bit: ${format(bin[who])}`
              : "",
          })),
        }));
        return {
          chart: {
            x: { type: "linear", domain: [0, bounds.at(-1)], label: t("dashboard.entropy.x") },
            y: {
              type: "linear",
              domain: [0, Math.max(...series.flatMap((one) => one.points.map((point) => point.y)))],
              label: t("dashboard.faces"),
              write: FORMATS.count,
            },
            series,
          },
          table: {
            head: [t("dashboard.entropy.from"), t("dashboard.entropy.to"), ...series.map((one) => one.name)],
            rows: bins.map(({ low, high, votes: voted, scores }) => [low, high, voted, scores]),
          },
          values: {
            votes: take(report, "bits", ...path, "votes", "mean"),
            scores: take(report, "bits", ...path, "scores", "mean"),
          },
        };
      },
    },
    {
      id: "agreeing",
      kind: "rows",
      make({ report }) {
        const parts = listAgreeing(report);
        return {
          chart: chartAgreeing(parts),
          table: {
            head: writeHead("agreeing.part", "faces", "agreement", "from", "to", "meanScore"),
            rows: parts.map(({ name, pictures, share, low, high, score }) => [name, pictures, share, low, high, score]),
          },
        };
      },
    },
  ],
};

/** What share of the votes the strongest expression has. */
function nameAgreement({ low, high }) {
  if (high > 1) return t("dashboard.agreeing.all");
  if (low === 0) return t("dashboard.agreeing.below", { high: FORMATS.whole(high) });
  if (high > 0.99) return t("dashboard.agreeing.most", { low: FORMATS.whole(low) });
  return `${FORMATS.whole(low)}–${FORMATS.whole(high)}`;
}

const HEADS = ["scores", "label_scores"];

/** How often each head names each expression first. */
function listNamed({ report, contract }) {
  const path = [...readSplit(report), "named"];
  return listExpressions(contract).map((one) => ({
    ...one,
    shares: HEADS.map((head) => take(report, "percent", ...path, head, one.label)),
  }));
}

const readings = {
  id: "readings",
  chapter: "people",
  needs: [
    ["evaluation", "splits", SHOWN, "named"],
    ["evaluation", "splits", SHOWN, "votes", "agreement"],
  ],
  say(context) {
    const { report } = context;
    const gap = ({ shares: [first, second] }) => Math.abs(first.value - second.value);
    const most = listNamed(context).reduce((high, next) => (gap(next) > gap(high) ? next : high));
    const path = readSplit(report);
    return {
      split: chooseSplit(report),
      votes: take(report, "percent", ...path, "votes", "agreement", "share"),
      labels: take(report, "percent", ...path, "labels", "accuracy", "share"),
      most: most.name,
      first: most.shares[0],
      second: most.shares[1],
    };
  },
  figures: [
    {
      id: "named",
      kind: "rows",
      make(context) {
        const rows = listNamed(context);
        const names = HEADS.map((head) => t(`dashboard.named.${head}`));
        const largest = Math.max(...rows.flatMap(({ shares }) => shares.map(({ value }) => value)));
        return {
          chart: {
            mark: "bars",
            categories: rows,
            series: names.map((name, i) => ({
              name,
              values: rows.map((row) => ({
                number: row.shares[i],
                text: `${row.name}, ${name}: ${format(row.shares[i])}`,
              })),
            })),
            axis: { label: t("dashboard.named.axis"), domain: [0, largest], write: FORMATS.whole },
          },
          table: {
            head: [t("dashboard.expression"), ...names],
            rows: rows.map(({ name, shares }) => [name, ...shares]),
          },
          values: { split: chooseSplit(context.report) },
        };
      },
    },
  ],
};

export const peopleSections = [votes, readings, doubt];
