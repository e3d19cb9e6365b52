// Draw the square around a face by hand: with the mouse, a finger, or the keyboard.

import { t } from "./strings.js";

const LEAST = 16; // pixels of the smallest square
const find = (id) => document.querySelector(`#${id}`);
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

/**
 * A square moved and resized so that it lies inside the photo.
 *
 * @param {{x: number, y: number, side: number}} square left, top and side in pixels of the photo
 * @param {[number, number]} size of the photo
 */
export function keepInside({ x, y, side }, [width, height]) {
  const kept = Math.round(clamp(side, Math.min(LEAST, width, height), Math.min(width, height)));
  return { side: kept, x: Math.round(clamp(x, 0, width - kept)), y: Math.round(clamp(y, 0, height - kept)) };
}

/** The square between where a pointer went down and where it is. */
export function spanSquare(from, to) {
  const side = Math.max(Math.abs(to.x - from.x), Math.abs(to.y - from.y));
  return { side, x: to.x < from.x ? from.x - side : from.x, y: to.y < from.y ? from.y - side : from.y };
}

/** The square after a key: arrows move, plus and minus resize about the centre, with Shift in small steps. */
export function moveByKey(square, key, step) {
  const { x, y, side } = square;
  const grow = (by) => ({ side: side + by, x: x - by / 2, y: y - by / 2 });
  const moves = {
    ArrowLeft: { x: x - step }, ArrowRight: { x: x + step }, ArrowUp: { y: y - step }, ArrowDown: { y: y + step },
    "+": grow(2 * step), "=": grow(2 * step), "-": grow(-2 * step), _: grow(-2 * step), "*": grow(2 * step),
  }; // prettier-ignore
  return key in moves ? { ...square, ...moves[key] } : null;
}

let square = null;
let size = [1, 1];

function showSquare(next) {
  square = keepInside(next, size);
  const { x, y, side } = square;
  const element = find("square");
  const [width, height] = size;
  element.style.left = `${(100 * x) / width}%`;
  element.style.top = `${(100 * y) / height}%`;
  element.style.width = `${(100 * side) / width}%`;
  element.style.height = `${(100 * side) / height}%`;
  find("square-output").textContent = t("square.where", { x, y, side });
}

/** Where a pointer is, in pixels of the photo. */
function locatePointer(event) {
  const frame = find("frame").getBoundingClientRect();
  const [width, height] = size;
  return { x: ((event.clientX - frame.left) / frame.width) * width, y: ((event.clientY - frame.top) / frame.height) * height };
}

const isInside = ({ x, y }) => x >= square.x && y >= square.y && x <= square.x + square.side && y <= square.y + square.side;

/** Inside the square the pointer moves it; beside it draws a new one. */
function followPointer(down) {
  const frame = find("frame");
  const from = locatePointer(down);
  const before = square;
  const moving = isInside(from);
  const follow = (event) => {
    const to = locatePointer(event);
    showSquare(moving ? { ...before, x: before.x + to.x - from.x, y: before.y + to.y - from.y } : spanSquare(from, to));
  };
  down.preventDefault();
  find("square").focus({ preventScroll: true });
  frame.setPointerCapture(down.pointerId);
  frame.addEventListener("pointermove", follow);
  const end = () => frame.removeEventListener("pointermove", follow);
  frame.addEventListener("pointerup", end, { once: true });
  frame.addEventListener("pointercancel", end, { once: true });
}

function followKey(event, onUse, onCancel) {
  if (event.key === "Enter") onUse();
  else if (event.key === "Escape") onCancel();
  else {
    const next = moveByKey(square, event.key, Math.max(1, Math.round((event.shiftKey ? 0.005 : 0.03) * Math.max(...size))));
    if (!next) return;
    showSquare(next);
  }
  event.preventDefault();
}

/**
 * Listen for the drawing of squares.
 *
 * @param {(box: [number, number, number, number]) => void} onUse takes the square, x0, y0, x1, y1 in pixels of the photo
 * @param {() => void} onCancel
 */
export function listenForSquares(onUse, onCancel) {
  const use = () => onUse([square.x, square.y, square.x + square.side, square.y + square.side]);
  find("frame").addEventListener("pointerdown", (event) => !find("square").hidden && followPointer(event));
  find("square").addEventListener("keydown", (event) => followKey(event, use, onCancel));
  find("square-use").addEventListener("click", use);
  find("square-cancel").addEventListener("click", onCancel);
}

/** Begin with a square in the middle of a photo of that size. */
export function startSquare(photoSize) {
  size = photoSize;
  const side = Math.min(...size) / 2;
  showSquare({ side, x: (size[0] - side) / 2, y: (size[1] - side) / 2 });
  find("frame").scrollIntoView({ block: "nearest" });
  find("square").focus({ preventScroll: true });
}
