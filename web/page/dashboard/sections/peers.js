// The peers: other networks' figures, on the same pictures where they were measured.

import { t } from "../../shared/strings.js";
import { chooseSplit, SHOWN, writeHead } from "../report/labels.js";
import { format, FORMATS, roundOut, take } from "../report/numbers.js";

const OURS = [
  ["peers", "networks"],
  ["evaluation", "splits", SHOWN, "labels"],
  ["history", "network"],
];

/** A peer's name without its author, its file's kind and, in a drawing, its version. */
const shorten = (name) =>
  name
    .replace(/^(oarriaga |human-models )/, "")
    .split(/[,(]/)[0]
    .trim();
const dropVersion = (name) => shorten(name).replace(/[ .][\d.]+$/, "");

/** A network with the pictures that its figure is of. */
const onSplit = (name, split) => t("dashboard.onSplit", { name, split });

/** How a published figure was got, as far as that is known. */
function describeMarks({ how, crops, chosen_on_test: chosen, pretrained, note }) {
  if (how === "measured") return t("dashboard.crops.one");
  const marks = [
    crops && t(`dashboard.crops.${crops}`),
    chosen !== null && t(`dashboard.chosenOnTest.${chosen}`),
    pretrained && t(`dashboard.pretrained.${pretrained}`),
    note,
  ];
  return marks.filter(Boolean).join(", ") || "–";
}

/** Every peer with its figures; labels on the split that ours are of, where it was measured there. */
function listPeers(report) {
  const column = chooseSplit(report) === "PrivateTest" ? "private_labels" : "public_labels";
  return report.peers.networks.map((network, i) => {
    const cell = (written, key) => take(report, written, "peers", "networks", i, key);
    return {
      name: network.name,
      how: network.how,
      marks: describeMarks(network),
      licence: network.licence ?? "–",
      bytes: cell("bytes", "bytes"),
      parameters: cell("compact", "parameters"),
      shown: cell("percent", network.how === "measured" ? column : "private_labels"),
      public: cell("percent", "public_labels"),
      private: cell("percent", "private_labels"),
      f1: cell("score", "macro_f1"),
      votes: cell("percent", "private_votes"),
      latency: cell("ms", "latency_ms"),
    };
  });
}

/** The shipped network in the same shape. */
function readOurs(report) {
  const path = ["evaluation", "splits", chooseSplit(report)];
  return {
    name: t("dashboard.ours"),
    parameters: take(report, "compact", "history", "network", "parameters"),
    shown: take(report, "percent", ...path, "labels", "accuracy", "share"),
    votes: take(report, "percent", ...path, "votes", "agreement", "share"),
  };
}

const describe = (row) =>
  t("dashboard.field.mark", { name: row.name, labels: format(row.shown), parameters: format(row.parameters) });

const pickKind = (rows, kind) => rows.filter((row) => row.how === kind);

/** Our network and the peers as points: parameters against accuracy on the labels. */
function chartField(report) {
  const rows = listPeers(report).filter((row) => row.parameters.value !== null);
  const ours = readOurs(report);
  const [least, most] = [3e4, 3e8];
  const { labels: people } = report.peers.people;
  const group = (name, index, members) => ({
    name,
    index,
    kind: "points",
    points: members.map((row) => ({
      x: row.parameters.value,
      y: row.shown.value,
      area: 100,
      label: dropVersion(row.name),
      text: describe(row),
    })),
  });
  const x = { type: "log", domain: [least, most], values: [1e5, 1e6, 1e7, 1e8], write: FORMATS.compact };
  const domain = roundOut([ours, ...rows].map((row) => row.shown.value));
  return {
    x: { ...x, label: t("dashboard.parameters") },
    y: { type: "linear", domain, label: t("dashboard.labelAccuracy"), write: FORMATS.whole },
    guides: [{ x1: least, x2: most, y1: people, y2: people, name: t("dashboard.field.people") }],
    series: [
      group(t("dashboard.field.measured", { split: chooseSplit(report) }), 0, pickKind(rows, "measured")),
      group(onSplit(t("dashboard.ours"), chooseSplit(report)), 1, [ours]),
      group(t("dashboard.field.published"), 2, pickKind(rows, "published")),
    ],
  };
}

const HEAD = ["network", "how", "marks", "licence", "size", "parameters"];
const MEASURES = ["publicLabels", "privateLabels", "macroF1", "privateVotes", "latency"];

const tabulatePeers = (report) => ({
  head: writeHead(...HEAD, ...MEASURES),
  rows: listPeers(report).map((row) => [
    row.name,
    t(`dashboard.how.${row.how}`),
    ...[row.marks, row.licence, row.bytes, row.parameters],
    ...[row.public, row.private, row.f1, row.votes, row.latency],
  ]),
  sortable: true,
});

const peers = {
  id: "peers",
  chapter: "peers",
  needs: OURS,
  say({ report }) {
    const measured = listPeers(report).filter((row) => row.how === "measured");
    const published = listPeers(report).filter((row) => row.how === "published");
    const best = (key, rows = measured) => rows.reduce((high, row) => (row[key].value > high[key].value ? row : high));
    const ours = readOurs(report);
    return {
      split: chooseSplit(report),
      ours: ours.shown,
      ourVotes: ours.votes,
      best: best("shown").name,
      bestLabels: best("shown").shown,
      bestVotes: best("votes").votes,
      published: best("votes", published).name,
      publishedVotes: best("votes", published).votes,
      people: take(report, "whole", "peers", "people", "labels"),
    };
  },
  figures: [
    {
      id: "field",
      kind: "plot",
      make: ({ report }) => ({ chart: chartField(report), table: tabulatePeers(report) }),
    },
    {
      id: "voted",
      kind: "rows",
      needs: [["evaluation", "splits", SHOWN, "votes", "agreement"]],
      make({ report }) {
        const index = { measured: 0, published: 2 };
        const rows = [
          { ...readOurs(report), index: 1, split: chooseSplit(report) },
          ...listPeers(report)
            .filter((row) => row.votes.value !== null)
            .map((row) => ({ ...row, index: index[row.how], split: "PrivateTest" })),
        ].sort((a, b) => b.votes.value - a.votes.value);
        return {
          chart: {
            mark: "bars",
            legend: ["how.measured", "ours", "how.published"].map((key) => ({ name: t(`dashboard.${key}`) })),
            categories: rows.map((row) => ({ name: onSplit(shorten(row.name), row.split) })),
            series: [
              {
                name: "",
                values: rows.map((row) => ({
                  number: row.votes,
                  index: row.index,
                  text: `${onSplit(row.name, row.split)}: ${format(row.votes)}`,
                })),
              },
            ],
            axis: { label: t("dashboard.agreement"), domain: [0, 1], write: FORMATS.whole },
          },
          table: {
            head: [t("dashboard.network"), t("dashboard.agreement")],
            rows: rows.map((row) => [onSplit(row.name, row.split), row.votes]),
          },
          values: { split: chooseSplit(report) },
        };
      },
    },
  ],
};

export const peerSections = [peers];
