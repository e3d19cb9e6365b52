// The cards of an answer: a card a face, with three emoji, the table with its bars, and the evidence.

import { easeCubicOut } from "d3-ease";
import { interpolateNumber } from "d3-interpolate";
import { scaleLinear } from "d3-scale";
import { select } from "d3-selection";
import "d3-transition";
import { find } from "../shared/dom.js";
import { makeEmoji } from "../shared/emoji.js";
import { formatScore, nameLabel, t } from "../shared/strings.js";
import { drawEvidence } from "./heatmap.js";
import { drawThumbnail, markBox } from "./stage.js";
import { describeShortly, showSummary, showText } from "./summary.js";

/**
 * @typedef {import("emoji-edge/contract.js").Contract} Contract
 * @typedef {import("emoji-edge").Detail} Detail
 * @typedef {import("./summary.js").Result} Result
 */

const DURATION = 700; // ms of a bar's way to its score
const width = scaleLinear([0, 1], [0, 100]).clamp(true);
const calm = window.matchMedia("(prefers-reduced-motion: reduce)");

function fillPodium(card, face, contract) {
  const places = card
    .select(".podium")
    .selectAll("li")
    .data(face.expressions, ({ label }) => label);
  const entered = places.enter().append("li");
  entered.append("span").attr("class", "place").attr("aria-hidden", "true");
  entered.append(({ emoji }) => makeEmoji(emoji)).attr("alt", ""); // its name stands beside it
  entered.append("span").attr("class", "podium-name");
  entered
    .merge(places)
    .order()
    .select(".place")
    .text((_, i) => i + 1);
  card.selectAll(".podium .podium-name").text(({ label }) => nameLabel(label, contract));
  places.exit().remove();
}

function addRow(enter, contract) {
  const row = enter.append("tr");
  const head = row.append("th").attr("scope", "row");
  head.append("span").attr("class", "row-number");
  head.append(({ emoji }) => makeEmoji(emoji)).attr("alt", "");
  head.append("span").attr("class", "row-name");
  const cell = row.append("td").append("div").attr("class", "bar-row");
  cell
    .append("span")
    .attr("class", "bar-track")
    .attr("aria-hidden", "true")
    .append("span")
    .attr("class", ({ label }) => `bar-fill expression-${contract.labels.indexOf(label)}`)
    .style("width", "0%")
    .property("shown", 0);
  cell.append("span").attr("class", "row-score");
  return row;
}

/** The rows of the table: the first expressions; of a camera all, in the contract's order, so that none jumps. */
function listRows({ face, detail }, contract, live) {
  if (!live) return face.expressions;
  return contract.labels.map((label, i) => ({ label, emoji: contract.emoji[label], score: detail.scores[i] }));
}

/** The table; bars and numbers move to their scores, or are there at once for who wants no motion. */
function fillTable(card, expressions, contract, live) {
  const rows = card
    .select("tbody")
    .selectAll("tr")
    .data(expressions, ({ label }) => label)
    .join((enter) => addRow(enter, contract))
    .order();
  rows.select(".row-number").text((_, i) => (live ? "" : `${i + 1}.`));
  rows.select(".row-name").text(({ label }) => nameLabel(label, contract));
  rows.select(".row-score").text(({ score }) => formatScore(score));
  const fills = rows.select(".bar-fill");
  if (calm.matches || live) {
    fills.interrupt().style("width", ({ score }) => `${width(score)}%`);
    return;
  }
  fills
    .transition()
    .duration(DURATION)
    .delay((_, i) => 90 * i)
    .ease(easeCubicOut)
    .styleTween(
      "width",
      /** @this {HTMLElement} */ function tween({ score }) {
        const move = interpolateNumber(parseFloat(this.style.width), width(score));
        return (time) => `${move(time)}%`;
      },
    );
}

