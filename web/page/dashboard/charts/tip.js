// The one small box that tells what a mark of a chart stands for.

import { find } from "../../shared/dom.js";

const tip = find("tip");
const spoken = find("spoken");

/**
 * Show a text above a point of the window.
 *
 * @param {string} text
 * @param {{x: number, y: number}} point
 * @param {boolean} aloud whether screen readers shall say it
 */
export function showTip(text, { x, y }, aloud) {
  tip.textContent = text;
  tip.hidden = false;
  const { width, height } = tip.getBoundingClientRect();
  const left = Math.min(Math.max(x - width / 2, 8), document.documentElement.clientWidth - width - 8);
  const top = y - height - 10;
  tip.style.left = `${left}px`;
  tip.style.top = `${top < 8 ? y + 30 : top}px`;
  if (aloud) spoken.textContent = text;
}

export function hideTip() {
  tip.hidden = true;
}

document.addEventListener("scroll", hideTip, { passive: true });
