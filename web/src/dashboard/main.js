// The dashboard: the report's sections as charts, one after the other, and as slides.

import { makeEmoji } from "../emoji.js";
import { keepOffline } from "../offline.js";
import { startSite } from "../site.js";
import { addStrings, t } from "../strings.js";
import { artifactSections } from "./artifacts.js";
import { dataSections } from "./data.js";
import { make, makeFigure } from "./figure.js";
import { chooseSplit, SHOWN } from "./labels.js";
import { lookUp, makeNumber, take, writeSentence } from "./numbers.js";
import { peerSections } from "./peers.js";
import { peopleSections } from "./people.js";
import { resultSections } from "./result.js";
import { selfTestSections } from "./selftest.js";
import { startSlides } from "./slides.js";
import english from "./strings/en.json";
import { trainingSections } from "./training.js";
import { weaknessSections } from "./weaknesses.js";

addStrings(english, import.meta.glob(["./strings/*.json", "!./strings/en.json"], { import: "default" }));

const SECTIONS = [
  ...dataSections, ...peopleSections, ...trainingSections, ...resultSections, ...weaknessSections,
  ...artifactSections, ...selfTestSections, ...peerSections,
]; // prettier-ignore

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

/** One section: chapter, title, the sentence that says what to see, and its charts. */
function makeSection({ id, chapter, needs, say, figures, add }, context) {
  const section = make("section", "slide story");
  section.id = id;
  section.dataset.chapter = chapter;
  const title = make("h2", "", t(`dashboard.${id}.title`));
  title.tabIndex = -1;
  title.id = `${id}-title`;
  section.setAttribute("aria-labelledby", title.id);
  section.append(make("p", "chapter", t(`dashboard.chapter.${chapter}`)), title);
  const missing = findMissing(context.report, needs);
  if (missing) {
    section.append(makeNotice(missing));
    return section;
  }
  section.append(make("p", "say", ...writeSentence(`dashboard.${id}.say`, say(context))));
  if (add) section.append(add(context));
  if (figures) section.append(make("div", `charts charts-${figures.length}`, ...figures.map((spec) => makeChart(spec, context))));
  return section;
}

/** The few numbers that say it all, for the top of the page. */
function makeTiles({ report, contract }) {
  const shown = ["evaluation", "splits", chooseSplit(report)];
  const { tfjs, default: chosen } = contract.artifacts;
  const tiles = {
    agreement: take(report, "percent", ...shown, "ferplus", "agreement", "share"),
    accuracy: take(report, "percent", ...shown, "labels", "accuracy", "share"),
    parameters: take(report, "compact", "history", "network", "parameters"),
    download: take(report, "bytes", "artifacts", "files", tfjs[chosen.tfjs], "bytes"),
  };
  const known = Object.entries(tiles).filter(([, number]) => number.value !== null);
  return known.map(([key, number]) => make("li", "tile", make("strong", "", makeNumber(number)), make("span", "", t(`dashboard.tile.${key}`, { split: chooseSplit(report) }))));
}

/** Links to the first section of each chapter. */
function makeChapters() {
  const firsts = SECTIONS.filter(({ chapter }, i) => SECTIONS.findIndex((one) => one.chapter === chapter) === i);
  return firsts.map(({ id, chapter }) => {
    const link = make("a", "", t(`dashboard.chapter.${chapter}`));
    link.href = `#${id}`;
    return make("li", "", link);
  });
}

function render(context) {
  if (!context.contract.labels) return document.querySelector("#sections").replaceChildren(makeNotice("contract"));
  document.querySelector("#faces").replaceChildren(...Object.values(context.contract.emoji).map(makeEmoji));
  document.querySelector("#tiles").replaceChildren(...makeTiles(context));
  document.querySelector("#chapters").replaceChildren(...makeChapters());
  document.querySelector("#sections").replaceChildren(...SECTIONS.map((section) => makeSection(section, context)));
  document.querySelector("#main").dataset.ready = "true";
}

/** A JSON file of the site; an empty object where there is none that can be read. */
async function fetchJson(address) {
  try {
    const response = await fetch(address);
    return response.ok ? await response.json() : {};
  } catch {
    return {}; // no network, or a file cut short
  }
}

const [contract, report] = await Promise.all([fetchJson("./models/contract.json"), fetchJson("./models/report.json"), startSite("dashboard")]);
render({ contract, report });
document.addEventListener("languagechange", () => render({ contract, report }));
startSlides();
keepOffline();
if (location.hash) document.querySelector(location.hash)?.scrollIntoView();