/** The picture beside the table and the buttons that switch what lies over it. */
function fillEvidence(card, expressions, detail, contract) {
  const choices = [null, ...expressions.map(({ label }) => label)];
  const node = card.node();
  if (!choices.includes(node.chosen ?? null)) node.chosen = null;
  const show = (label) => {
    node.chosen = label;
    const index = label === null ? null : contract.labels.indexOf(label);
    drawEvidence(card.select(".evidence-picture").node(), detail, index);
    const text =
      label === null
        ? t("evidence.seen.text", { size: Math.sqrt(detail.pixels.length) })
        : t("evidence.where.text", { label: nameLabel(label, contract) });
    card.select(".evidence-picture").attr("aria-label", text);
    card.select(".evidence-text").text(text);
    card.selectAll(".evidence-choice button").attr("aria-pressed", (choice) => String(choice === label));
  };
  card
    .select(".evidence-choice")
    .attr("aria-label", t("evidence.choice"))
    .selectAll("button")
    .data(choices, (label) => label ?? "")
    .join("button")
    .attr("type", "button")
    .attr("data-evidence", (label) => label ?? "seen")
    .text((label) => (label === null ? t("evidence.seen") : t("evidence.where", { label: nameLabel(label, contract) })))
    .on("click", (_, label) => show(label))
    .order();
  show(node.chosen ?? null);
}

/** What stands of a card while it is closed: the face, its first emoji, what it looks like. */
function fillHead(card, { face }, index, count, size, contract) {
  const several = count > 1;
  card.select(".card-title").text(several ? t("card.numbered", { number: index + 1 }) : t("card.single"));
  card.select(".card-look").text(several ? describeShortly(face, contract) : "");
  card
    .select(".badge-unsure")
    .text(t("result.badge"))
    .property("hidden", !face.not_sure || several);
  const thumbnail = card
    .select(".thumbnail")
    .property("hidden", !several || !size)
    .node();
  if (several && size) drawThumbnail(thumbnail, face.box, size);
}

function fillCard(card, entry, index, { count, size, contract, live }) {
  card.attr("data-unsure", String(entry.face.not_sure));
  fillHead(card, entry, index, count, size, contract);
  card.select("caption").text(t("card.caption", { number: index + 1 }));
  fillPodium(card, entry.face, contract);
  const rows = listRows(entry, contract, live);
  fillTable(card, rows, contract, live);
  fillEvidence(card, rows, entry.detail, contract);
}

/** A new card; the only one is open, those of a group are rows that open. */
function makeCard(open) {
  const template = find("card-template", HTMLTemplateElement).content;
  const card = /** @type {DocumentFragment} */ (template.cloneNode(true)).querySelector("article");
  if (card) select(card).select("details").property("open", open);
  return card;
}

/**
 * Show an answer.
 *
 * @param {{result: Result, details: Detail[]}} answer
 * @param {Contract} contract
 * @param {boolean} [live] of a camera: cards follow at once, and keep what is open
 */
export function showAnswer({ result, details }, contract, live = false) {
  const entries = result.faces.map((face, i) => ({ face, detail: details[i] }));
  showSummary(result, contract, live);
  const context = { count: entries.length, size: live ? null : result.size, contract, live };
  select("#cards")
    .selectAll("article")
    .data(entries)
    .join((enter) => enter.append(() => /** @type {Element} */ (makeCard(entries.length === 1))))
    .each(function fill(entry, i) {
      fillCard(select(this), entry, i, context);
    })
    .on("pointerenter focusin", (_, entry) => markBox(entries.indexOf(entry)))
    .on("pointerleave focusout", () => markBox(null));
  find("known").hidden = true;
  find("no-face").hidden = live || entries.length > 0;
  find("actions").hidden = live || !entries.length;
}

/** The expressions that the network knows, shown where no answer is yet. */
export function showKnown(contract) {
  const entries = select("#known-list")
    .selectAll("li")
    .data(contract.labels)
    .join((enter) => {
      const entry = enter.append("li");
      entry.append((label) => makeEmoji(contract.emoji[label])).attr("alt", "");
      entry.append("span");
      return entry;
    });
  entries.select("span").text((label) => nameLabel(label, contract));
}

/** Take the answer off the page and say something instead; with what the network knows where there is no photo. */
export function clearAnswer(text, known = false) {
  find("known").hidden = !known;
  select("#cards").selectAll("article").remove();
  showText(text);
  find("no-face").hidden = true;
  find("actions").hidden = true;
}
