// The answer as one picture, to save or to share.

import { findEmoji } from "./emoji.js";
import { formatScore } from "./result.js";
import { nameLabel, t } from "./strings.js";

const WIDTH = 1080;
const EDGE = 48;
const ROW = 150;
const COLOURS = { paper: "#fff9ef", ink: "#2a2438", soft: "#655c78", box: "#ffc93c" };
const FONT = "ui-rounded, 'Segoe UI Variable Text', 'Noto Sans', system-ui, sans-serif";

async function loadImage(address) {
  const image = new Image();
  image.src = address;
  await image.decode();
  return image;
}

function drawPhoto(context, photo, { size, faces }, [x, y, width, height]) {
  context.save();
  context.beginPath();
  context.roundRect(x, y, width, height, 28);
  context.clip();
  context.drawImage(photo, x, y, width, height);
  context.restore();
  const scale = width / size[0];
  context.strokeStyle = COLOURS.box;
  context.lineWidth = 6;
  context.font = `700 34px ${FONT}`;
  for (const [i, { box }] of faces.entries()) {
    const [x0, y0, x1, y1] = box.map((value) => value * scale);
    context.strokeRect(x + x0, y + y0, x1 - x0, y1 - y0);
    context.fillStyle = COLOURS.box;
    if (faces.length > 1) context.fillText(String(i + 1), x + x0 + 12, y + y0 + 40);
  }
}

/** One face's line: its three emoji with name and EmoScore. */
async function drawFace(context, face, index, count, contract, y) {
  const left = count > 1 ? 2 * EDGE : EDGE;
  context.fillStyle = COLOURS.soft;
  context.font = `700 40px ${FONT}`;
  if (count > 1) context.fillText(String(index + 1), EDGE, y + 80);
  const step = (WIDTH - left - EDGE) / face.expressions.length;
  for (const [i, { emoji, label, score }] of face.expressions.entries()) {
    const x = left + i * step;
    const picture = await loadImage(findEmoji(emoji)).catch(() => null);
    if (picture) context.drawImage(picture, x, y + 20, 96, 96);
    context.fillStyle = COLOURS.ink;
    context.font = `700 34px ${FONT}`;
    context.fillText(nameLabel(label, contract), x + 112, y + 62, step - 120);
    context.fillStyle = COLOURS.soft;
    context.font = `400 34px ${FONT}`;
    context.fillText(formatScore(score) + (i === 0 && face.not_sure ? " ?" : ""), x + 112, y + 106);
  }
}

/**
 * Photo, boxes and the top expressions as a PNG.
 *
 * @param {HTMLCanvasElement} photo as it is on the page
 * @param {object} result in the shared shape
 * @returns {Promise<File>}
 */
export async function composePicture(photo, result, contract) {
  const width = Math.min(WIDTH - 2 * EDGE, (1000 * photo.width) / photo.height);
  const height = (width * photo.height) / photo.width;
  const canvas = new OffscreenCanvas(WIDTH, Math.round(EDGE + height + EDGE / 2 + ROW * result.faces.length + 2 * EDGE));
  const context = canvas.getContext("2d");
  context.fillStyle = COLOURS.paper;
  context.fillRect(0, 0, canvas.width, canvas.height);
  drawPhoto(context, photo, result, [(WIDTH - width) / 2, EDGE, width, height]);
  for (const [i, face] of result.faces.entries()) {
    await drawFace(context, face, i, result.faces.length, contract, EDGE + height + EDGE / 2 + i * ROW);
  }
  context.fillStyle = COLOURS.soft;
  context.font = `400 28px ${FONT}`;
  context.fillText(`${t("title")}. ${t("share.caption")}`, EDGE, canvas.height - EDGE, WIDTH - 2 * EDGE);
  const blob = await canvas.convertToBlob({ type: "image/png" });
  const name = result.photo.replace(/\.\w+$/, "") || "photo";
  return new File([blob], `${name}-emoji.png`, { type: "image/png" });
}

/** Hand a file to the browser's own download. */
export function saveFile(file) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = file.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
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
