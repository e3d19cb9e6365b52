// Where the network fails: light, hidden pixels, the detector's crop.

import { t } from "../../shared/strings.js";
import { chooseSplit, SHOWN, writeHead } from "../report/labels.js";
import { format, FORMATS, roundOut, take } from "../report/numbers.js";

const readSplit = (report) => ["evaluation", "splits", chooseSplit(report)];
const lowest = (parts) => parts.reduce((low, part) => (part.share.value < low.share.value ? part : low));
const highest = (parts) => parts.reduce((high, part) => (part.share.value > high.share.value ? part : high));

/** Whether the lowest part is lower by more than chance, in words: its interval against that of the best part. */
function judge(parts) {
  const clear = lowest(parts).to.value < highest(parts).from.value;
  return t(`dashboard.light.${clear ? "clear" : "chance"}`);
}

/** The parts of a slice with their bounds, share and interval. */
function listParts(report, name) {
  const path = [...readSplit(report), "slices", name];
  return report.evaluation.splits[chooseSplit(report)].slices[name].map((_, i) => ({
    low: take(report, "plain", ...path, i, "low"),
    high: take(report, "plain", ...path, i, "high"),
    pictures: take(report, "count", ...path, i, "pictures"),
    share: take(report, "percent", ...path, i, "share"),
    from: take(report, "percent", ...path, i, "interval", 0),
    to: take(report, "percent", ...path, i, "interval", 1),
  }));
}

function describePart({ name, share, from, to, pictures }) {
  const values = { share: format(share), from: format(from), to: format(to), pictures: format(pictures) };
  return t("dashboard.slice.mark", { part: name, ...values });
}

function makeSlice(slice) {
  return ({ report }) => {
    const parts = listParts(report, slice).map((part) => ({
      ...part,
      name: `${format(part.low)}–${format(part.high)}`,
    }));
    const name = t("dashboard.agreement");
    const values = parts.map((part) => ({
      number: part.share,
      low: part.from,
      high: part.to,
      text: describePart(part),
    }));
    const domain = roundOut([1, ...parts.map((part) => part.from.value)]);
    return {
      chart: {
        mark: "dots",
        categories: parts,
        series: [{ name, values }],
        axis: { label: name, domain, write: FORMATS.whole },
      },
      table: {
        head: writeHead(`${slice}.part`, "slice.below", "faces", "agreement", "from", "to"),
        rows: parts.map(({ low, high, pictures, share, from, to }) => [low, high, pictures, share, from, to]),
      },
    };
  };
}

const light = {
  id: "light",
  chapter: "fails",
  needs: [
    ["evaluation", "splits", SHOWN, "slices", "brightness"],
    ["evaluation", "splits", SHOWN, "slices", "contrast"],
  ],
  say({ report }) {
    const [brightness, contrast] = ["brightness", "contrast"].map((slice) => listParts(report, slice));
    const [dark, flat] = [lowest(brightness), lowest(contrast)];
    return {
      brightness: judge(brightness),
      contrast: judge(contrast),
      low: dark.low,
      high: dark.high,
      share: dark.share,
      contrastLow: flat.low,
      contrastHigh: flat.high,
      contrastShare: flat.share,
      all: take(report, "percent", ...readSplit(report), "votes", "agreement", "share"),
    };
  },
  figures: [
    { id: "brightness", kind: "rows", make: makeSlice("brightness") },
    { id: "contrast", kind: "rows", make: makeSlice("contrast") },
  ],
};

const TRUTHS = ["votes", "labels"];

/** The steps of hidden pixels with both truths; votes may be missing. */
function listSteps(report) {
  const path = [...readSplit(report), "occlusion"];
  const truths = TRUTHS.filter((truth) => report.evaluation.splits[chooseSplit(report)].occlusion[0][truth]);
  const steps = report.evaluation.splits[chooseSplit(report)].occlusion.map((_, i) => ({
    hidden: take(report, "whole", ...path, i, "hidden"),
    ...Object.fromEntries(
      truths.map((truth) => [
        truth,
        {
          share: take(report, "percent", ...path, i, truth, "share"),
          from: take(report, "percent", ...path, i, truth, "interval", 0),
          to: take(report, "percent", ...path, i, truth, "interval", 1),
        },
      ]),
    ),
  }));
  return { truths, steps };
}

