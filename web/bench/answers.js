// The page's answers to many photos in headless Chromium: paths as lines in, results as JSON lines out.
// node answers.js [ADDRESS]: of a page that is served already; else web/dist is served for it.

import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { startChromium } from "../host/browser.js";
import { serveSite } from "../host/site.js";

const paths = readFileSync(0, "utf8").split("\n").filter(Boolean);
const address = process.argv[2];
const site = address ? null : await serveSite();
const browser = await startChromium();
const page = await (await browser.newContext({ serviceWorkers: "block" })).newPage();
await page.goto(site?.address ?? address);
await page.waitForSelector("html[data-engine=ready]", { timeout: 120_000 });
for (const path of paths) {
  const found = await page.evaluate(
    async ([text, name]) => {
      const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
      const { result, failure } = await window.emoji.classify(new File([bytes], name));
      return result ?? failure;
    },
    [readFileSync(path, "base64"), basename(path)],
  );
  console.log(JSON.stringify({ ...found, browser: `Chromium ${browser.version()}` }));
}
await browser.close();
await site?.close();
