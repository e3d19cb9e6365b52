// Times how soon all charts of the dashboard are drawn after navigation, each in a fresh browser:
//
//   node web/bench/dashboard.js [visits]      needs web/dist

import { startChromium } from "../host/browser.js";
import { serveSite } from "../host/site.js";

/** Milliseconds from navigation to the first frame with all charts. */
async function measureVisit(address) {
  const browser = await startChromium();
  const page = await browser.newPage();
  await page.goto(address, { waitUntil: "commit" });
  await page.waitForSelector("#main[data-ready]");
  const ms = await page.evaluate(
    () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(() => resolve(performance.now())))),
  );
  await browser.close();
  return ms;
}

const site = await serveSite();
const times = [];
for (let visit = 0; visit < Number(process.argv[2] ?? 7); visit++) {
  times.push(await measureVisit(`${site.address}dashboard.html`));
}
await site.close();
times.sort((a, b) => a - b);
console.log(
  `ready after ${times.map((ms) => ms.toFixed(0)).join(", ")} ms; median ${times[times.length >> 1].toFixed(0)} ms`,
);
