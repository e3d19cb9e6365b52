// Texts of the pages: one file a language in strings/, English where a language lacks a key.

import english from "./strings/en.json";
import { readSetting } from "./settings.js";

const loaders = import.meta.glob(["./strings/*.json", "!./strings/en.json"], { import: "default" });
export const languages = ["en", ...Object.keys(loaders).map((path) => path.match(/(\w+)\.json$/)[1])];

const sources = [{ english, loaders }];
let current = "en";
let strings = english;

/**
 * Texts that one page alone has; to be called before setLanguage.
 *
 * @param {Record<string, string>} more the English texts
 * @param {Record<string, () => Promise<Record<string, string>>>} others "./strings/LANGUAGE.json": loader
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
  fillTexts(document);
  document.dispatchEvent(new Event("languagechange"));
}

/**
 * The text of a key, with {name} replaced by values.name.
 *
 * @param {string} key
 * @param {Record<string, string | number>} [values]
 */
export function t(key, values = {}) {
  if (!(key in strings)) throw new Error(`the strings have no ${key}`);
  return strings[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

/** An expression's name in the language in use; the contract's own where the language lacks it. */
export const nameLabel = (label, contract) => strings[`label.${label}`] ?? contract.display_names[label];

const formatters = new Map(); // one costs more than all that it will format

/** A number or share in the language's own way: formatNumber(0.354, { style: "percent" }). */
export function formatNumber(value, options) {
  const key = `${current} ${JSON.stringify(options)}`;
  if (!formatters.has(key)) formatters.set(key, new Intl.NumberFormat(current, options));
  return formatters.get(key).format(value);
}

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
