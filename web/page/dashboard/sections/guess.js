// The beginning: three drawn faces, a word of the reader's own for each, and how ten voters would split.

import { make } from "../../shared/dom.js";
import { makeEmoji } from "../../shared/emoji.js";
import { t } from "../../shared/strings.js";
import { drawFace } from "../charts/face.js";
import { chooseSplit, listExpressions, SHOWN } from "../report/labels.js";
import { splitVoters } from "../report/voters.js";
import { makeNumber, take, writeSentence } from "../report/numbers.js";

const SHOWN_LABELS = ["happy", "sad", "fear"]; // from one that all see to one that few see
const LEAST = 0.05; // a smaller share of the votes is not named

/** What the reader chose by label, so that a change of language does not lose it. @type {Record<string, string>} */
const chosen = {};

const readPeople = (report) => ["evaluation", "splits", chooseSplit(report), "people"];

/** Every expression with its share of the votes on faces of a label, and the network's mean score for it. */
function listVotes({ report, contract }, label) {
  const path = readPeople(report);
  return listExpressions(contract).map((one, i) => ({
    ...one,
    votes: take(report, "whole", ...path, "mean_votes", label, i),
    score: take(report, "whole", ...path, "mean_scores", label, i),
  }));
}

/** The ten as emoji in a row, and the shares in words below. */
function makeVoters(votes) {
  const sorted = votes.toSorted((a, b) => b.votes.value - a.votes.value);
  const counts = splitVoters(sorted.map((one) => one.votes.value));
  const row = make("div", "voters");
  row.setAttribute("aria-hidden", "true"); // the list below says it
  row.append(...sorted.flatMap(({ emoji }, i) => Array.from({ length: counts[i] }, () => makeEmoji(emoji))));
  const named = sorted.filter((one) => one.votes.value >= LEAST);
  const list = make("ul", "voter-shares");
  list.append(...named.map(({ name, votes: share }) => make("li", "", `${name} `, makeNumber(share))));
  return [make("p", "voters-title", t("dashboard.guess.voters")), row, list];
}

/** What follows from the reader's word. */
function describeGuess(votes, label, word) {
  const find = (wanted) => votes.find((one) => one.label === wanted);
  const top = votes.reduce((high, next) => (next.votes.value > high.votes.value ? next : high));
  const own = find(word);
  return writeSentence(`dashboard.guess.${own === top ? "same" : "other"}`, {
    word: own.name,
    same: own.votes,
    top: top.name,
    topShare: top.votes,
    label: find(label).name,
    score: own.score,
  });
}

/** One face with its seven words, and what is shown once a word is chosen. */
function makeRound(context, label, number) {
  const votes = listVotes(context, label);
  const round = make("fieldset", "round", make("legend", "", t("dashboard.guess.face", { number })));
  const answer = make("div", "guess-answer");
  answer.setAttribute("aria-live", "polite");
  const show = (word) => {
    chosen[label] = word;
    for (const button of words.children)
      button.ariaPressed = String(button instanceof HTMLElement && button.dataset.word === word);
    answer.replaceChildren(make("p", "", ...describeGuess(votes, label, word)), ...makeVoters(votes));
  };
  const words = make("div", "guess-words");
  words.append(
    ...votes.map(({ label: word, name, emoji }) => {
      const button = make("button", "word", Object.assign(makeEmoji(emoji), { alt: "" }), name);
      Object.assign(button, { type: "button", ariaPressed: "false" });
      button.dataset.word = word;
      button.addEventListener("click", () => show(word));
      return button;
    }),
  );
  round.append(drawFace(label, t("dashboard.guess.drawn", { number })), words, answer);
  if (chosen[label]) show(chosen[label]);
  return round;
}

const guess = {
  id: "guess",
  chapter: "guess",
  needs: [["evaluation", "splits", SHOWN, "people"]],
  say({ report }) {
    const path = readPeople(report);
    return {
      noMajority: take(report, "whole", ...path, "no_majority", "share"),
      split: chooseSplit(report),
      majority: take(report, "whole", ...path, "label_is_majority", "share"),
    };
  },
  add(context) {
    const { people } = context.report.evaluation.splits[chooseSplit(context.report)];
    const labels = SHOWN_LABELS.filter((label) => people.mean_votes[label]);
    const rounds = make("div", "rounds", ...labels.map((label, i) => makeRound(context, label, i + 1)));
    return make("div", "guess", rounds, make("p", "hint", t("dashboard.guess.hint")));
  },
};

export const guessSections = [guess];
