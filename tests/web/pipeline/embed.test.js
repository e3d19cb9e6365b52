// The examples of docs/embed.md and of the package's README, and the element <emoji-face>, in Chromium.

import { execSync } from "node:child_process";
import { createRequire } from "node:module";
import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import puppeteer from "puppeteer-core";
import { build } from "vite";
import { compile } from "svelte/compiler";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { installPackage, linkPackages, listBlocks } from "../../helpers/package.js";
import { SAMPLE, askCommand, compareResults, watchPage } from "../../helpers/page.js";
import { ROOT, serveSite, startChromium } from "../../helpers/site.js";
import { hasWebKit, startWebKit } from "../../helpers/webkit.js";

const STRINGS = join(ROOT, "web", "pipeline", "element", "strings");
const contract = JSON.parse(readFileSync(join(ROOT, "models", "contract.json"), "utf8"));
const GUIDE = "docs/embed.md";
const README = "web/pipeline/README.md";
const GROUP = join(ROOT, "models", "golden", "photos", "group.jpg");
const POLICY = /`(default-src[^`]+)`/.exec(readFileSync(join(ROOT, GUIDE), "utf8"))[1];
const KEEP = "document.addEventListener('emoji-answer', ({ detail }) => (window.answers ??= []).push(detail));";

const axe = readFileSync(createRequire(join(ROOT, "web", "package.json")).resolve("axe-core/axe.min.js"), "utf8");

let own, browser, expected, site;

/** A page's text with a title, as small as it can be. */
const writePage = (body, attributes = ' lang="en"') =>
  `<!doctype html><html${attributes}><meta charset="utf-8"><title>page</title>${body}</html>`;

beforeAll(async () => {
  own = installPackage();
  expected = askCommand([SAMPLE, GROUP]);
  browser = await startChromium();
});

afterAll(async () => {
  await site?.close();
  await browser?.close();
  own?.remove();
});

/** A folder of static files beside those of the package's dist. */
function makeFolder(name, files) {
  const folder = join(own.folder, name);
  mkdirSync(folder);
  cpSync(join(own.installed, "dist"), join(folder, "dist"), { recursive: true });
  cpSync(join(own.installed, "dist"), folder, { recursive: true });
  copyFileSync(SAMPLE, join(folder, "photo.jpg"));
  copyFileSync(GROUP, join(folder, "group.jpg"));
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
  return folder;
}

const serveFolder = (folders, headers = {}) =>
  serveSite({ folders, headers, extra: { "/favicon.ico": Buffer.alloc(0) } });

/** Open a page of the site; lines of its console are kept. */
async function open(path, options = {}) {
  const page = await (await browser.newContext(options)).newPage();
  watchPage(page);
  page.lines = [];
  page.on("console", (message) => message.type() === "log" && page.lines.push(message));
  await page.goto(new URL(path, site.address).href);
  return page;
}

const awaitAnswer = async (page, count = 1) => {
  await page.waitForFunction((least) => (window.answers ?? []).length >= least, count);
  return page.evaluate((at) => window.answers[at], count - 1);
};

/** What axe-core finds, in shadow roots too: [rule, element] each. */
async function findViolations(page) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document.querySelector("emoji-face")));
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => [id, html]));
}

const expectSample = (result) => expect(compareResults(result, expected[SAMPLE], contract)).toEqual([]);

test("the element has the page's languages, each with every text", async () => {
  const list = (folder) => readdirSync(folder).map((name) => name.split(".")[0]);
  expect(list(STRINGS)).toEqual(list(join(ROOT, "web", "page", "shared", "strings")));
  const load = async (name) => (await import(join(STRINGS, `${name}.js`))).default;
  const english = Object.keys(await load("en"));
  for (const name of list(STRINGS).filter((language) => language !== "en")) {
    const strings = await load(name);
    const labels = contract.labels.map((label) => `label.${label}`);
    expect([name, Object.keys(strings).sort()]).toEqual([name, [...english, ...labels].sort()]);
    for (const key of english) {
      const find = (text) => text.match(/\{\w+\}/g)?.sort() ?? [];
      expect([name, key, find(strings[key])]).toEqual([name, key, find((await load("en"))[key])]);
    }
  }
});

describe("without a bundler", () => {
  beforeAll(async () => {
    const [lines] = listBlocks(GUIDE, "html");
    const [scripts] = listBlocks(README, "html");
    const element = (attributes) =>
      `<script type="module" src="emoji-face.js"></script><emoji-face ${attributes}></emoji-face>`;
    const folder = makeFolder("static", {
      "keep.js": KEEP,
      "ten.html": lines,
      "plain.html": writePage(`<body>${scripts}`),
      "element.html": writePage(
        `<style>p { color: rgb(1, 2, 3) }</style><p>text</p><script src="keep.js"></script>${element('src="photo.jpg" top="3"')}`,
      ),
      "strict.html": writePage(`<script src="keep.js"></script>${element('src="group.jpg" top="2"')}`),
      "empty.html": writePage(`<script src="keep.js"></script>${element("")}`, ' lang="de-AT"'),
      "lost.html": writePage(`<script src="keep.js"></script>${element('src="nowhere.jpg"')}`),
      "bare.html": writePage(`<script src="keep.js"></script>${element('src="photo.jpg" assets="/nowhere/"')}`),
      "text.jpg": "no picture",
      "50% off.jpg": readFileSync(SAMPLE),
    });
    const headers = { "content-security-policy": POLICY };
    const [open_, strict] = [await serveFolder({ "/": folder }), await serveFolder({ "/": folder }, headers)];
    site = {
      address: open_.address,
      strict: strict.address,
      close: () => Promise.all([open_.close(), strict.close()]),
    };
  });

  afterAll(async () => {
    await site.close();
    site = undefined;
  });

  test("ten lines of HTML", async () => {
    const [lines] = listBlocks(GUIDE, "html");
    expect(lines.trim().split("\n").length).toBeLessThanOrEqual(11);
    const page = await open("ten.html");
    await expect.poll(() => page.lines.length, { timeout: 120_000 }).toBeGreaterThan(0);
    expectSample(await page.lines[0].args()[0].jsonValue());
    expect(page.problems).toEqual([]);
  });

  test("the pipeline in a plain script", async () => {
    const page = await open("plain.html");
    const [{ expressions }] = expected[SAMPLE].faces;
    await expect.poll(() => page.innerText("body"), { timeout: 120_000 }).toBe(expressions[0].emoji);
    expect(page.problems).toEqual([]);
  });

  test("under a strict policy, in a thread of its own", async () => {
    const page = await open(`${site.strict}strict.html`);
    const { result } = await awaitAnswer(page);
    expect(result.faces.map(({ expressions }) => expressions.length)).toEqual(expected[GROUP].faces.map(() => 2));
    const top = expected[GROUP].faces.map((face) => ({ ...face, expressions: face.expressions.slice(0, 2) }));
    expect(compareResults(result, { ...expected[GROUP], faces: top }, contract)).toEqual([]);
    expect(page.workers().length).toBe(1);
    expect(page.problems).toEqual([]);
  });

  test("Firefox, too", async () => {
    const executablePath = [process.env.FIREFOX, "/usr/bin/firefox-esr", "/usr/bin/firefox"].find(
      (path) => path && existsSync(path),
    );
    const firefox = await puppeteer.launch({ browser: "firefox", executablePath, headless: true });
    try {
      const page = await firefox.newPage();
      await page.goto(`${site.strict}element.html`);
      // The policy forbids what Puppeteer's waitForFunction does in Firefox.
      await expect.poll(() => page.evaluate(() => Boolean(window.answers)), { timeout: 240_000 }).toBe(true);
      expectSample(JSON.parse(await page.evaluate(() => JSON.stringify(window.answers[0].result))));
    } finally {
      await firefox.close();
    }
  });

  test.runIf(hasWebKit())("WebKit, too (Debian: webkit2gtk-driver, xvfb)", async () => {
    const { driver, close } = await startWebKit();
    try {
      await driver.get(`${site.strict}element.html`);
      const read = () => driver.executeScript("return window.answers && JSON.stringify(window.answers[0].result)");
      expectSample(JSON.parse(await driver.wait(read, 240_000)));
    } finally {
      await close();
    }
  });

  test("a percent sign in an address, an address that is none, and no address any more", async () => {
    const page = await open("element.html");
    await awaitAnswer(page);
    const change = (address) => page.$eval("emoji-face", (face, value) => face.setAttribute("src", value), address);
    await change("50% off.jpg");
    expectSample((await awaitAnswer(page, 2)).result);
    await change("https://[");
    expect(await awaitAnswer(page, 3)).toMatchObject({ code: "unreadable", failure: { photo: "[" } });
    await change("photo.jpg");
    await awaitAnswer(page, 4);
    const left = await page.$eval("emoji-face", (face) => {
      face.removeAttribute("src");
      const find = (part) => face.shadowRoot.querySelector(`[part=${part}]`);
      return [face.result, find("stage").hidden, find("status").textContent, find("faces").childElementCount];
    });
    expect(left).toEqual([null, true, "", 0]);
    expect(page.problems).toEqual([]);
  });

  test("a caller's bitmap stays open, and each report of progress is an object of its own", async () => {
    const page = await open("plain.html");
    const seen = await page.evaluate(`(async () => {
      const { createClassifier } = await import("/dist/emoji-edge.js");
      const reports = [];
      const classifier = await createClassifier({ onProgress: (report) => reports.push(report) });
      const bitmap = await createImageBitmap(await (await fetch("photo.jpg")).blob());
      const { faces } = await classifier.classify(bitmap);
      return [faces.length, bitmap.width, reports.map(({ stage }) => stage), new Set(reports).size === reports.length];
    })()`);
    expect(seen[0]).toBe(1);
    expect(seen[1]).toBeGreaterThan(0);
    expect([seen[2][0], seen[2].at(-1), seen[3]]).toEqual(["download", "ready", true]);
  });

  test("it works where the policy allows no worker", async () => {
    const page = await (await browser.newContext()).newPage();
    watchPage(page);
    await page.route("**/strict.html", async (route) => {
      const policy = POLICY.replace("worker-src 'self'", "worker-src 'none'");
      await route.fulfill({
        response: await route.fetch(),
        headers: { "content-type": "text/html", "content-security-policy": policy },
      });
    });
    await page.goto(`${site.address}strict.html`);
    const { result } = await awaitAnswer(page);
    expect(result.faces.length).toBe(expected[GROUP].faces.length);
    expect(page.workers().length).toBe(0);
  });

  test("photo, boxes, emoji, names and scores are shown, and nothing outside is styled", async () => {
    const page = await open("element.html");
    const { result } = await awaitAnswer(page);
    expectSample(result);
    const shown = await page.evaluate(() => {
      const { shadowRoot } = document.querySelector("emoji-face");
      const find = (part) => [...shadowRoot.querySelectorAll(`[part=${part}]`)];
      const [photo, box] = [find("photo")[0].getBoundingClientRect(), find("box")[0].getBoundingClientRect()];
      return {
        texts: Object.fromEntries(
          ["mark", "emoji", "label", "score", "status"].map((part) => [part, find(part).map((e) => e.textContent)]),
        ),
        sheets: document.styleSheets.length + document.adoptedStyleSheets.length,
        outside: getComputedStyle(document.querySelector("p")).color,
        inside: getComputedStyle(find("status")[0]).color,
        middle: [(box.x + box.width / 2 - photo.x) / photo.width, (box.y + box.height / 2 - photo.y) / photo.height],
      };
    });
    const [
      {
        box: [x0, y0, x1, y1],
        expressions,
      },
    ] = result.faces;
    const [width, height] = result.size;
    expect(shown.texts.emoji).toEqual(expressions.map(({ emoji }) => emoji));
    expect(shown.texts.mark).toEqual([result.faces[0].not_sure ? shown.texts.emoji.join("") : shown.texts.emoji[0]]);
    expect(shown.texts.label).toEqual(expressions.map(({ label }) => contract.display_names[label]));
    expect(shown.texts.score).toEqual(expressions.map(({ score }) => `${Math.floor(100 * score + 0.5)}%`));
    expect(shown.texts.status).toEqual(["1 face"]);
    expect([shown.sheets, shown.outside]).toEqual([1, "rgb(1, 2, 3)"]);
    expect(shown.inside).not.toBe("rgb(1, 2, 3)");
    expect(shown.middle[0]).toBeCloseTo((x0 + x1) / 2 / width, 1);
    expect(shown.middle[1]).toBeCloseTo((y0 + y1) / 2 / height, 1);
  });

  test("attributes that change change the answer; the latest photo wins", async () => {
    const page = await open("element.html");
    await awaitAnswer(page);
    await page.evaluate(() => document.querySelector("emoji-face").setAttribute("top", "7"));
    expect((await awaitAnswer(page, 2)).result.faces[0].expressions.length).toBe(7);
    await page.evaluate(() => {
      const element = document.querySelector("emoji-face");
      element.setAttribute("src", "photo.jpg?again");
      element.setAttribute("src", "group.jpg");
    });
    expect((await awaitAnswer(page, 3)).result.photo).toBe("group.jpg");
    expect(await page.evaluate(() => document.querySelector("emoji-face").result.photo)).toBe("group.jpg");
    for (const [at, [language, text, direction]] of [
      ["de", "4 Gesichter", "ltr"],
      ["ar", "عدد الوجوه: 4", "rtl"],
    ].entries()) {
      await page.evaluate((lang) => document.querySelector("emoji-face").setAttribute("lang", lang), language);
      await awaitAnswer(page, 4 + at);
      await expect.poll(() => page.getByRole("status").textContent()).toBe(text);
      expect(await page.locator("figure").getAttribute("dir")).toBe(direction);
    }
    expect(await page.evaluate(() => window.answers.length)).toBe(5);
  });

  test("a file by the keyboard and by drop, in the language of the page", async () => {
    const page = await open("empty.html");
    const chosen = page.waitForEvent("filechooser"); // early: the browser is told of it meanwhile
    const button = page.getByRole("button", { name: "Foto auswählen" });
    await button.waitFor();
    const reach = async () => {
      await page.keyboard.press("Tab"); // which a page that has only just come may miss
      return page.evaluate(() => document.activeElement?.localName);
    };
    await expect.poll(reach).toBe("emoji-face");
    await page.keyboard.press("Enter");
    await (await chosen).setFiles(SAMPLE);
    expectSample((await awaitAnswer(page)).result);
    await expect.poll(() => page.getByRole("status").textContent()).toBe("1 Gesicht");
    await page.evaluate(async () => {
      const transfer = new DataTransfer();
      const blob = await (await fetch("group.jpg")).blob();
      transfer.items.add(new File([blob], "dropped.jpg"));
      const figure = document.querySelector("emoji-face").shadowRoot.querySelector("figure");
      for (const type of ["dragover", "drop"])
        figure.dispatchEvent(new DragEvent(type, { dataTransfer: transfer, cancelable: true }));
    });
    expect((await awaitAnswer(page, 2)).result.photo).toBe("dropped.jpg");
    expect(await page.getByRole("list").first().getByRole("listitem").count()).toBeGreaterThan(4);
  });

  test.each([
    ["text.jpg", "unknown", "This is not a picture."],
    ["nowhere.jpg", "unreadable", "The photo cannot be read."],
  ])("%s: one clear message", async (name, code, text) => {
    const page = await open("element.html");
    await awaitAnswer(page);
    await page.evaluate((src) => document.querySelector("emoji-face").setAttribute("src", src), name);
    const answer = await awaitAnswer(page, 2);
    expect([answer.code, answer.failure.photo, answer.result]).toEqual([code, name, undefined]);
    expect(await page.getByRole("status").textContent()).toBe(text);
    expect(await page.evaluate(() => document.querySelector("emoji-face").result)).toBe(null);
    expect(await page.getByRole("img").isVisible()).toBe(false);
  });

  test("assets that are not there: one clear message", async () => {
    const page = await open("bare.html");
    const { code, failure } = await awaitAnswer(page);
    expect(code).toBe("broken");
    expect(failure.error).toMatch(/\/nowhere\/(contract|start)\.json cannot be loaded/); // which are fetched at once
  });

  test.each(["light", "dark"])("axe finds nothing, %s", async (colorScheme) => {
    const page = await open("element.html", { colorScheme });
    await page.addStyleTag({ content: ":root { color-scheme: light dark }" });
    await awaitAnswer(page);
    expect(await findViolations(page)).toEqual([]);
  });

  test("CSS variables change its look, and forced colours keep its bars", async () => {
    const page = await open("element.html", { forcedColors: "active" });
    await awaitAnswer(page);
    await page.addStyleTag({ content: "emoji-face { --emoji-face-accent: rgb(9, 8, 7); --emoji-face-radius: 5px }" });
    const [bar, radius] = await page.evaluate(() => {
      const { shadowRoot } = document.querySelector("emoji-face");
      const style = (part) => getComputedStyle(shadowRoot.querySelector(`[part=${part}]`));
      return [style("bar").backgroundColor, style("figure").borderRadius];
    });
    expect([bar, radius]).toEqual(["rgb(9, 8, 7)", "5px"]);
  });
});

describe("in a project that Vite builds", () => {
  beforeAll(async () => {
    const { folder } = own;
    linkPackages(folder, ["react", "react-dom", "scheduler", "svelte", "esm-env", "clsx"]);
    const [worker, page, config] = listBlocks(GUIDE, "js");
    const [program] = listBlocks(README, "js");
    const [react] = listBlocks(GUIDE, "jsx");
    const [svelte] = listBlocks(GUIDE, "svelte");
    mkdirSync(join(folder, "public"));
    execSync(/^cp -r .*/m.exec(readFileSync(join(ROOT, README), "utf8"))[0], { cwd: folder });
    copyFileSync(SAMPLE, join(folder, "public", "photo.jpg"));
    const files = {
      "program.js": `const file = await (await fetch("photo.jpg")).blob();\n${program}`,
      "worker.js": worker,
      "page.js": page,
      "Expression.jsx": react,
      "react.jsx": `import { createRoot } from "react-dom/client"; import { Expression } from "./Expression.jsx";
        createRoot(document.body).render(<Expression photo="photo.jpg" onAnswer={(result) => (window.answers = [result])} />);`,
      "Expression.svelte": svelte,
      "svelte.js": `import { mount } from "svelte"; import Expression from "./Expression.svelte";
        mount(Expression, { target: document.body, props: { photo: "photo.jpg", onAnswer: (result) => (window.answers = [result]) } });`,
      "program.html": writePage('<script type="module" src="./program.js"></script>'),
      "page.html": writePage('<label>Photo <input type="file"></label><script type="module" src="./page.js"></script>'),
      "react.html": writePage('<body><script type="module" src="./react.jsx"></script>'),
      "svelte.html": writePage('<body><script type="module" src="./svelte.js"></script>'),
      "vite.config.mjs": config,
    };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    const pages = ["program", "page", "react", "svelte"].map((name) => join(folder, `${name}.html`));
    await build({
      root: folder,
      configFile: join(folder, "vite.config.mjs"),
      logLevel: "error",
      esbuild: { jsx: "automatic" },
      resolve: { preserveSymlinks: true },
      plugins: [
        {
          name: "svelte",
          transform: (text, id) => (id.endsWith(".svelte") ? compile(text, { filename: id }).js : null),
        },
      ],
      build: { rollupOptions: { input: pages } },
    });
    site = await serveFolder({ "/": join(folder, "dist") });
  });

  test("the README's program", async () => {
    const page = await open("program.html");
    await expect.poll(() => page.lines.length, { timeout: 120_000 }).toBeGreaterThan(0);
    const [box, unsure, emoji, score] = await Promise.all(page.lines[0].args().map((value) => value.jsonValue()));
    const [face] = expected[SAMPLE].faces;
    expect([box, unsure, emoji]).toEqual([face.box, face.not_sure, face.expressions[0].emoji]);
    expect(Math.abs(score - face.expressions[0].score)).toBeLessThan(contract.same_answer.score);
    expect(page.problems).toEqual([]);
  });

  test("the worker", async () => {
    const page = await open("page.html");
    await page.setInputFiles("input", SAMPLE);
    await expect.poll(() => page.title(), { timeout: 120_000 }).toBe(expected[SAMPLE].faces[0].expressions[0].emoji);
    expect(page.workers().length).toBe(1);
    await page.setInputFiles("input", { name: "text.jpg", mimeType: "image/jpeg", buffer: Buffer.from("no picture") });
    await expect.poll(() => page.title(), { timeout: 120_000 }).toBe("not a picture");
  });

  test.each(["react", "svelte"])("%s", async (name) => {
    const page = await open(`${name}.html`);
    expectSample(await awaitAnswer(page));
    expect(page.problems).toEqual([]);
  });
});
