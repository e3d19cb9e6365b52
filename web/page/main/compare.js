// Two photos compared: the first face of each, and the seven scores of both as paired bars.

import { find, make } from "../shared/dom.js";
import { makeEmoji } from "../shared/emoji.js";
import { formatScore, nameLabel, t } from "../shared/strings.js";
import { drawThumbnail } from "./stage.js";
import { describeLook } from "./summary.js";

/**
 * @typedef {import("./sources.js").Photo} Photo
 * @typedef {import("emoji-edge/rows.js").Face} Face
 * @typedef {import("emoji-edge/contract.js").Contract} Contract
 * @typedef {{photo: Photo, face: Face | null, scores: Float32Array | null, picture: HTMLCanvasElement}} Side
 */

/** @type {Side | null} */
let first = null;
/** @type {Side | null} */
let second = null;
/** @type {Contract} */
let contract;

/** What is kept of the answer that is on the page. */
function keepSide({ result, details }, photo) {
  const picture = Object.assign(make("canvas", "thumbnail"), { width: 192, height: 192 });
  picture.ariaHidden = "true";
  const [face = null] = result.faces;
  if (face) drawThumbnail(picture, face.box, result.size);
  return { photo, face, scores: details[0]?.scores ?? null, picture };
}

function makePhoto(side, key) {
  const texts = [make("strong", "", t(key))];
  if (!side) return make("div", "compare-photo", ...texts);
  texts.push(make("span", "list-name", side.photo.name));
  if (side.face) {
    const shown = side.face.not_sure ? side.face.expressions : side.face.expressions.slice(0, 1);
    const images = shown.map(({ emoji }) => Object.assign(makeEmoji(emoji), { alt: "" }));
    texts.push(make("span", side.face.not_sure ? "headline unsure" : "headline", ...images));
  }
  texts.push(make("span", "", side.face ? describeLook(side.face, contract) : t("result.none")));
  return make("div", "compare-photo", side.picture, make("div", "list-texts", ...texts));
}

/** A cell of the table: a bar for the eye, the score for everyone. */
function makeScore(side, label) {
  const score = side?.scores?.[label];
  if (score === undefined) return make("td", "", "–");
  const fill = make("span", `bar-fill expression-${label}`);
  fill.style.width = `${100 * score}%`;
  const track = make("span", "bar-track", fill);
  track.ariaHidden = "true";
  return make("td", "", make("div", "bar-row", track, make("span", "row-score", formatScore(score))));
}

function makeRow(label, index) {
  const image = Object.assign(makeEmoji(contract.emoji[label]), { alt: "" });
  const head = make("th", "", image, make("span", "row-name", nameLabel(label, contract)));
  head.scope = "row";
  return make("tr", "", head, makeScore(first, index), makeScore(second, index));
}

function showComparison() {
  find("compare").hidden = !first;
  if (!first) return;
  const photos = [makePhoto(first, "compare.first"), ...(second ? [makePhoto(second, "compare.second")] : [])];
  find("compare-photos").replaceChildren(...photos);
  find("compare-rows").replaceChildren(...contract.labels.map(makeRow));
}

/**
 * Keep the answer that is on the page as the first of two.
 *
 * @param {any} answer
 * @param {Photo} photo
 * @param {Contract} known
 */
export function startComparison(answer, photo, known) {
  contract = known;
  [first, second] = [keepSide(answer, photo), null];
  showComparison();
  find("compare-choose").focus();
}

/**
 * Put the answer that is on the page beside the first one; where it is of the same photo, in its place.
 *
 * @returns {boolean} whether the comparison of two is what the page now shows
 */
export function addAnswer(answer, photo) {
  if (!first) return false;
  const side = keepSide(answer, photo);
  if (photo === first.photo) first = side;
  else second = side;
  showComparison();
  if (!second) return false;
  find("compare").focus({ preventScroll: true });
  find("compare").scrollIntoView({ block: "nearest" });
  return true;
}

find("compare-choose").addEventListener("click", () => find("file").click());
find("compare-end").addEventListener("click", () => {
  [first, second] = [null, null];
  showComparison();
  find("summary").focus({ preventScroll: true });
});
document.addEventListener("languagechange", showComparison);
