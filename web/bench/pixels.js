// The upright pixels that web/pipeline gives in headless Chromium: paths as lines in, JSON lines out, each with the
// photo's size and its RGB pixels as base64, or its error. Nothing needs to be built.

import { readFileSync } from "node:fs";
import { startChromium } from "../host/browser.js";
import { ROOT, serveSite } from "../host/site.js";

const MAX_PIXELS = 1e8;
const PAGE = `<!doctype html><title>pixels</title>
<script type="importmap">{ "imports": { "#platform/": "/web/pipeline/browser/" } }</script>
<script type="module">
  import { openPhoto } from "/web/pipeline/decode.js";
  window.open_photo = openPhoto;
</script>`;

/** In the page: size and RGB pixels of a file, or why it is refused. */
async function openFile({ text, maxPixels }) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  try {
    const { width, height, data } = await /** @type {any} */ (window).open_photo(new Blob([bytes]), maxPixels);
    let letters = "";
    for (let at = 0; at < data.length; at += 4) letters += String.fromCharCode(data[at], data[at + 1], data[at + 2]);
    return { size: [width, height], pixels: btoa(letters) };
  } catch (error) {
    if (error.name !== "ImageError") throw error;
    return { error: error.message };
  }
}

const paths = readFileSync(0, "utf8").split("\n").filter(Boolean);
const site = await serveSite({ folders: { "/": ROOT }, extra: { "/": Buffer.from(PAGE) } });
const browser = await startChromium();
const page = await (await browser.newContext()).newPage();
await page.goto(site.address);
await page.waitForFunction(() => "open_photo" in window, null, { timeout: 120_000 });
for (const path of paths) {
  const found = await page.evaluate(openFile, { text: readFileSync(path, "base64"), maxPixels: MAX_PIXELS });
  console.log(JSON.stringify({ photo: path, ...found }));
}
await browser.close();
await site.close();
