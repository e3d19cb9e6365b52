// What the element shows: the photo with boxes and emoji, a list of faces, a button, and a status that is read out.

import { findStyle } from "./style.js";

/** An element with a part's name, which is its class too, a text and children. */
function make(tag, part, text = "", ...children) {
  const element = document.createElement(tag);
  if (part) {
    element.className = part;
    element.setAttribute("part", part);
  }
  element.append(...(text ? [text] : []), ...children);
  return element;
}

const percent = (part, whole) => `${(100 * part) / whole}%`;

/** The inside of one element. */
export class View {
  #parts;

  /**
   * @param {HTMLElement} host
   * @param {import("./texts.js").Texts} texts
   * @param {(file: File) => void} onFile hears of a file that was chosen or dropped
   */
  constructor(host, texts, onFile) {
    this.texts = texts;
    const canvas = /** @type {HTMLCanvasElement} */ (make("canvas", "photo"));
    canvas.setAttribute("role", "img");
    const status = make("p", "status");
    status.setAttribute("role", "status");
    const input = /** @type {HTMLInputElement} */ (make("input", ""));
    Object.assign(input, { type: "file", accept: "image/*", hidden: true });
    const [boxes, faces, button, hint] = [
      make("div", "boxes"),
      make("ol", "faces"),
      make("button", "button"),
      make("span", "hint"),
    ];
    boxes.setAttribute("aria-hidden", "true");
    const stage = make("div", "stage", "", canvas, boxes);
    const choose = make("div", "choose", "", button, hint, input);
    const figure = make("figure", "figure", "", stage, status, faces, choose);
    this.#parts = { canvas, stage, status, boxes, faces, button, hint, figure };
    const root = host.attachShadow({ mode: "open", delegatesFocus: true });
    root.adoptedStyleSheets = [findStyle()];
    root.append(figure);
    this.#takeFiles(input, onFile);
    stage.hidden = true;
    this.setTexts(texts);
  }

  #takeFiles(input, onFile) {
    const { figure, button } = this.#parts;
    button.addEventListener("click", () => input.click());
    input.addEventListener("change", () => {
      if (input.files?.length) onFile(input.files[0]);
      input.value = ""; // the same file again is a change, too
    });
    const mark = (over) => (event) => {
      event.preventDefault();
      figure.classList.toggle("over", over);
    };
    figure.addEventListener("dragover", mark(true));
    figure.addEventListener("dragleave", mark(false));
    figure.addEventListener("drop", (event) => {
      mark(false)(event);
      const [file] = event.dataTransfer?.files ?? [];
      if (file) onFile(file);
    });
  }

  /** @param {import("./texts.js").Texts} texts in another language */
  setTexts(texts) {
    this.texts = texts;
    this.#parts.figure.dir = texts.direction;
    this.#parts.button.textContent = texts.write("choose");
    this.#parts.hint.textContent = texts.write("drop");
  }

  /** Say that an answer is on its way; what was shown stays. */
  showReading() {
    this.#parts.figure.setAttribute("aria-busy", "true");
    this.#parts.status.textContent = this.texts.write("reading");
  }

  /** Show no photo. */
  showNothing() {
    this.#clear();
    this.#parts.stage.hidden = true;
    this.#parts.status.textContent = "";
  }

  /** Show why there is no answer, and no photo. */
  showFailure(refused) {
    this.showNothing();
    this.#parts.status.textContent = this.texts.explain(refused);
  }

  /**
   * Show a photo with its faces.
   *
   * @param {import("./engine.js").Found} found
   */
  showFaces({ result, names, preview }) {
    this.#clear();
    this.#drawPhoto(preview, result.photo);
    const several = result.faces.length > 1;
    result.faces.forEach((face, i) => {
      this.#parts.boxes.append(...this.#makeBox(face, result.size, several ? String(i + 1) : ""));
      this.#parts.faces.append(this.#makeFace(face, several ? i + 1 : 0, names));
    });
    this.#parts.status.textContent = this.#summarize(result.faces.length);
  }

  #clear() {
    this.#parts.figure.removeAttribute("aria-busy");
    this.#parts.boxes.replaceChildren();
    this.#parts.faces.replaceChildren();
  }

  #drawPhoto(preview, name) {
    const { canvas, stage } = this.#parts;
    Object.assign(canvas, { width: preview.width, height: preview.height });
    canvas.getContext("bitmaprenderer")?.transferFromImageBitmap(preview);
    canvas.setAttribute("aria-label", this.texts.write("photo", { name }).trim());
    stage.hidden = false;
  }

  #summarize(count) {
    if (!count) return this.texts.write("none");
    return count > 1 ? this.texts.write("several", { count }) : this.texts.write("one");
  }

  /**
   * @param {any} face
   * @param {number[]} size of the photo
   * @param {string} number of the face in the list; empty where there is one
   */
  #makeBox({ box: [x0, y0, x1, y1], roll, not_sure: unsure, expressions }, [width, height], number) {
    const box = make("div", "box");
    Object.assign(box.style, {
      left: percent(x0, width),
      top: percent(y0, height),
      width: percent(x1 - x0, width),
      height: percent(y1 - y0, height),
      transform: `rotate(${roll ?? 0}deg)`,
    });
    const mark = make("span", "mark", unsure ? expressions.map(({ emoji }) => emoji).join("") : expressions[0].emoji);
    Object.assign(mark.style, {
      left: percent((x0 + x1) / 2, width),
      top: percent(Math.max(y0, 0.05 * height), height),
    });
    const place = make("span", "place", number);
    Object.assign(place.style, { left: percent((x0 + x1) / 2, width), top: percent(y1, height) });
    return number ? [box, mark, place] : [box, mark];
  }

  #makeFace({ not_sure: unsure, expressions }, number, names) {
    const face = make("li", "face");
    if (number) face.append(make("p", "number", this.texts.write("face", { number })));
    if (unsure) face.append(make("p", "unsure", this.texts.write("unsure")));
    face.append(make("ul", "expressions", "", ...expressions.map((entry) => this.#makeEntry(entry, names))));
    return face;
  }

  #makeEntry({ label, emoji, score }, names) {
    const shown = make("span", "emoji", emoji);
    shown.setAttribute("aria-hidden", "true");
    const bar = make("span", "bar");
    bar.style.inlineSize = percent(score, 1);
    const texts = [
      make("span", "label", this.texts.nameLabel(label, names)),
      make("span", "score", this.texts.formatScore(score)),
    ];
    return make("li", "expression", "", shown, ...texts, bar);
  }
}
