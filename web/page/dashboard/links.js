// Addresses of sections and slides: "#sure" is a section, "#sure/slide" is it as a slide.

import { find, make } from "../shared/dom.js";
import { copyText } from "../shared/save.js";
import { t } from "../shared/strings.js";

const SLIDE = "/slide";

/** What the page's address names: a section's id, "" where none, and whether it is to be shown as a slide. */
export function readAddress() {
  const name = decodeURIComponent(location.hash.slice(1));
  const slide = name.endsWith(SLIDE);
  return { id: slide ? name.slice(0, -SLIDE.length) : name, slide };
}

/** Let the address name what is shown, as a step that the browser's back button undoes. */
export function writeAddress(id, slide) {
  const hash = `#${id}${slide ? SLIDE : ""}`;
  if (location.hash !== hash) history.pushState(null, "", hash);
}

/**
 * A link to a section; a click also copies its address, of the slide where slides are shown, and says so.
 *
 * @param {string} id
 * @param {string} title
 */
export function makeLink(id, title) {
  const link = make("a", "section-link", "#");
  link.href = `#${id}`;
  link.ariaLabel = t("dashboard.link", { title });
  link.title = link.ariaLabel;
  link.addEventListener("click", async (event) => {
    event.preventDefault();
    writeAddress(id, document.body.classList.contains("presenting"));
    if (!(await copyText(location.href))) return; // the address bar has it
    find("spoken").textContent = t("dashboard.copied");
    link.dataset.copied = t("dashboard.copied");
    setTimeout(() => delete link.dataset.copied, 2000);
  });
  return link;
}
