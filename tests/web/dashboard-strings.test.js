// The dashboard's texts: every language has every key, with the same places for values.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ROOT } from "./site.js";

const read = (language) => JSON.parse(readFileSync(join(ROOT, "web", "src", "dashboard", "strings", `${language}.json`), "utf8"));
const listPlaces = (text) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort();

it("German says all that English says, of the same values", () => {
  const [english, german] = [read("en"), read("de")];
  expect(Object.keys(german).sort()).toEqual(Object.keys(english).sort());
  for (const key of Object.keys(english)) expect([...new Set(listPlaces(german[key]))], key).toEqual([...new Set(listPlaces(english[key]))]);
});
