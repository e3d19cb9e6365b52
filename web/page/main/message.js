// The message above the stage: what is wrong, or worth a word.

import { find } from "../shared/dom.js";
import { t } from "../shared/strings.js";

/** @type {{key: string, values: object} | null} of the text in the message, which a change of language writes anew */
let shown = null;

/**
 * Say what is wrong, above the stage and in view.
 *
 * @param {string | null} key of a text; nothing is said where it is null
 * @param {object} [values] of the text
 */
export function showMessage(key, values = {}) {
  shown = key ? { key, values } : null;
  const message = find("message");
  message.hidden = !key;
  find("message-text").textContent = key ? t(key, values) : "";
  if (key) message.scrollIntoView({ block: "nearest" });
}

/** Say it again, in the language that was chosen. */
export function translateMessage() {
  if (shown) showMessage(shown.key, shown.values);
}
