// Texts of the element: one file a language in strings/, English where a language is not there.

import { showScore } from "../classify.js";
import ar from "./strings/ar.js";
import de from "./strings/de.js";
import en from "./strings/en.js";
import es from "./strings/es.js";
import fr from "./strings/fr.js";

/** @type {Record<string, Record<string, string>>} */
const LANGUAGES = { ar, de, en, es, fr };
const RIGHT_TO_LEFT = ["ar"];

/** Texts in the language of an element: its own or its parents', else the browser's. */
export class Texts {
  /** @param {Element} element */
  constructor(element) {
    const named = /** @type {HTMLElement | null} */ (element.closest("[lang]"))?.lang;
    const wanted = [...(named ? [named] : navigator.languages), "en"];
    this.language = wanted.find((tag) => tag.split("-")[0] in LANGUAGES) ?? "en";
    const [name] = this.language.split("-");
    this.strings = LANGUAGES[name];
    this.direction = RIGHT_TO_LEFT.includes(name) ? "rtl" : "ltr";
  }

  /**
   * The text of a key, with {name} replaced by values.name.
   *
   * @param {string} key
   * @param {Record<string, any>} [values]
   */
  write(key, values = {}) {
    return this.strings[key].replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
  }

  /** An expression's name; the contract's English one where the language has none. */
  nameLabel(label, names) {
    return this.strings[`label.${label}`] ?? names[label];
  }

  /** A score in whole percent. */
  formatScore(score) {
    // Browsers differ in whether Arabic has digits of its own.
    const digits = new Intl.NumberFormat(this.language, { style: "percent", numberingSystem: "latn" });
    return digits.format(showScore(score) / 100);
  }

  /** Why a photo has no answer. */
  explain({ code, values = {} }) {
    const key = `error.${code}`;
    return this.write(key in this.strings ? key : "error.broken", values);
  }
}
