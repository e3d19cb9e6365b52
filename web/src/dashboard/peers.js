// The peers: other networks' figures, on the same pictures where they were measured.

import { t } from "../strings.js";
import { chooseSplit, SHOWN } from "./labels.js";
import { format, FORMATS, roundOut, take } from "./numbers.js";

const OURS = [["peers", "networks"], ["evaluation", "splits", SHOWN, "labels"], ["history", "network"]];

/** A peer's name without its author, its file's kind and, in a drawing, its version. */
const shorten = (name) => name.replace(/^(oarriaga |@vladmandic\/|human-models )/, "").split(/[,(]/)[0].trim();
const dropVersion = (name) => shorten(name).replace(/[ .][\d.]+$/, "");

/** Every peer with its figures; labels on the split that ours are of, where it was measured there. */
function listPeers(report) {
  const column = chooseSplit(report) === "PrivateTest" ? "private_labels" : "public_labels";
  return report.peers.networks.map((network, i) => {
    const cell = (written, key) => take(report, written, "peers", "networks", i, key);
    return {
      name: network.name,
      how: network.how,
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
    votes: take(report, "percent", ...path, "ferplus", "agreement", "share"),
  };
}

const describe = (row) => t("dashboard.field.mark", { name: row.name, labels: format(row.shown), parameters: format(row.parameters) });

const peers = {
  id: "peers",
  chapter: "peers",
  needs: OURS,
  say({ report }) {
    const measured = listPeers(report).filter((row) => row.how === "measured");
    const best = (key) => measured.reduce((high, row) => (row[key].value > high[key].value ? row : high));
    const ours = readOurs(report);
    return {
      split: chooseSplit(report),
      ours: ours.shown,
      ourVotes: ours.votes,
      best: best("shown").name,
      bestLabels: best("shown").shown,
      bestVotes: best("votes").votes,
      people: take(report, "whole", "peers", "people", "labels"),
    };
  },
  figures: [
    {
      id: "field",
      kind: "plot",
      make({ report }) {
        const rows = listPeers(report).filter((row) => row.parameters.value !== null);
        const ours = readOurs(report);
        const group = (name, index, members) => ({
          name,
          index,
          kind: "points",
          points: members.map((row) => ({ x: row.parameters.value, y: row.shown.value, area: 100, label: dropVersion(row.name), text: describe(row) })),
        });
        return {
          chart: {
            x: { type: "log", domain: [3e4, 3e8], label: t("dashboard.parameters"), values: [1e5, 1e6, 1e7, 1e8], write: FORMATS.compact },
            y: { type: "linear", domain: roundOut([ours, ...rows].map((row) => row.shown.value)), label: t("dashboard.labelAccuracy"), write: FORMATS.whole },
            guides: [{ x1: 3e4, x2: 3e8, y1: report.peers.people.labels, y2: report.peers.people.labels, name: t("dashboard.field.people") }],
            series: [
              group(t("dashboard.field.measured", { split: chooseSplit(report) }), 0, rows.filter((row) => row.how === "measured")),
              group(t("dashboard.ours"), 1, [ours]),
              group(t("dashboard.field.published"), 2, rows.filter((row) => row.how === "published")),
            ],
          },
          table: {
            head: ["network", "how", "licence", "size", "parameters", "publicLabels", "privateLabels", "macroF1", "privateVotes", "latency"].map((key) => t(`dashboard.${key}`)),
            rows: listPeers(report).map((row) => [row.name, t(`dashboard.how.${row.how}`), row.licence, row.bytes, row.parameters, row.public, row.private, row.f1, row.votes, row.latency]),
            sortable: true,
          },
        };
      },
    },
    {
      id: "voted",
      kind: "rows",
      needs: [["evaluation", "splits", SHOWN, "ferplus", "agreement"]],
      make({ report }) {
        const rows = [{ ...readOurs(report), index: 1 }, ...listPeers(report).filter((row) => row.votes.value !== null)].sort((a, b) => b.votes.value - a.votes.value);
        return {
          chart: {
            mark: "bars",
            categories: rows.map((row) => ({ name: shorten(row.name) })),
            series: [{ name: "", values: rows.map((row) => ({ number: row.votes, index: row.index, text: `${row.name}: ${format(row.votes)}` })) }],
            axis: { label: t("dashboard.agreement"), domain: [0, 1], write: FORMATS.whole },
          },
          table: { head: [t("dashboard.network"), t("dashboard.agreement")], rows: rows.map((row) => [row.name, row.votes]) },
          values: { split: chooseSplit(report) },
        };
      },
    },
  ],
};

export const peerSections = [peers];
