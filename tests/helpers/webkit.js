// WebKit, Safari's engine, as Debian packs it: driven through WebDriver, on a screen that nobody sees.

import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { Builder } from "selenium-webdriver";

const PATIENCE = 240_000; // ms; no test is about speed
const LIBRARIES = "/usr/lib";
const PARTS = ["/usr/bin/WebKitWebDriver", "/usr/bin/Xvfb"];

/** Debian's small browser on WebKit, in the folder of the processor's kind. */
function findBrowser() {
  if (!existsSync(LIBRARIES)) return undefined;
  const paths = readdirSync(LIBRARIES).map((kind) => join(LIBRARIES, kind, "webkit2gtk-4.1", "MiniBrowser"));
  return paths.find((path) => existsSync(path));
}

/** Whether Debian's webkit2gtk-driver and xvfb are installed. */
export const hasWebKit = () => [findBrowser() ?? "", ...PARTS].every((path) => existsSync(path));

function findPort() {
  const server = createServer();
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
      server.close(() => resolve(port));
    });
  });
}

/** Start a screen in memory; it chooses its own number. */
async function startScreen() {
  const screen = spawn("/usr/bin/Xvfb", ["-displayfd", "3", "-screen", "0", "1280x1000x24"], {
    stdio: ["ignore", "ignore", "ignore", "pipe"],
  });
  const number = await new Promise((resolve, reject) => {
    screen.stdio[3].once("data", (data) => resolve(String(data).trim()));
    screen.once("exit", (status) => reject(new Error(`Xvfb ended with status ${status}`)));
  });
  return { display: `:${number}`, close: () => screen.kill() };
}

/** Ask again and again until the driver takes a session. */
async function openSession(port) {
  const options = {
    binary: findBrowser(),
    args: ["--automation", "--enable-media-stream=true", "--enable-mock-capture-devices=true"],
  };
  const builder = new Builder()
    .disableEnvironmentOverrides()
    .usingServer(`http://127.0.0.1:${port}`)
    .withCapabilities({ browserName: "MiniBrowser", "webkitgtk:browserOptions": options });
  for (let tries = 0; ; tries++) {
    try {
      return await builder.build();
    } catch (error) {
      if (tries === 20) throw error;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
}

/**
 * Start WebKit with a fresh profile.
 *
 * @returns {Promise<{driver: import("selenium-webdriver").WebDriver, close: () => Promise<void>}>}
 */
export async function startWebKit() {
  const [screen, port] = [await startScreen(), await findPort()];
  const env = { ...process.env, DISPLAY: screen.display };
  const server = spawn("/usr/bin/WebKitWebDriver", [`--port=${port}`], { env, stdio: "ignore" });
  const stop = () => {
    server.kill();
    screen.close();
  };
  try {
    const driver = await openSession(port);
    await driver.manage().setTimeouts({ script: PATIENCE, pageLoad: PATIENCE, implicit: PATIENCE });
    const close = async () => {
      await driver.quit();
      stop();
    };
    return { driver, close };
  } catch (error) {
    stop();
    throw error;
  }
}
