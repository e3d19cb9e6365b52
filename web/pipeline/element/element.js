// <emoji-face src="photo.jpg" top="3">: shows a photo, its faces and their expressions.

import { askEngine, startEngine } from "./engine.js";
import { Texts } from "./texts.js";
import { View } from "./view.js";

// Where there is no page, as on a server that renders one or in a worker, the module can be loaded all the same.
const Base = /** @type {typeof HTMLElement} */ (globalThis.HTMLElement ?? Object);

/** How a photo's file is named, from its address; empty where that holds the photo itself. */
function nameFile(address) {
  if (/^(data|blob):/i.test(address)) return "";
  const name = address.split(/[?#]/)[0].split("/").at(-1) ?? "";
  try {
    return decodeURIComponent(name);
  } catch {
    return name; // a percent sign that is one
  }
}

/**
 * Attributes: `src`, a photo's address; `top`, how many expressions a face has; `assets`, the address of the assets' folder.
 * Fires `emoji-answer` with {result}, or with {failure, code} where there is none.
 */
export class EmojiFace extends Base {
  static observedAttributes = ["src", "top", "assets", "lang"];
  /** @type {string | URL | undefined} the assets' address, where an element names none */
  static assets;
  static start = startEngine;
  /** @type {import("./engine.js").Result | null} the answer that is shown */
  result = null;
  /** @type {View | undefined} */
  #view;
  #asked = 0;
  /** @type {{source: any, name: string} | null} */
  #photo = null;

  connectedCallback() {
    this.#view ??= new View(this, new Texts(this), (file) => this.classify(file));
    if (!this.#photo) this.#loadSource();
  }

  attributeChangedCallback(name, before, value) {
    if (!this.#view || !this.isConnected || before === value) return;
    if (name === "src") return this.#loadSource();
    this.#view.setTexts(new Texts(this));
    if (this.#photo) this.classify(this.#photo.source, this.#photo.name);
  }

  #loadSource() {
    const address = this.getAttribute("src");
    if (address) this.classify(address, nameFile(address));
    else this.#forget();
  }

  /** Show no photo, as before the first one. */
  #forget() {
    this.#asked++;
    [this.#photo, this.result] = [null, null];
    this.#view?.showNothing();
  }

  /**
   * Show a photo and its answer.
   *
   * @param {Blob | URL | string | import("../decode.js").Source} source a photo, or its address
   * @param {string} [name]
   * @returns {Promise<import("./engine.js").Result | null>} null where there is none
   */
  async classify(source, name = source instanceof File ? source.name : "") {
    const asked = ++this.#asked;
    this.#photo = { source, name };
    this.#view?.showReading();
    const answer = await this.#ask(source, name);
    if (asked !== this.#asked) return null; // another photo has taken its place
    this.result = "result" in answer ? answer.result : null;
    if ("result" in answer) this.#view?.showFaces(answer);
    else this.#view?.showFailure(answer);
    const { result, failure, code } = /** @type {any} */ (answer);
    const detail = result ? { result } : { failure, code };
    this.dispatchEvent(new CustomEvent("emoji-answer", { detail, bubbles: true, composed: true }));
    return this.result;
  }

  /** @returns {Promise<import("./engine.js").Found | import("./engine.js").Refused>} */
  async #ask(source, name) {
    const { assets, start } = /** @type {typeof EmojiFace} */ (this.constructor);
    const refuse = (code, error) => ({ failure: { photo: name, error: error.message }, code, values: {} });
    let photo;
    try {
      const isAddress = source instanceof URL || typeof source === "string";
      photo = isAddress ? await fetchPhoto(new URL(source, document.baseURI)) : source;
    } catch (error) {
      return refuse("unreadable", error);
    }
    try {
      const address = this.getAttribute("assets") ?? assets;
      if (!address) throw new Error("the attribute assets names no folder");
      const top = Number(this.getAttribute("top")) || undefined;
      return await askEngine(start, String(new URL(address, document.baseURI)), photo, { name, top });
    } catch (error) {
      return refuse("broken", error);
    }
  }
}

async function fetchPhoto(address) {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address} cannot be loaded`);
  return response.blob();
}

/** Make <emoji-face> known to the page, once. */
export function defineElement() {
  if (globalThis.customElements && !customElements.get("emoji-face")) customElements.define("emoji-face", EmojiFace);
}
