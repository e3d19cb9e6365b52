// The dashboard: the report's sections as charts, one after the other, and as slides.

import { find, make } from "../shared/dom.js";
import { fetchJson } from "emoji-edge/contract.js";
import { makeEmoji } from "../shared/emoji.js";
import { keepOffline } from "../shared/offline.js";
import { startSite } from "../shared/site.js";
import { addStrings, t } from "../shared/strings.js";
import { artifactSections } from "./sections/artifacts.js";
import { dataSections } from "./sections/data.js";
import { guessSections } from "./sections/guess.js";
import { makeLink } from "./links.js";
import { annotate } from "./charts/notes.js";
import { showChapters } from "./chapters.js";
import { makeFigure } from "./charts/figure.js";
import { chooseSplit, SHOWN } from "./report/labels.js";
import { lookUp, makeNumber, take, writeSentence } from "./report/numbers.js";
import { outsideSections } from "./sections/outside.js";
import { peerSections } from "./sections/peers.js";
import { peopleSections } from "./sections/people.js";
import { resultSections } from "./sections/result.js";
import { selfTestSections } from "./sections/selftest.js";
import { startSlides } from "./slides.js";
import english from "./strings/en.json";
import { trainingSections } from "./sections/training.js";
import { weaknessSections } from "./sections/weaknesses.js";

const others = import.meta.glob(["./strings/*.json", "!./strings/en.json"], { import: "default" });
addStrings(english, /** @type {import("../shared/strings.js").Loaders} */ (others));

/**
 * @typedef {{report: any, contract: import("emoji-edge/contract.js").Contract}} Context
 * @typedef {(string | number | symbol)[]} Path of keys in the report; SHOWN stands for the split that is shown
 * @typedef {object} Figure
 * @property {string} id its texts are dashboard.ID.title and dashboard.ID.alt
 * @property {string} kind of charts/figure.js
 * @property {Path[]} [needs] what the report must hold
 * @property {(context: Context) => any} make what charts/figure.js takes besides
 * @typedef {object} Section
 * @property {string} id its texts are dashboard.ID.title and dashboard.ID.say
 * @property {string} chapter
 * @property {Path[]} [needs] what the report must hold
 * @property {(context: Context) => Record<string, any>} say values of the sentence that says what to see
 * @property {Figure[]} [figures]
 * @property {(context: Context) => HTMLElement | ""} [add] what stands between sentence and figures
 * @property {(context: Context) => (Node | string)[][]} [notes] what stands beside the figures, to the numbers on them
 */

/** @type {Section[]} */
const SECTIONS = [
  ...guessSections,
  ...dataSections,
  ...peopleSections,
  ...trainingSections,
  ...resultSections,
  ...weaknessSections,
  ...outsideSections,
  ...artifactSections,
  ...selfTestSections,
  ...peerSections,
];

/** What of `needs` the report lacks, as its section's name; null when all is there. */
function findMissing(report, needs = []) {
  const shown = chooseSplit(report);
  const place = (path) => path.map((key) => (key === SHOWN ? shown : key));
  const path = needs.find((one) => (lookUp(report, place(one)) ?? null) === null);
  return path?.[0] ?? null;
}

const makeNotice = (section) => make("p", "notice", t("dashboard.missing", { section }));

function makeChart(spec, context) {
  const missing = findMissing(context.report, spec.needs);
  return missing ? makeNotice(missing) : makeFigure({ ...spec, ...spec.make(context) });
}

/**
 * One section: chapter, title, the sentence that says what to see, and its charts.
 *
 * @param {Section} section
 * @param {Context} context
 */
function makeSection({ id, chapter, needs, say, figures, add, notes }, context) {
  const section = make("section", "slide story");
  section.id = id;
  section.dataset.chapter = chapter;
  const title = make("h2", "", t(`dashboard.${id}.title`));
  title.tabIndex = -1;
  title.id = `${id}-title`;
  section.setAttribute("aria-labelledby", title.id);
  const heading = make("div", "heading", title, makeLink(id, t(`dashboard.${id}.title`)));
  section.append(make("p", "chapter", t(`dashboard.chapter.${chapter}`)), heading);
  const missing = findMissing(context.report, needs);
  if (missing) {
    section.append(makeNotice(missing));
    return section;
  }
  section.append(make("p", "say", ...writeSentence(`dashboard.${id}.say`, say(context))));
  if (add) section.append(add(context));
  if (!figures) return section;
  const charts = make("div", `charts charts-${figures.length}`, ...figures.map((spec) => makeChart(spec, context)));
  section.append(notes ? annotate(charts, notes(context)) : charts);
  return section;
}

/** The few numbers that say it all, for the top of the page. */
function makeTiles({ report, contract }) {
  const shown = ["evaluation", "splits", chooseSplit(report)];
  const { tfjs, default: chosen } = contract.artifacts;
  const tiles = {
    agreement: take(report, "percent", ...shown, "votes", "agreement", "share"),
    accuracy: take(report, "percent", ...shown, "labels", "accuracy", "share"),
    parameters: take(report, "compact", "history", "network", "parameters"),
    download: take(report, "bytes", "artifacts", "files", tfjs[chosen.tfjs], "bytes"),
  };
  const known = Object.entries(tiles).filter(([, number]) => number.value !== null);
  return known.map(([key, number]) =>
    make(
      "li",
      "tile",
      make("strong", "", makeNumber(number)),
      make("span", "", t(`dashboard.tile.${key}`, { split: chooseSplit(report) })),
    ),
  );
}

function render(context) {
  if (!context.contract.labels) return find("sections").replaceChildren(makeNotice("contract"));
  find("faces").replaceChildren(...Object.values(context.contract.emoji).map(makeEmoji));
  find("tiles").replaceChildren(...makeTiles(context));
  find("sections").replaceChildren(...SECTIONS.map((section) => makeSection(section, context)));
  showChapters(SECTIONS);
  find("main").dataset.ready = "true";
}

/** What of the site's files can be had: a section whose numbers are missing says so. */
const fetchKnown = (address) => fetchJson(address).catch(() => ({}));

const [contract, report] = await Promise.all([
  fetchKnown("./models/contract.json"),
  fetchKnown("./models/report.json"),
  startSite("dashboard"),
]);
render({ contract, report });
document.addEventListener("languagechange", () => render({ contract, report }));
startSlides();
keepOffline();
