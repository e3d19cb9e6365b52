// What the page says of an answer in a sentence: the only part of it that is read out by itself.

import { showScore } from "emoji-edge/classify.js";
import { find, make } from "../shared/dom.js";
import { makeEmoji } from "../shared/emoji.js";
import { formatScore, nameLabel, nameLook, t } from "../shared/strings.js";

/**
 * @typedef {import("emoji-edge/contract.js").Contract} Contract
 * @typedef {import("emoji-edge/rows.js").Result} Result
 * @typedef {import("emoji-edge/rows.js").Face} Face
 */

const capitalize = (text) => text.charAt(0).toLocaleUpperCase() + text.slice(1);

/**
 * What one face looks like, in words: "looks happy (97%)", or that people would be divided.
 *
 * @param {Face} face
 * @param {Contract} contract
 */
export function describeLook({ expressions: [best], not_sure: unsure }, contract) {
  const score = formatScore(best.score);
  if (unsure) return t("result.unsure", { label: nameLabel(best.label, contract), score });
  return t("result.sure", { look: nameLook(best.label, contract), score });
}

/** The same for the row of one face among several, whose height a camera's answers shall not change. */
export function describeShortly(face, contract) {
  const [{ label, score }] = face.expressions;
  if (!face.not_sure) return describeLook(face, contract);
  return t("result.unsure.short", { label: nameLabel(label, contract), score: formatScore(score) });
}

/**
 * What the summary says of a result.
 *
 * @param {Result} result
 * @param {Contract} contract
 */
export function summarize({ faces }, contract) {
  if (!faces.length) return t("result.none");
  if (faces.length === 1) return `${capitalize(describeLook(faces[0], contract))}.`;
  const each = faces.map((face, i) => t("result.numbered", { number: i + 1, look: describeLook(face, contract) }));
  return [t("result.faces", { count: faces.length }), ...each].join(" ");
}

/** The emoji of one face before the sentence: one, or three small ones where people would be divided. */
function makeHeadline({ expressions, not_sure: unsure }) {
  const shown = unsure ? expressions : expressions.slice(0, 1);
  const images = shown.map(({ emoji }) => Object.assign(makeEmoji(emoji), { alt: "" }));
  return make("span", unsure ? "headline unsure" : "headline", ...images);
}

/**
 * What the score means, with the first face's own as the example.
 *
 * @param {Result} result
 * @param {Contract} contract
 */
function explainScore({ faces }, contract) {
  const [face] = faces;
  if (!face) return "";
  const [best] = face.expressions;
  const below = formatScore(contract.not_sure.score_below);
  return t("result.explain", { score: formatScore(best.score), people: showScore(best.score), below });
}

/**
 * Show the summary and what its score means.
 *
 * @param {Result} result
 * @param {Contract} contract
 * @param {boolean} live of a camera: then nothing is read out, for each picture follows at once on the last
 */
export function showSummary(result, contract, live) {
  const summary = find("summary");
  summary.setAttribute("aria-live", live ? "off" : "polite");
  summary.classList.toggle("group", result.faces.length > 1);
  const before = result.faces.length === 1 ? [makeHeadline(result.faces[0])] : [];
  summary.replaceChildren(...before, summarize(result, contract));
  find("explain").textContent = explainScore(result, contract);
}

/** Say something in the summary's place. */
export function showText(text) {
  find("summary").textContent = text;
  find("explain").textContent = "";
}
