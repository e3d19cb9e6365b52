// What both pages share: language, colours, the current page's mark in the header.

import { find } from "./dom.js";
import { keepSetting } from "./settings.js";
import { chooseLanguage, getLanguage, languages, setLanguage } from "./strings.js";

function startLanguages() {
  const select = find("language", HTMLSelectElement);
  for (const language of languages) {
    const name = new Intl.DisplayNames([language], { type: "language" }).of(language) ?? language;
    const option = new Option(name, language);
    option.lang = language;
    select.append(option);
  }
  select.addEventListener("change", () => {
    keepSetting("language", select.value);
    setLanguage(select.value);
  });
  document.addEventListener("languagechange", () => (select.value = getLanguage()));
}

function startTheme() {
  find("theme").addEventListener("click", () => {
    const root = document.documentElement;
    root.dataset.bsTheme = root.dataset.bsTheme === "dark" ? "light" : "dark";
    keepSetting("theme", root.dataset.bsTheme);
  });
}

/**
 * Bring header, language and colours to life.
 *
 * @param {string} page the data-page of the header's link to this page
 */
export async function startSite(page) {
  document.querySelector(`[data-page="${page}"]`)?.setAttribute("aria-current", "page");
  startLanguages();
  startTheme();
  await setLanguage(chooseLanguage());
}
