// The element's style, inside its shadow alone. A constructed sheet needs no permission of a strict policy.

const CSS = `
:host { display: block; container-type: inline-size; max-inline-size: 40rem;
  font-family: var(--emoji-face-font, inherit); color: var(--emoji-face-color, inherit); }
:host([hidden]) { display: none; }
* { box-sizing: border-box; }
[hidden] { display: none !important; }
figure { margin: 0; padding: var(--emoji-face-gap, 0.75rem); border: 1px solid var(--emoji-face-border, GrayText);
  border-radius: var(--emoji-face-radius, 0.75rem); background: var(--emoji-face-background, transparent); }
figure.over { outline: 3px dashed var(--emoji-face-accent, LinkText); outline-offset: 2px; }
.stage { position: relative; }
canvas { display: block; max-inline-size: 100%; block-size: auto; border-radius: inherit; }
.stage, .photo { inline-size: fit-content; max-inline-size: 100%; margin-inline: auto; }
.box { position: absolute; border: 3px solid var(--emoji-face-accent, LinkText); border-radius: 8%;
  box-shadow: 0 0 0 1px #fff, inset 0 0 0 1px #fff; }
.mark { position: absolute; transform: translate(-50%, -85%); font-size: clamp(1.1rem, 6cqi, 2.2rem); line-height: 1;
  forced-color-adjust: none; }
.place { position: absolute; transform: translate(-50%, -50%); min-inline-size: 1.4em; text-align: center; font-size: 0.85rem;
  border-radius: 1em; background: Canvas; color: CanvasText; }
.number { font-weight: bold; }
ol, ul { list-style: none; margin: 0; padding: 0; }
ol { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(14rem, 100%), 1fr)); gap: var(--emoji-face-gap, 0.75rem); }
p { margin-block: 0.5rem; }
ul li { display: grid; grid-template-columns: 2rem minmax(0, 1fr) auto; column-gap: 0.5rem; align-items: center; }
.emoji { font-size: 1.4rem; }
.bar { grid-column: 2 / -1; block-size: 0.35rem; border: 1px solid transparent; border-radius: 1rem;
  background: var(--emoji-face-accent, LinkText); forced-color-adjust: none; }
.score { font-variant-numeric: tabular-nums; }
.choose { margin-block-start: var(--emoji-face-gap, 0.75rem); display: flex; flex-wrap: wrap; gap: 0.5rem; align-items: center; }
button { font: inherit; color: inherit; min-block-size: 2.75rem; padding-inline: 1rem; cursor: pointer;
  border: 2px solid var(--emoji-face-accent, LinkText); border-radius: var(--emoji-face-radius, 0.75rem); background: transparent; }
button:focus-visible { outline: 3px solid var(--emoji-face-accent, LinkText); outline-offset: 2px; }
`;

/** @type {CSSStyleSheet | undefined} */
let sheet;

/** The sheet that all elements share. */
export function findStyle() {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(CSS);
  }
  return sheet;
}
