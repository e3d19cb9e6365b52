// The sections as slides: the arrow keys leaf through them full screen, Escape leaves.

import { t } from "../strings.js";
import { hideTip } from "./tip.js";

const bar = document.querySelector("#slide-bar");
const listSlides = () => [...document.querySelectorAll(".slide")];

let current = null; // the place of the slide shown; null outside the presentation

/** The slide whose top is nearest to the window's. */
function findVisible() {
  const tops = listSlides().map((slide) => Math.abs(slide.getBoundingClientRect().top));
  return tops.indexOf(Math.min(...tops));
}

const findTitle = (slide) => slide.querySelector("h1, h2");

/** The only slide shown has the first heading of all that is shown, and its charts the next. */
function raiseTitles(slide, alone) {
  const levels = [[findTitle(slide), 1], ...[...slide.querySelectorAll("h3")].map((title) => [title, 2])];
  for (const [title, level] of levels) title.ariaLevel = alone ? level : null;
}

function showSlide(place) {
  const slides = listSlides();
  current = Math.min(Math.max(place, 0), slides.length - 1);
  slides.forEach((slide, i) => slide.classList.toggle("current", i === current));
  hideTip();
  window.scrollTo(0, 0);
  for (const slide of slides) raiseTitles(slide, slide === slides[current]);
  findTitle(slides[current]).focus({ preventScroll: true });
  bar.querySelector("#slide-place").textContent = t("dashboard.place", { place: current + 1, all: slides.length });
  const progress = bar.querySelector("progress");
  progress.max = slides.length;
  progress.value = current + 1;
  bar.querySelector("#slide-previous").disabled = current === 0;
  bar.querySelector("#slide-next").disabled = current === slides.length - 1;
}

function present(place) {
  document.body.classList.add("presenting");
  bar.hidden = false;
  showSlide(place);
  document.documentElement.requestFullscreen?.().catch(() => {}); // where it is refused, the window is the stage
}

function leave() {
  if (current === null) return;
  const slide = listSlides()[current];
  current = null;
  document.body.classList.remove("presenting");
  bar.hidden = true;
  slide.classList.remove("current");
  if (document.fullscreenElement) document.exitFullscreen();
  slide.scrollIntoView();
  raiseTitles(slide, false);
  findTitle(slide).focus({ preventScroll: true });
}

const KEYS = {
  ArrowRight: () => (current === null ? present(findVisible()) : showSlide(current + 1)),
  ArrowLeft: () => (current === null ? present(findVisible()) : showSlide(current - 1)),
  PageDown: () => showSlide(current + 1),
  PageUp: () => showSlide(current - 1),
  Home: () => showSlide(0),
  End: () => showSlide(Infinity),
  Escape: leave,
};
const ALWAYS = ["ArrowRight", "ArrowLeft"]; // the others have another meaning on the page

function pressKey(event) {
  const busy = event.target.closest?.("select, input, textarea, .table-box") || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey;
  if (busy || !KEYS[event.key] || (current === null && !ALWAYS.includes(event.key))) return;
  event.preventDefault();
  KEYS[event.key]();
}

/** Bring keys and buttons to life. */
export function startSlides() {
  document.addEventListener("keydown", pressKey);
  document.addEventListener("fullscreenchange", () => document.fullscreenElement || leave());
  document.querySelector("#present").addEventListener("click", () => present(0));
  bar.querySelector("#slide-previous").addEventListener("click", () => showSlide(current - 1));
  bar.querySelector("#slide-next").addEventListener("click", () => showSlide(current + 1));
  bar.querySelector("#slide-leave").addEventListener("click", leave);
}
