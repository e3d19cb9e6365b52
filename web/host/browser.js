// Finds and starts headless Chromium, for tests, benchmarks and the converter's proof.

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";

const FLAGS = [
  "--no-sandbox",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const CANDIDATES = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const DRIVERS = "/usr/share/vulkan/icd.d";

/**
 * How Chromium draws, as options of launch. Without a graphics processor, Mesa's Vulkan in software (Debian's
 * mesa-vulkan-drivers) runs networks on WebGL two to three times as fast as Chromium's own.
 */
function chooseGraphics() {
  const drivers = existsSync(DRIVERS) ? readdirSync(DRIVERS) : [];
  const software = drivers.find((name) => name.startsWith("lvp_icd"));
  if (!software || existsSync("/dev/dri")) return { args: ["--enable-unsafe-swiftshader"] };
  const args = ["--use-angle=vulkan", "--enable-features=Vulkan", "--ignore-gpu-blocklist"];
  return { args, env: { ...process.env, VK_ICD_FILENAMES: join(DRIVERS, software) } };
}

/**
 * Start headless Chromium with a fresh profile.
 *
 * @param {{flags?: string[], graphics?: boolean}} [options] graphics: whether WebGL shall be as fast as it can be here
 * @returns {Promise<import("playwright-core").Browser>}
 */
export async function startChromium({ flags = [], graphics = false } = {}) {
  const executablePath = CANDIDATES.find((path) => path && existsSync(path));
  if (!executablePath) throw new Error("no Chromium found: install it, or set CHROMIUM to its path");
  const drawing = graphics ? chooseGraphics() : { args: ["--disable-gpu"] };
  return chromium.launch({ executablePath, ...drawing, args: [...FLAGS, ...drawing.args, ...flags] });
}
