// Times how soon all charts of the dashboard are drawn after navigation, each in a fresh browser:
//
//   node web/bench_dashboard.js [visits]      needs web/dist

import { existsSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { preview } from "vite";

const root = import.meta.dirname;
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const executablePath = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/google-chrome"].find((path) => path && existsSync(path));

/** Milliseconds from navigation to the first frame with all charts. */
async function measureVisit(address) {
  const browser = await chromium.launch({ executablePath, args: FLAGS });
  const page = await browser.newPage();
  await page.goto(address, { waitUntil: "commit" });
  await page.waitForSelector("#main[data-ready]");
  const ms = await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(() => resolve(performance.now())))));
  await browser.close();
  return ms;
}

const server = await preview({ root, configFile: join(root, "vite.config.js"), logLevel: "error", preview: { host: "127.0.0.1", port: 0 } });
const address = `http://127.0.0.1:${server.httpServer.address().port}/dashboard.html`;
const times = [];
for (let visit = 0; visit < Number(process.argv[2] ?? 7); visit++) times.push(await measureVisit(address));
await server.close();
times.sort((a, b) => a - b);
console.log(`ready after ${times.map((ms) => ms.toFixed(0)).join(", ")} ms; median ${times[times.length >> 1].toFixed(0)} ms`);
