// The site, a browser on it and the Flask server, for all tests.

import { spawn } from "node:child_process";
import { join } from "node:path";
import { ROOT } from "../../web/host/site.js";

export { startChromium } from "../../web/host/browser.js";
export { DIST, ROOT, serveSite } from "../../web/host/site.js";
export const PYTHON = join(ROOT, ".venv", "bin", "python");

/**
 * Run the Flask server on a free port.
 *
 * @returns {Promise<{address: string, stop: () => void}>}
 */
export function runServer() {
  const server = spawn(PYTHON, ["-m", "web.server", "--port", "0", "--threads", "1"], { cwd: ROOT });
  return new Promise((resolve, reject) => {
    server.stdout.on("data", (data) => {
      const address = /http:\S+/.exec(data)?.[0];
      if (address) resolve({ address, stop: () => server.kill() });
    });
    server.on("exit", (status) => reject(new Error(`the server ended with status ${status}`)));
  });
}