/** How often the answer changes, by how the crop moved. */
function makeMoves({ report }) {
  const path = [...readSplit(report), "crop", "scale"];
  const parts = report.evaluation.splits[chooseSplit(report)].crop.scale.map((_, i) => ({
    low: take(report, "whole", ...path, i, "low"),
    high: take(report, "whole", ...path, i, "high"),
    crops: take(report, "count", ...path, i, "crops"),
    changed: take(report, "percent", ...path, i, "changed"),
  }));
  const named = parts.map((part) => ({ ...part, name: `${format(part.low)} … ${format(part.high)}` }));
  return {
    chart: {
      mark: "bars",
      categories: named,
      series: [
        {
          name: "",
          values: named.map((part) => ({
            number: part.changed,
            text: t("dashboard.crop.mark", {
              part: part.name,
              changed: format(part.changed),
              crops: format(part.crops),
            }),
          })),
        },
      ],
      axis: {
        label: t("dashboard.crop.x"),
        domain: [0, Math.max(0.2, ...named.map((part) => part.changed.value))],
        write: FORMATS.whole,
      },
    },
    table: {
      head: [t("dashboard.crop.from"), t("dashboard.crop.to"), t("dashboard.crop.crops"), t("dashboard.crop.x")],
      rows: named.map(({ low, high, crops, changed }) => [low, high, crops, changed]),
    },
    values: {
      shift: take(report, "whole", ...readSplit(report), "crop", "shift_within"),
      scale: take(report, "whole", ...readSplit(report), "crop", "scale_within"),
    },
  };
}

const hidden = {
  id: "hidden",
  chapter: "fails",
  needs: [
    ["evaluation", "splits", SHOWN, "occlusion"],
    ["evaluation", "splits", SHOWN, "crop"],
  ],
  say({ report }) {
    const { truths, steps } = listSteps(report);
    const most = steps.at(-1);
    const crop = [...readSplit(report), "crop"];
    return {
      hidden: most.hidden,
      before: steps[0][truths[0]].share,
      after: most[truths[0]].share,
      changed: take(report, "percent", ...crop, "changed"),
      ever: take(report, "whole", ...crop, "ever_changed", "share"),
    };
  },
  figures: [
    {
      id: "occlusion",
      kind: "plot",
      make({ report }) {
        const { truths, steps } = listSteps(report);
        return {
          chart: {
            x: {
              type: "linear",
              domain: [0, steps.at(-1).hidden.value + 0.01],
              label: t("dashboard.occlusion.x"),
              values: steps.map((step) => step.hidden.value).filter((value) => value !== 0.05),
              write: FORMATS.whole,
            },
            y: {
              type: "linear",
              domain: roundOut([1, ...steps.flatMap((step) => truths.map((truth) => step[truth].from.value))]),
              label: t("dashboard.occlusion.y"),
              write: FORMATS.whole,
            },
            series: truths.map((truth) => ({
              name: t(`dashboard.truth.${truth}`),
              kind: "both",
              points: steps.map((step) => ({
                x: step.hidden.value,
                y: step[truth].share.value,
                low: step[truth].from.value,
                high: step[truth].to.value,
                text: t("dashboard.occlusion.mark", {
                  hidden: format(step.hidden),
                  truth: t(`dashboard.truth.${truth}`),
                  share: format(step[truth].share),
                }),
              })),
            })),
          },
          table: {
            head: [
              t("dashboard.occlusion.x"),
              ...truths.flatMap((truth) => [t(`dashboard.truth.${truth}`), t("dashboard.from"), t("dashboard.to")]),
            ],
            rows: steps.map((step) => [
              step.hidden,
              ...truths.flatMap((truth) => [step[truth].share, step[truth].from, step[truth].to]),
            ]),
          },
        };
      },
    },
    { id: "crop", kind: "rows", make: makeMoves },
  ],
};

export const weaknessSections = [light, hidden];
