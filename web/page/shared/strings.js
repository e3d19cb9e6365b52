// Texts of the pages: one file a language in strings/, English where a language lacks a key.

import english from "./strings/en.json";
import { showScore } from "emoji-edge/classify.js";
import { readSetting } from "./settings.js";

/** @typedef {Record<string, string>} Texts by their keys */

/** @typedef {Record<string, () => Promise<Texts>>} Loaders "./strings/LANGUAGE.json": what loads it */

const found = import.meta.glob(["./strings/*.json", "!./strings/en.json"], { import: "default" });
const loaders = /** @type {Loaders} */ (found);
export const languages = ["en", ...Object.keys(loaders).map((path) => path.replace(/^.*\/|\.json$/g, ""))];

/** @type {{english: Texts, loaders: Loaders}[]} */
const sources = [{ english, loaders }];
let current = "en";
/** @type {Texts} */
let strings = english;

/**
 * Texts that one page alone has; to be called before setLanguage.
 *
 * @param {Texts} more the English texts
 * @param {Loaders} others
 */
export function addStrings(more, others) {
  sources.push({ english: more, loaders: others });
  strings = { ...strings, ...more };
}

/** The language in use, as a BCP 47 tag. */
export const getLanguage = () => current;

/** The visitor's own choice, else the first of the browser's languages that is here, else English. */
export function chooseLanguage() {
  const wanted = [readSetting("language") ?? "", ...navigator.languages];
  return wanted.map((tag) => tag.split("-")[0]).find((tag) => languages.includes(tag)) ?? "en";
}

/** Load a language and write its texts into the page. */
export async function setLanguage(language) {
  const own = await Promise.all(sources.map((source) => source.loaders[`./strings/${language}.json`]?.()));
  strings = Object.assign({}, ...sources.map((source) => source.english), ...own);
  current = language;
  document.documentElement.lang = language;
  document.documentElement.dir = t("direction");
  fillTexts(document);
  document.dispatchEvent(new Event("languagechange"));
}

/** Whether the language in use runs from right to left. */
export const isRightToLeft = () => strings.direction === "rtl";

/** A value as it stands in a text: between right-to-left words it keeps its own direction (Unicode's isolates). */
const isolate = (value) => (isRightToLeft() ? `\u2068${value}\u2069` : String(value));

/**
 * The text of a key, with {name} replaced by values.name.
 *
 * @param {string} key
 * @param {Record<string, string | number>} [values]
 */
export function t(key, values = {}) {
  if (!(key in strings)) throw new Error(`the strings have no ${key}`);
  return strings[key].replace(/\{(\w+)\}/g, (_, name) => isolate(values[name]));
}

/** An expression's name in the language in use; the contract's own where the language lacks it. */
export const nameLabel = (label, contract) => strings[`label.${label}`] ?? contract.display_names[label];

const formatters = new Map(); // one costs more than all that it will format

/** How an expression looks, to stand in a sentence: "looks happy". */
export const nameLook = (label, contract) =>
  strings[`looks.${label}`] ?? t("result.looks", { label: nameLabel(label, contract) });

/** A number or share in the language's own way, in the digits of its texts: formatNumber(0.354, { style: "percent" }). */
export function formatNumber(value, options) {
  const key = `${current} ${JSON.stringify(options)}`;
  // Browsers differ in whether Arabic has digits of its own.
  if (!formatters.has(key))
    formatters.set(key, new Intl.NumberFormat(current, { numberingSystem: "latn", ...options }));
  return formatters.get(key).format(value);
}

/** A score as people read it: whole percent, in the language's own way. */
export const formatScore = (score) => formatNumber(showScore(score) / 100, { style: "percent" });

/** Texts of all elements with data-t="key" and attributes with data-t-ATTRIBUTE="key" under the root. */
export function fillTexts(root) {
  for (const template of root.querySelectorAll("template")) fillTexts(template.content);
  for (const element of root.querySelectorAll("[data-t]")) element.textContent = t(element.dataset.t);
  for (const name of ["aria-label", "title", "alt", "placeholder", "content"]) {
    for (const element of root.querySelectorAll(`[data-t-${name}]`)) {
      element.setAttribute(name, t(element.getAttribute(`data-t-${name}`)));
    }
  }
}
