// The data: pictures per expression and split, what the imbalance does, alike pictures.

import { t } from "../../shared/strings.js";
import { chooseSplit, listExpressions, SHOWN } from "../report/labels.js";
import { derive, format, FORMATS, take } from "../report/numbers.js";

const ORDER = ["Training", "PublicTest", "PrivateTest"];
const listSplits = (report) => ORDER.filter((split) => report.data.counts[split]);

const takeCount = (report, split, label) => take(report, "count", "data", "counts", split, label);

const byValue = (a, b) => a.number.value - b.number.value;

const classes = {
  id: "classes",
  chapter: "data",
  needs: [["data", "counts"]],
  say({ report, contract }) {
    const split = listSplits(report)[0];
    const counts = listExpressions(contract)
      .map((one) => ({ ...one, number: takeCount(report, split, one.label) }))
      .sort(byValue);
    const [fewest, most] = [counts.at(0), counts.at(-1)];
    return {
      split,
      pictures: derive("sum", "count", ...counts.map((one) => one.number)),
      most: most.name,
      mostCount: most.number,
      fewest: fewest.name,
      fewestCount: fewest.number,
      times: derive("ratio", "count", most.number, fewest.number),
    };
  },
  figures: [
    {
      id: "counts",
      kind: "rows",
      make({ report, contract }) {
        const names = listExpressions(contract);
        const splits = listSplits(report);
        const series = splits.map((split) => ({
          name: split,
          values: names.map(({ label, name }) => {
            const number = takeCount(report, split, label);
            return { number, text: `${name}, ${split}: ${format(number)}` };
          }),
        }));
        const largest = Math.max(...series.flatMap((one) => one.values.map((value) => value.number.value)));
        return {
          chart: {
            mark: "bars",
            categories: names,
            series,
            axis: { label: t("dashboard.pictures"), domain: [0, largest], write: FORMATS.compact },
          },
          table: {
            head: [t("dashboard.expression"), ...splits],
            rows: names.map(({ name }, i) => [name, ...series.map((one) => one.values[i].number)]),
          },
        };
      },
    },
    {
      id: "imbalance",
      kind: "plot",
      needs: [
        ["data", "counts", "Training"],
        ["evaluation", "splits", SHOWN, "labels"],
      ],
      make({ report, contract }) {
        const split = chooseSplit(report);
        const rows = listExpressions(contract).map((one) => ({
          ...one,
          count: takeCount(report, "Training", one.label),
          recall: take(report, "percent", "evaluation", "splits", split, "labels", "classes", one.label, "recall"),
        }));
        const counts = rows.map((row) => row.count.value);
        return {
          chart: {
            x: {
              type: "log",
              domain: [Math.min(...counts) / 1.6, Math.max(...counts) * 1.6],
              label: t("dashboard.imbalance.x"),
              values: [500, 1000, 2000, 5000],
              write: FORMATS.count,
            },
            y: { type: "linear", domain: [0, 1], label: t("dashboard.imbalance.y", { split }), write: FORMATS.whole },
            series: [
              {
                name: t("dashboard.expression"),
                kind: "points",
                points: rows.map(({ name, emoji, count, recall }) => ({
                  x: count.value,
                  y: recall.value,
                  area: 24 * 24,
                  emoji,
                  label: name,
                  text: t("dashboard.imbalance.mark", { name, count: format(count), recall: format(recall) }),
                })),
              },
            ],
          },
          table: {
            head: [t("dashboard.expression"), t("dashboard.imbalance.x"), t("dashboard.recall")],
            rows: rows.map(({ name, count, recall }) => [name, count, recall]),
          },
          values: { split },
        };
      },
    },
  ],
};

const KINDS = ["exact", "near", "conflicting_labels"];

const duplicates = {
  id: "duplicates",
  chapter: "data",
  needs: [["data", "duplicates"]],
  say({ report }) {
    const take1 = (kind) =>
      report.data.duplicates.pairs.map((_, i) => take(report, "count", "data", "duplicates", "pairs", i, kind));
    return {
      pairs: derive("sum", "count", ...take1("exact"), ...take1("near")),
      conflicts: derive("sum", "count", ...take1("conflicting_labels")),
    };
  },
  figures: [
    {
      id: "alike",
      kind: "rows",
      make({ report }) {
        const { pairs } = report.data.duplicates;
        const names = pairs.map(({ splits: [first, second] }) =>
          first === second ? t("dashboard.within", { split: first }) : `${first} + ${second}`,
        );
        const series = KINDS.map((kind) => ({
          name: t(`dashboard.alike.${kind}`),
          values: names.map((name, i) => {
            const number = take(report, "count", "data", "duplicates", "pairs", i, kind);
            return { number, text: `${name}, ${t(`dashboard.alike.${kind}`)}: ${format(number)}` };
          }),
        }));
        const largest = Math.max(...series.flatMap((one) => one.values.map((value) => value.number.value)));
        return {
          chart: {
            mark: "bars",
            categories: names.map((name) => ({ name })),
            series,
            axis: { label: t("dashboard.alike.axis"), domain: [0, largest], write: FORMATS.compact },
          },
          table: {
            head: [t("dashboard.alike.where"), ...series.map((one) => one.name)],
            rows: names.map((name, i) => [name, ...series.map((one) => one.values[i].number)]),
          },
          values: {
            side: take(report, "plain", "data", "duplicates", "rule", "thumbnail"),
            correlation: take(report, "plain", "data", "duplicates", "rule", "correlation"),
          },
        };
      },
    },
  ],
};

export const dataSections = [classes, duplicates];
