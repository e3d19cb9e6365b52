// Draw the square around a face by hand: with the mouse, a finger, or the keyboard.

import { find } from "../shared/dom.js";
import { t } from "../shared/strings.js";

const LEAST = 16; // pixels of the smallest square
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

/**
 * The square after one of its corners was pulled: the corner across stays where it is.
 *
 * @param {{x: number, y: number, side: number}} square
 * @param {string} corner "top left" and so on
 * @param {{x: number, y: number}} to where the corner was pulled
 * @param {[number, number]} size of the photo
 */
export function pullCorner({ x, y, side }, corner, to, [width, height]) {
  const [right, bottom] = [corner.includes("right"), corner.includes("bottom")];
  const from = { x: right ? x : x + side, y: bottom ? y : y + side };
  const room = Math.min(right ? width - from.x : from.x, bottom ? height - from.y : from.y);
  const wanted = Math.max(right ? to.x - from.x : from.x - to.x, bottom ? to.y - from.y : from.y - to.y);
  const kept = clamp(wanted, LEAST, room);
  return { side: kept, x: right ? from.x : from.x - kept, y: bottom ? from.y : from.y - kept };
}

/** The square after a key: arrows move, plus and minus resize about the centre, with Shift in small steps. */
export function moveByKey(square, key, step) {
  const { x, y, side } = square;
  const grow = (by) => ({ side: side + by, x: x - by / 2, y: y - by / 2 });
  const moves = {
    ArrowLeft: { x: x - step },
    ArrowRight: { x: x + step },
    ArrowUp: { y: y - step },
    ArrowDown: { y: y + step },
    "+": grow(2 * step),
    "=": grow(2 * step),
    "-": grow(-2 * step),
    _: grow(-2 * step),
    "*": grow(2 * step),
  };
  return key in moves ? { ...square, ...moves[key] } : null;
}

let square = null;
/** @type {[number, number]} */
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
  for (const handle of find("frame").querySelectorAll(".square-handle")) placeHandle(handle, size);
  find("square-output").textContent = t("square.where", { x, y, side });
}

/** A handle lies at its corner, a little outwards so that small squares can be taken hold of too, but wholly in the frame. */
function placeHandle(handle, [width, height]) {
  const corner = handle.dataset.corner;
  const [right, bottom] = [corner.includes("right"), corner.includes("bottom")];
  const across = (100 * (square.x + (right ? square.side : 0))) / width;
  const down = (100 * (square.y + (bottom ? square.side : 0))) / height;
  handle.style.left = `clamp(1rem, ${across}% ${right ? "+" : "-"} 0.5rem, 100% - 1rem)`;
  handle.style.top = `clamp(1rem, ${down}% ${bottom ? "+" : "-"} 0.5rem, 100% - 1rem)`;
}

/** Where a pointer is, in pixels of the photo. */
function locatePointer(event) {
  const frame = find("frame").getBoundingClientRect();
  const [width, height] = size;
  return {
    x: ((event.clientX - frame.left) / frame.width) * width,
    y: ((event.clientY - frame.top) / frame.height) * height,
  };
}

const isInside = ({ x, y }) =>
  x >= square.x && y >= square.y && x <= square.x + square.side && y <= square.y + square.side;

/** What a pointer that went down does to the square: a handle pulls its corner, inside it moves, beside it draws a new one. */
function chooseChange(down) {
  const from = locatePointer(down);
  const before = square;
  const { corner } = down.target.dataset;
  if (corner) {
    const x = before.x + (corner.includes("right") ? before.side : 0) - from.x;
    const y = before.y + (corner.includes("bottom") ? before.side : 0) - from.y;
    return (to) => pullCorner(before, corner, { x: to.x + x, y: to.y + y }, size);
  }
  if (isInside(from)) return (to) => ({ ...before, x: before.x + to.x - from.x, y: before.y + to.y - from.y });
  return (to) => spanSquare(from, to);
}

function followPointer(down) {
  const frame = find("frame");
  const change = chooseChange(down);
  const follow = (event) => showSquare(change(locatePointer(event)));
  down.preventDefault();
  find("square").focus({ preventScroll: true });
  frame.setPointerCapture(down.pointerId);
  frame.addEventListener("pointermove", follow);
  const end = () => frame.removeEventListener("pointermove", follow);
  frame.addEventListener("pointerup", end, { once: true });
  frame.addEventListener("pointercancel", end, { once: true });
}

/** Pixels of a step of the keys, for this photo. */
const findStep = (small) => Math.max(1, Math.round((small ? 0.005 : 0.03) * Math.max(...size)));

function followKey(event, onUse, onCancel) {
  if (event.key === "Enter") onUse();
  else if (event.key === "Escape") onCancel();
  else {
    const next = moveByKey(square, event.key, findStep(event.shiftKey));
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
  for (const [id, key] of [
    ["square-larger", "+"],
    ["square-smaller", "-"],
  ]) {
    find(id).addEventListener("click", () => showSquare(moveByKey(square, key, findStep(false))));
  }
  find("square-cancel").addEventListener("click", onCancel);
}

/**
 * Begin with a square around a face, or in the middle of the photo.
 *
 * @param {[number, number]} photoSize
 * @param {number[]} [box] of the face that was found
 */
export function startSquare(photoSize, box) {
  size = photoSize;
  const middle = Math.min(...size) / 2;
  const around = box ?? [
    (size[0] - middle) / 2,
    (size[1] - middle) / 2,
    (size[0] + middle) / 2,
    (size[1] + middle) / 2,
  ];
  const [x0, y0, x1, y1] = around;
  const side = Math.max(x1 - x0, y1 - y0);
  showSquare({ side, x: (x0 + x1 - side) / 2, y: (y0 + y1 - side) / 2 });
  find("frame").scrollIntoView({ block: "nearest" });
  find("square").focus({ preventScroll: true });
}
