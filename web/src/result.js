// The answer on the page: a card a face, with three emoji, the table with its bars, and the evidence.

import { easeCubicOut } from "d3-ease";
import { interpolateNumber } from "d3-interpolate";
import { scaleLinear } from "d3-scale";
import { select } from "d3-selection";
import "d3-transition";
import { makeEmoji } from "./emoji.js";
import { drawEvidence } from "./heatmap.js";
import { showScore } from "./pipeline/classify.js";
import { formatNumber, nameLabel, t } from "./strings.js";

const DURATION = 700; // ms of a bar's way to its score
const find = (id) => document.querySelector(`#${id}`);
const width = scaleLinear([0, 1], [0, 100]).clamp(true);
const calm = window.matchMedia("(prefers-reduced-motion: reduce)");

/** A score as people read it: whole percent, in the language's own way. */
export const formatScore = (score) => formatNumber(showScore(score) / 100, { style: "percent" });

/** One sentence a face, for the summary and for those who listen. */
function describeFace(face, index, count, contract) {
  const [best] = face.expressions;
  const values = { number: index + 1, label: nameLabel(best.label, contract), score: formatScore(best.score) };
  const key = face.not_sure ? "result.unsure" : "result.sure";
  return t(count > 1 ? `${key}.numbered` : key, values);
}

/** What the summary says of a result. */
export function summarize({ faces }, contract) {
  if (!faces.length) return t("result.none");
  const found = faces[0].detection === null ? "" : t(faces.length > 1 ? "result.faces" : "result.face", { count: faces.length });
  return [found, ...faces.map((face, i) => describeFace(face, i, faces.length, contract))].join(" ").trim();
}

function fillPodium(card, face, contract) {
  const places = card.select(".podium").selectAll("li").data(face.expressions, ({ label }) => label);
  const entered = places.enter().append("li");
  entered.append("span").attr("class", "place").attr("aria-hidden", "true");
  entered.append(({ emoji }) => makeEmoji(emoji));
  entered.append("span").attr("class", "podium-name");
  entered.merge(places).order().select(".place").text((_, i) => i + 1);
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
  cell.append("span").attr("class", "bar-track").attr("aria-hidden", "true")
    .append("span").attr("class", ({ label }) => `bar-fill expression-${contract.labels.indexOf(label)}`)
    .style("width", "0%").property("shown", 0);
  cell.append("span").attr("class", "row-score");
  return row;
}

/** The table; bars and numbers move to their scores, or are there at once for who wants no motion. */
function fillTable(card, face, contract, live) {
  const rows = card.select("tbody").selectAll("tr").data(face.expressions, ({ label }) => label)
    .join((enter) => addRow(enter, contract)).order();
  rows.select(".row-number").text((_, i) => `${i + 1}.`);
  rows.select(".row-name").text(({ label }) => nameLabel(label, contract));
  rows.select(".row-score").text(({ score }) => formatScore(score));
  const fills = rows.select(".bar-fill");
  if (calm.matches || live) {
    fills.interrupt().style("width", ({ score }) => `${width(score)}%`);
    return;
  }
  fills.transition().duration(DURATION).delay((_, i) => 90 * i).ease(easeCubicOut)
    .styleTween("width", function tween({ score }) {
      const move = interpolateNumber(parseFloat(this.style.width), width(score));
      return (time) => `${move(time)}%`;
    });
}

/** The picture beside the table and the buttons that switch what lies over it. */
function fillEvidence(card, { face, detail }, contract) {
  const choices = [null, ...face.expressions.map(({ label }) => label)];
  const node = card.node();
  if (!choices.includes(node.chosen ?? null)) node.chosen = null;
  const show = (label) => {
    node.chosen = label;
    const index = label === null ? null : contract.labels.indexOf(label);
    drawEvidence(card.select("canvas").node(), detail, index);
    const text = label === null ? t("evidence.seen.text") : t("evidence.where.text", { label: nameLabel(label, contract) });
    card.select("canvas").attr("aria-label", text);
    card.select(".evidence-text").text(text);
    card.selectAll(".evidence-choice button").attr("aria-pressed", (choice) => String(choice === label));
  };
  card.select(".evidence-choice").attr("aria-label", t("evidence.choice"))
    .selectAll("button").data(choices, (label) => label ?? "").join("button")
    .attr("type", "button")
    .attr("data-evidence", (label) => label ?? "seen")
    .text((label) => (label === null ? t("evidence.seen") : t("evidence.where", { label: nameLabel(label, contract) })))
    .on("click", (_, label) => show(label))
    .order();
  show(node.chosen ?? null);
}

function fillCard(card, entry, index, count, contract, live) {
  const { face } = entry;
  card.select(".card-title").text(count > 1 ? t("card.numbered", { number: index + 1 }) : t("card.single"));
  card.select(".badge-unsure").text(t("result.badge")).property("hidden", !face.not_sure);
  card.select("caption").text(t("card.caption", { number: index + 1 }));
  fillPodium(card, face, contract);
  fillTable(card, face, contract, live);
  fillEvidence(card, entry, contract);
}

/**
 * Show an answer.
 *
 * @param {{result: object, details: object[]}} answer
 * @param {{live?: boolean, onMark?: (index: number | null) => void}} [options] live: of a camera, where each picture follows
 *   at once on the last and is not read out
 */
export function showAnswer({ result, details }, contract, { live = false, onMark = () => {} } = {}) {
  const entries = result.faces.map((face, i) => ({ face, detail: details[i] }));
  find("result").setAttribute("aria-live", live ? "off" : "polite");
  find("summary").textContent = summarize(result, contract);
  const template = find("card-template").content;
  select("#cards").selectAll("article").data(entries)
    .join((enter) => enter.append(() => template.cloneNode(true).querySelector("article")))
    .each(function fill(entry, i) {
      fillCard(select(this), entry, i, entries.length, contract, live);
    })
    .on("pointerenter focusin", function mark() {
      onMark([...this.parentNode.children].indexOf(this));
    })
    .on("pointerleave focusout", () => onMark(null));
  find("known").hidden = true;
  find("no-face").hidden = live || entries.length > 0;
  find("actions").hidden = live || !entries.length;
}

/** The expressions that the network knows, shown where no answer is yet. */
export function showKnown(contract) {
  const entries = select("#known-list").selectAll("li").data(contract.labels)
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
  find("summary").textContent = text;
  find("no-face").hidden = true;
  find("actions").hidden = true;
}
