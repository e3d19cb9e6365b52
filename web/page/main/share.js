// The answer as one picture, to save or to share.

import { getContext } from "../shared/dom.js";
import { findEmoji } from "../shared/emoji.js";
import { formatScore, nameLabel, t } from "../shared/strings.js";

export const WIDTH = 1080;
export const EDGE = 48;
const ROW = 190;
const NUMBER = 46; // pixels of the height of a face's number
const COVER = 1.35; // how much larger than its box an emoji is that covers a face
const EMOJI = { first: 150, other: 88 }; // pixels; where people would be divided, all are as the others
export const COLOURS = { paper: "#fff9ef", sunken: "#fbf0dd", ink: "#2a2438", soft: "#655c78", box: "#ffc93c" };
export const FONT = "ui-rounded, 'Segoe UI Variable Text', 'Noto Sans', system-ui, sans-serif";

/** A picture from its address, ready to be drawn. */
export async function loadImage(address) {
  const image = new Image();
  image.src = address;
  await image.decode();
  return image;
}

/** The number of a face: on a label outside its box, above it or, at the picture's upper edge, below. */
function drawNumber(context, number, [x0, y0, , y1], [top, bottom]) {
  const above = y0 - NUMBER - 6 >= top;
  const y = above ? y0 - NUMBER - 6 : Math.min(y1 + 6, bottom - NUMBER);
  context.font = `700 34px ${FONT}`;
  const width = context.measureText(number).width + 24;
  context.fillStyle = COLOURS.box;
  context.beginPath();
  context.roundRect(x0, y, width, NUMBER, 12);
  context.fill();
  context.fillStyle = COLOURS.ink;
  context.fillText(number, x0 + 12, y + 34);
}

/** Hide a face wholly: an opaque disc, and on it the emoji; three small ones where people would be divided. */
async function coverFace(context, { expressions, not_sure: unsure }, [x0, y0, x1, y1]) {
  const [x, y] = [(x0 + x1) / 2, (y0 + y1) / 2];
  const side = COVER * Math.max(x1 - x0, y1 - y0);
  context.fillStyle = COLOURS.box;
  context.beginPath();
  context.arc(x, y, side / 2, 0, 2 * Math.PI);
  context.fill();
  const shown = unsure ? expressions : expressions.slice(0, 1);
  const each = side / shown.length;
  for (const [i, { emoji }] of shown.entries()) {
    const picture = await loadImage(findEmoji(emoji)).catch(() => null);
    if (picture) context.drawImage(picture, x - side / 2 + i * each, y - each / 2, each, each);
  }
}

function outlineFace(context, roll, [x0, y0, x1, y1]) {
  context.save();
  context.strokeStyle = COLOURS.box;
  context.lineWidth = 6;
  context.translate((x0 + x1) / 2, (y0 + y1) / 2);
  context.rotate(((roll ?? 0) * Math.PI) / 180);
  context.beginPath();
  context.roundRect((x0 - x1) / 2, (y0 - y1) / 2, x1 - x0, y1 - y0, 14);
  context.stroke();
  context.restore();
}

/** The photo with its faces outlined or, where `cover` says so, hidden. */
async function drawPhoto(context, photo, { size, faces }, [x, y, width, height], cover) {
  context.save();
  context.beginPath();
  context.roundRect(x, y, width, height, 28);
  context.clip();
  context.drawImage(photo, x, y, width, height);
  const scale = width / size[0];
  for (const [i, face] of faces.entries()) {
    const place = face.box.map((value, k) => value * scale + (k % 2 ? y : x));
    if (cover) await coverFace(context, face, place);
    else outlineFace(context, face.roll, place);
    if (faces.length > 1) drawNumber(context, String(i + 1), place, [y, y + height]);
  }
  context.restore();
}

