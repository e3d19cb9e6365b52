// The photo booth's pictures as one picture, to save.

import { getContext } from "../shared/dom.js";
import { findEmoji } from "../shared/emoji.js";
import { nameLabel, t } from "../shared/strings.js";
import { COLOURS, EDGE, FONT, WIDTH, drawExpression, loadImage } from "./share.js";

const PICTURE = { width: 320, height: 240 };
const STEP = 272; // pixels from one picture's top to the next one's

/** A picture in its place, cut where its shape differs; an empty place where none was taken. */
function drawPicture(context, picture, [x, y]) {
  context.save();
  context.beginPath();
  context.roundRect(x, y, PICTURE.width, PICTURE.height, 24);
  context.fillStyle = COLOURS.sunken;
  context.fill();
  context.clip();
  if (picture) {
    const scale = Math.max(PICTURE.width / picture.width, PICTURE.height / picture.height);
    const [width, height] = [picture.width * scale, picture.height * scale];
    context.drawImage(picture, x + (PICTURE.width - width) / 2, y + (PICTURE.height - height) / 2, width, height);
  }
  context.restore();
}

/** One shot: its picture, what face was wanted and, below that, what was found. */
async function drawShot(context, { label, skipped, picture, face }, contract, y) {
  drawPicture(context, picture, [EDGE, y]);
  const x = EDGE + PICTURE.width + 32;
  const wanted = await loadImage(findEmoji(contract.emoji[label])).catch(() => null);
  if (wanted) context.drawImage(wanted, x, y + 8, 52, 52);
  context.fillStyle = COLOURS.soft;
  context.font = `400 34px ${FONT}`;
  context.fillText(nameLabel(label, contract), x + 66, y + 46, WIDTH - x - 66 - EDGE);
  if (face) {
    const style = { side: 140, muted: face.not_sure, contract };
    await drawExpression(context, face.expressions[0], style, [x, y + 76, WIDTH - x - EDGE]);
  } else context.fillText(t(skipped ? "booth.skipped" : "result.none"), x, y + 150, WIDTH - x - EDGE);
}

/**
 * The strip as a PNG.
 *
 * @param {import("./booth.js").Shot[]} shots
 * @param {import("../../pipeline/contract.js").Contract} contract
 * @returns {Promise<File>}
 */
export async function composeStrip(shots, contract) {
  const canvas = new OffscreenCanvas(WIDTH, EDGE + STEP * shots.length + 2 * EDGE);
  const context = getContext(canvas);
  context.textAlign = "left"; // all is laid out from the left, in every language
  context.fillStyle = COLOURS.paper;
  context.fillRect(0, 0, canvas.width, canvas.height);
  for (const [i, shot] of shots.entries()) await drawShot(context, shot, contract, EDGE + i * STEP);
  context.fillStyle = COLOURS.soft;
  context.font = `400 28px ${FONT}`;
  context.fillText(`${t("title")}. ${t("share.caption")}`, EDGE, canvas.height - EDGE, WIDTH - 2 * EDGE);
  const blob = await canvas.convertToBlob({ type: "image/png" });
  return new File([blob], "seven-faces.png", { type: "image/png" });
}
