// A gallery of samples: photos, drawn faces and a group, each a button that is answered like a photo of one's own.

import { find, make } from "../shared/dom.js";
import { t } from "../shared/strings.js";

const FOLDER = "./samples/";

/** @type {[name: string, kind: "photo" | "drawing" | "group"][]} */
const SAMPLES = [
  ["smile", "photo"],
  ["surprise", "drawing"],
  ["neutral", "photo"],
  ["angry", "drawing"],
  ["group", "group"],
  ["sad", "drawing"],
  ["unsure", "drawing"],
];

function makeSample(name, onChoose) {
  const image = new Image(96, 96);
  image.src = `${FOLDER}${name}-small.webp`;
  image.alt = "";
  image.loading = "lazy";
  const button = make("button", "sample", image);
  button.type = "button";
  button.dataset.sample = name;
  button.addEventListener("click", () => onChoose(`${FOLDER}${name}.jpg`, `${name}.jpg`));
  return make("li", "", button);
}

/** What each sample is, in the language in use; not what it looks like, which is for the model to say. */
function nameSamples() {
  for (const [i, button] of [...find("samples-list").querySelectorAll("button")].entries())
    button.ariaLabel = t(`samples.${SAMPLES[i][1]}`, { number: i + 1 });
}

/**
 * Show the gallery.
 *
 * @param {(address: string, name: string) => void} onChoose
 */
export function showSamples(onChoose) {
  find("samples-list").replaceChildren(...SAMPLES.map(([name]) => makeSample(name, onChoose)));
  document.addEventListener("languagechange", nameSamples);
  nameSamples();
}
