// The sections as slides: the arrow keys leaf through them full screen, Escape leaves. The address names the slide.

import { find } from "../shared/dom.js";
import { isRightToLeft, t } from "../shared/strings.js";
import { hideTip } from "./charts/tip.js";
import { readAddress, writeAddress } from "./links.js";

const bar = find("slide-bar");
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
  find("slide-place").textContent = t("dashboard.place", { place: current + 1, all: slides.length });
  const progress = find("slide-progress", HTMLProgressElement);
  progress.max = slides.length;
  progress.value = current + 1;
  find("slide-previous", HTMLButtonElement).disabled = current === 0;
  find("slide-next", HTMLButtonElement).disabled = current === slides.length - 1;
  writeAddress(slides[current].id, true);
}

function present(place) {
  document.body.classList.add("presenting");
  bar.hidden = false;
  showSlide(place);
  document.documentElement.requestFullscreen?.().catch(() => {}); // where it is refused, the window is the stage
}

/** End the presentation; returns the slide that was shown. */
function closeSlides() {
  const slide = listSlides()[current ?? 0];
  current = null;
  document.body.classList.remove("presenting");
  bar.hidden = true;
  slide.classList.remove("current");
  if (document.fullscreenElement) document.exitFullscreen();
  raiseTitles(slide, false);
  return slide;
}

function leave() {
  if (current === null) return;
  const slide = closeSlides();
  slide.scrollIntoView();
  findTitle(slide).focus({ preventScroll: true });
  writeAddress(slide.id, false);
}

/** Show what the address names: when the page opens, and when the browser goes back or forward. */
function followAddress() {
  const { id, slide } = readAddress();
  const place = listSlides().findIndex((one) => one.id === id);
  if (slide && place >= 0) return current === null ? present(place) : showSlide(place);
  if (current !== null) closeSlides();
  const section = document.getElementById(id);
  if (!section) return;
  // The charts above get their heights with the next frame.
  requestAnimationFrame(() => requestAnimationFrame(() => section.scrollIntoView({ behavior: "instant" })));
}

/** An arrow key: forwards is the way that the language is read. */
function turn(step) {
  if (current === null) present(findVisible());
  else showSlide(current + (isRightToLeft() ? -step : step));
}

const KEYS = {
  ArrowRight: () => turn(1),
  ArrowLeft: () => turn(-1),
  PageDown: () => showSlide(current + 1),
  PageUp: () => showSlide(current - 1),
  Home: () => showSlide(0),
  End: () => showSlide(Infinity),
  Escape: leave,
};
const ALWAYS = ["ArrowRight", "ArrowLeft"]; // the others have another meaning on the page

function pressKey(event) {
  const busy =
    event.target.closest?.("select, input, textarea, .table-box") ||
    event.altKey ||
    event.ctrlKey ||
    event.metaKey ||
    event.shiftKey;
  if (busy || !KEYS[event.key] || (current === null && !ALWAYS.includes(event.key))) return;
  event.preventDefault();
  KEYS[event.key]();
}

/** Bring keys and buttons to life. */
export function startSlides() {
  document.addEventListener("keydown", pressKey);
  document.addEventListener("fullscreenchange", () => document.fullscreenElement || leave());
  find("present").addEventListener("click", () => present(0));
  find("slide-previous").addEventListener("click", () => showSlide(current - 1));
  find("slide-next").addEventListener("click", () => showSlide(current + 1));
  find("slide-leave").addEventListener("click", leave);
  window.addEventListener("popstate", followAddress);
  followAddress();
}
