// Exams on photos of other sources: by groups of people, by what the answer says, beside other packages.

import { t } from "../../shared/strings.js";
import { format, FORMATS, roundOut, take, writeSentence } from "../report/numbers.js";

/** Of the section `photos`: the set that says who the people are, and the one of many expressions. */
const PEOPLE = ["photos", "sets", "london"];
const MIXED = ["photos", "sets", "photos"];

/** A share with its interval and its number of photos, at a path of the report. */
const takeShare = (report, ...path) => ({
  share: take(report, "percent", ...path, "share"),
  from: take(report, "percent", ...path, "interval", 0),
  to: take(report, "percent", ...path, "interval", 1),
  photos: take(report, "count", ...path, "photos"),
});

const describe = ({ name, share, from, to, photos }) =>
  t("dashboard.outside.mark", {
    part: name,
    share: format(share),
    from: format(from),
    to: format(to),
    photos: format(photos),
  });

/** A chart of shares with intervals, a row each, and its table; other series may stand beside the shares. */
function makeShares(parts, column, others = []) {
  const values = parts.map((part) => ({ number: part.share, low: part.from, high: part.to, text: describe(part) }));
  return {
    chart: {
      mark: "dots",
      categories: parts,
      series: [{ name: t("dashboard.outside.agrees"), values }, ...others],
      axis: {
        label: t("dashboard.outside.agrees"),
        domain: roundOut([1, ...parts.map((part) => part.from.value)]),
        write: FORMATS.whole,
      },
    },
    table: {
      head: [column, t("dashboard.photos"), t("dashboard.outside.agrees"), t("dashboard.from"), t("dashboard.to")],
      rows: parts.map(({ name, photos, share, from, to }) => [name, photos, share, from, to]),
    },
  };
}

const GROUPS = ["female", "male", "black", "east_asian", "east_asian/white", "west_asian", "white"]; // that have a text

/** The group's name in the visitor's language; as the photos' table has it where it is not known. */
function nameGroup(kind) {
  const [, from, to] = /^(\d+) to (\d+)$/.exec(kind) ?? [];
  if (from) return t("dashboard.group.age", { from, to });
  return GROUPS.includes(kind) ? t(`dashboard.group.${kind}`) : kind.replaceAll("_", " ");
}

/** Every group of the people on the photos, with how often the first answer agrees and what sets it apart from the others. */
function listGroups(report) {
  const path = [...PEOPLE, "scores", "groups"];
  return Object.entries(report.photos.sets.london.scores.groups).flatMap(([column, kinds]) =>
    Object.entries(kinds).map(([kind, { difference }]) => ({
      name: nameGroup(kind),
      clear: difference.clear,
      difference: take(report, "gap", ...path, column, kind, "difference", "difference"),
      ...takeShare(report, ...path, column, kind, "first"),
    })),
  );
}

/** The group that is worst off by more than chance, as a sentence; or that there is none. */
function describeWorst(report) {
  const behind = listGroups(report).filter(({ clear, difference }) => clear && difference.value < 0);
  if (!behind.length) return t("dashboard.outside.even");
  const worst = behind.reduce((low, next) => (next.difference.value < low.difference.value ? next : low));
  const { name: group, share, difference } = worst;
  return writeSentence("dashboard.outside.clear", { group, share, difference });
}

const makeGroups = ({ report }) => makeShares(listGroups(report), t("dashboard.outside.group"));

/** What share of the answers of about a score is right, beside that score, over one set. */
function makeReliability({ report }) {
  const path = [...MIXED, "scores", "reliability"];
  const bins = report.photos.sets.photos.scores.reliability.map((_, i) => ({
    name: format(take(report, "whole", ...path, i, "says")),
    ...takeShare(report, ...path, i),
    says: take(report, "percent", ...path, i, "mean_score"),
  }));
  const says = bins.map(({ name, says: number }) => ({
    number,
    text: `${name}: ${t("dashboard.meanScore")} ${format(number)}`,
  }));
  const made = makeShares(bins, t("dashboard.outside.says"), [{ name: t("dashboard.meanScore"), values: says }]);
  made.chart.axis.domain = [0, 1];
  return made;
}

/** This project and other packages on the set of many expressions. */
function makePackages({ report }) {
  const peers = report.photos.sets.photos.peers.map(({ package: name }, i) => ({
    name,
    ...takeShare(report, ...MIXED, "peers", i, "first"),
  }));
  const ours = { name: t("dashboard.ours"), ...takeShare(report, ...MIXED, "scores", "first") };
  return makeShares([ours, ...peers], t("dashboard.outside.package"));
}

const outside = {
  id: "outside",
  chapter: "fails",
  needs: [PEOPLE, MIXED],
  say({ report }) {
    return {
      people: take(report, "count", ...PEOPLE, "photos"),
      peopleShare: take(report, "percent", ...PEOPLE, "scores", "first", "share"),
      groups: describeWorst(report),
      happier: take(report, "percent", ...PEOPLE, "people", "happier", "share"),
      mixed: take(report, "count", ...MIXED, "photos"),
      mixedShare: take(report, "percent", ...MIXED, "scores", "first", "share"),
      sure: take(report, "gap", ...PEOPLE, "scores", "certainty", "too_sure"),
      mixedSure: take(report, "gap", ...MIXED, "scores", "certainty", "too_sure"),
    };
  },
  figures: [
    { id: "outside_groups", kind: "rows", make: makeGroups },
    { id: "outside_reliability", kind: "rows", make: makeReliability },
    { id: "outside_packages", kind: "rows", needs: [[...MIXED, "peers", 0]], make: makePackages },
  ],
};

export const outsideSections = [outside];