/** One expression: its emoji, and beside it name and EmoScore. */
export async function drawExpression(context, { emoji, label, score }, { side, muted, contract }, [x, y, room]) {
  const picture = await loadImage(findEmoji(emoji)).catch(() => null);
  context.globalAlpha = muted ? 0.6 : 1;
  if (picture) context.drawImage(picture, x, y + (ROW - 30 - side) / 2, side, side);
  context.globalAlpha = 1;
  context.fillStyle = COLOURS.ink;
  context.font = `700 34px ${FONT}`;
  context.fillText(nameLabel(label, contract), x + side + 14, y + 74, room - side - 24);
  context.fillStyle = COLOURS.soft;
  context.font = `400 34px ${FONT}`;
  context.fillText(formatScore(score), x + side + 14, y + 116);
}

/** One face's line: its number, three emoji, the first large; where people would be divided all alike, and that in words. */
async function drawFace(context, face, index, count, contract, y) {
  let x = count > 1 ? 2 * EDGE : EDGE;
  context.fillStyle = COLOURS.soft;
  context.font = `700 40px ${FONT}`;
  if (count > 1) context.fillText(String(index + 1), EDGE, y + 94);
  const muted = face.not_sure;
  const room = (WIDTH - x - EDGE - (EMOJI.first - EMOJI.other)) / face.expressions.length;
  for (const [i, expression] of face.expressions.entries()) {
    const side = i === 0 && !muted ? EMOJI.first : EMOJI.other;
    const width = room + side - EMOJI.other;
    await drawExpression(context, expression, { side, muted, contract }, [x, y, width]);
    x += width;
  }
  if (!muted) return;
  context.font = `400 26px ${FONT}`;
  context.fillText(t("result.badge"), count > 1 ? 2 * EDGE : EDGE, y + ROW - 16);
}

/**
 * Photo, boxes and the top expressions as a PNG.
 *
 * @param {HTMLCanvasElement | ImageBitmap} photo upright
 * @param {object} result in the shared shape
 * @param {import("../../pipeline/contract.js").Contract} contract
 * @param {{cover?: boolean}} [options] cover: whether each face is hidden by its emoji
 * @returns {Promise<File>}
 */
export async function composePicture(photo, result, contract, { cover = false } = {}) {
  const width = Math.min(WIDTH - 2 * EDGE, (1000 * photo.width) / photo.height);
  const height = (width * photo.height) / photo.width;
  const canvas = new OffscreenCanvas(
    WIDTH,
    Math.round(EDGE + height + EDGE / 2 + ROW * result.faces.length + 2 * EDGE),
  );
  const context = getContext(canvas);
  context.textAlign = "left"; // all is laid out from the left, in every language
  context.fillStyle = COLOURS.paper;
  context.fillRect(0, 0, canvas.width, canvas.height);
  await drawPhoto(context, photo, result, [(WIDTH - width) / 2, EDGE, width, height], cover);
  for (const [i, face] of result.faces.entries()) {
    await drawFace(context, face, i, result.faces.length, contract, EDGE + height + EDGE / 2 + i * ROW);
  }
  context.fillStyle = COLOURS.soft;
  context.font = `400 28px ${FONT}`;
  context.fillText(`${t("title")}. ${t("share.caption")}`, EDGE, canvas.height - EDGE, WIDTH - 2 * EDGE);
  const blob = await canvas.convertToBlob({ type: "image/png" });
  const name = result.photo.replace(/^.*\/|\.\w+$/g, "") || "photo";
  return new File([blob], `${name}-emoji.png`, { type: "image/png" });
}

/** Whether this browser can hand a picture to other programs. */
export function canShare() {
  const probe = new File([new Uint8Array(1)], "probe.png", { type: "image/png" });
  return navigator.canShare?.({ files: [probe] }) ?? false;
}

/** Share a file; a visitor who changes their mind is no error. */
export async function shareFile(file) {
  try {
    await navigator.share({ files: [file], title: t("title") });
  } catch (error) {
    if (error.name !== "AbortError") throw error;
  }
}
