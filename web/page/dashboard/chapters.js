// The chapters at the top of the window: links to the first section of each, and which one is being read.

import { find, make } from "../shared/dom.js";
import { t } from "../shared/strings.js";

/**
 * A link to each chapter, by its name.
 *
 * @param {{id: string, chapter: string}[]} sections
 */
function makeLinks(sections) {
  const firsts = sections.filter(({ chapter }, i) => sections.findIndex((one) => one.chapter === chapter) === i);
  return firsts.map(({ id, chapter }) => {
    const link = make("a", "", t(`dashboard.chapter.${chapter}`));
    link.href = `#${id}`;
    link.dataset.chapter = chapter;
    return make("li", "", link);
  });
}

/** Mark a chapter's link and, where there is room for some of them only, bring it into view. */
function markChapter(chapter) {
  const links = [...find("chapters").querySelectorAll("a")];
  for (const link of links) link.ariaCurrent = link.dataset.chapter === chapter ? "true" : null;
  const current = links.find((link) => link.ariaCurrent);
  const bar = current?.closest("nav");
  if (!current || !bar) return;
  const [own, around] = [current, bar].map((one) => one.getBoundingClientRect());
  bar.scrollBy({ left: (own.left + own.right - around.left - around.right) / 2 });
}

/** @type {IntersectionObserver | null} of the sections drawn last */
let watch = null;

/**
 * Fill the bar of chapters, and let it follow the reader.
 *
 * @param {{id: string, chapter: string}[]} sections that are on the page
 */
export function showChapters(sections) {
  find("chapters").replaceChildren(...makeLinks(sections));
  watch?.disconnect();
  watch = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries)
        if (isIntersecting && target instanceof HTMLElement) markChapter(target.dataset.chapter);
    },
    { rootMargin: "-30% 0px -69% 0px" }, // a line in the upper third of the window
  );
  for (const { id } of sections) watch.observe(find(id));
}
