// The pages' texts: every language says all that English says, of the same values, in its own words.

import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { Texts } from "../../../web/pipeline/element/texts.js";
import { ROOT } from "../../helpers/site.js";

const PAGE = join(ROOT, "web", "page");
const ROOMS = ["shared", "video", "dashboard"];
const readJson = (...path) => JSON.parse(readFileSync(join(...path), "utf8"));
const read = (room, language) => readJson(PAGE, room, "strings", `${language}.json`);
const listLanguages = (room) => readdirSync(join(PAGE, room, "strings")).map((name) => name.replace(".json", ""));
const LANGUAGES = listLanguages("shared").filter((language) => language !== "en");
const LABELS = readJson(ROOT, "models", "contract.json").labels;

const listPlaces = (text) => [...new Set([...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name))].sort();
const hasWords = (text) => /\p{L}{2}/u.test(text.replace(/\{\w+\}/g, ""));

/** Texts that are the same in a language as in English: names, and words that both have. */
const SAME = {
  all: ["direction", "title", "result.score", "dashboard.f1", "dashboard.part.public", "dashboard.macroF1"],
  de: ["nav.dashboard", "dashboard.chapter.training"],
  fr: [
    ...["stage.label", "result.expression", "dashboard.expression", "dashboard.photos", "dashboard.points"],
    ...["dashboard.scores", "dashboard.curve.val_loss", "dashboard.licence", "dashboard.privateVotes"],
  ],
};

it("an element's score is in the digits of its texts, wherever Arabic is read", () => {
  vi.stubGlobal("navigator", { languages: ["ar-EG"] });
  const texts = new Texts(/** @type {any} */ ({ closest: () => null }));
  vi.unstubAllGlobals();
  expect(texts.language).toBe("ar-EG");
  expect(texts.formatScore(0.98)).toContain("98");
});

it("the languages are those that the page offers", () => {
  expect(LANGUAGES.sort()).toEqual(["ar", "de", "es", "fr"]);
  for (const room of ROOMS) expect(listLanguages(room).sort(), room).toEqual(["ar", "de", "en", "es", "fr"]);
});

describe.each(LANGUAGES)("%s", (language) => {
  it.each(ROOMS)("%s: has the keys of English, with the same places for values", (room) => {
    const [english, own] = [read(room, "en"), read(room, language)];
    const names = LABELS.map((label) => `label.${label}`); // English takes those from the contract
    expect(Object.keys(own).filter((key) => !names.includes(key))).toEqual(Object.keys(english));
    for (const [key, text] of Object.entries(english)) expect(listPlaces(own[key]), key).toEqual(listPlaces(text));
    if (room === "shared") expect(names.filter((name) => !own[name])).toEqual([]);
  });

  it.each(ROOMS)("%s: no text was left in English", (room) => {
    const [english, own] = [read(room, "en"), read(room, language)];
    const same = Object.keys(english).filter((key) => own[key] === english[key] && hasWords(own[key]));
    const known = [...SAME.all, ...(SAME[language] ?? [])];
    expect(same.filter((key) => !known.includes(key))).toEqual([]);
  });

  it.each(ROOMS)("%s: no text is empty, and none has a blank at its ends or doubled", (room) => {
    for (const [key, text] of Object.entries(read(room, language))) {
      expect(text.trim(), key).toBe(text);
      expect(text, key).not.toMatch(/^$| {2}/);
    }
  });
});

it("Arabic is in Arabic letters but for names and units", () => {
  for (const room of ROOMS) {
    const own = Object.entries(read(room, "ar")).filter(([key]) => !SAME.all.includes(key));
    for (const [key, text] of own.filter(([, value]) => hasWords(value)))
      expect(text, key).toMatch(/\p{Script=Arabic}/u);
  }
});

it("each language says which way it runs", () => {
  const directions = ["en", ...LANGUAGES].map((language) => [language, read("shared", language).direction]);
  expect(Object.fromEntries(directions)).toEqual({ en: "ltr", ar: "rtl", de: "ltr", es: "ltr", fr: "ltr" });
});

it("German has one word where people would be divided", () => {
  for (const room of ROOMS)
    for (const [key, text] of Object.entries(read(room, "de"))) expect(text, key).not.toMatch(/nicht sicher/i);
});
