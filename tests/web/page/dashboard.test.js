// The dashboard in real headless Chromium: its numbers are the report's, it needs no mouse and no network.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { startSite } from "../../helpers/page.js";
import { DIST, serveSite } from "../../helpers/site.js";

const REPORT = JSON.parse(readFileSync(join(DIST, "models", "report.json"), "utf8"));
const CONTRACT = JSON.parse(readFileSync(join(DIST, "models", "contract.json"), "utf8"));
const SPLIT = ["PrivateTest", "PublicTest", "Validation"].find((name) => REPORT.evaluation.splits[name]);
const SECTION_OF = {
  guess: "evaluation",
  classes: "data",
  duplicates: "data",
  votes: "evaluation",
  readings: "evaluation",
  doubt: "evaluation",
  curves: "history",
  runs: "evaluation",
  confusion: "evaluation",
  expressions: "evaluation",
  sure: "evaluation",
  light: "evaluation",
  hidden: "evaluation",
  outside: "photos",
  artifacts: "artifacts",
  selftest: null,
  peers: "peers",
};

let site;
let browser;
let context;

beforeAll(async () => {
  const own = await startSite();
  ({ site, browser } = own);
  return own.close;
});

afterEach(() => context?.close());

/** The dashboard, drawn; `report` replaces the one that the site has. Errors of the page fail the test. */
async function openDashboard({ report, body, ...options } = {}) {
  context = await browser.newContext({
    viewport: { width: 1280, height: 900 },
    locale: "en-US",
    serviceWorkers: "block",
    ...options,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(120_000);
  const errors = [];
  page.on("pageerror", (error) => errors.push(error.message));
  page.errors = errors;
  if (report !== undefined) await page.route("**/models/report.json", (route) => route.fulfill({ json: report }));
  if (body) await page.route("**/models/report.json", (route) => route.fulfill(body));
  await page.goto(`${site.address}dashboard.html`);
  await page.waitForSelector("#main[data-ready]");
  await page.waitForFunction(() =>
    [...document.querySelectorAll(".drawing")].every((svg) => svg.childElementCount > 0),
  );
  return page;
}

// ---- numbers ---------------------------------------------------------------------------------

/** The value at a JSON pointer (RFC 6901). */
const lookUp = (report, pointer) =>
  pointer
    .split("/")
    .slice(1)
    .reduce((value, key) => value?.[key.replaceAll("~1", "/").replaceAll("~0", "~")], report);

const sum = (values) => values.reduce((total, value) => total + value, 0);
const OPERATIONS = {
  sum: (...values) => sum(values),
  ratio: (a, b) => a / b,
  largest: (...values) => Math.max(...values),
  share: (part, ...all) => part / sum(all),
};

/** What the report holds for a source: a pointer, or an operation and its pointers. */
function computeSource(report, source) {
  if (source.startsWith("/")) return lookUp(report, source); // a key may hold blanks
  const [first, ...rest] = source.split(" ");
  return OPERATIONS[first](...rest.map((pointer) => lookUp(report, pointer)));
}

const RAISED = { "⁻": "-", "⁰": 0, "¹": 1, "²": 2, "³": 3, "⁴": 4, "⁵": 5, "⁶": 6, "⁷": 7, "⁸": 8, "⁹": 9 };
const UNITS = { "%": 0.01, " kB": 1e3, " MB": 1e6, K: 1e3, M: 1e6, " ms": 1, " min": 1, " points": 0.01, "": 1 };

/** An English number as written on the page, and half a unit of its last digit. */
function readNumber(text) {
  const [, sign, digits, power, unit] = text.match(/^([+-]?)([\d,]+(?:\.\d+)?)(?: × 10([⁻⁰¹²³⁴-⁹]+))?(.*)$/u) ?? [];
  if (digits === undefined || !(unit in UNITS)) throw new Error(`no number: ${text}`);
  const scale = UNITS[unit] * (power ? 10 ** Number([...power].map((digit) => RAISED[digit]).join("")) : 1);
  const decimals = digits.split(".")[1]?.length ?? 0;
  return { value: Number(`${sign}${digits.replaceAll(",", "")}`) * scale, half: 0.5 * 10 ** -decimals * scale };
}

/** Open all tables, and wait until they are there. */
async function openTables(page) {
  await page.$$eval("details", (all) => all.forEach((details) => (details.open = true)));
  await page.waitForFunction(() =>
    [...document.querySelectorAll("details")].every((details) => details.querySelector("table")),
  );
}

const listNumbers = (page) =>
  page.$$eval("[data-source]:not([data-live] *)", (elements) =>
    elements.map(({ textContent, dataset }) => ({
      text: textContent,
      value: Number(dataset.value),
      source: dataset.source,
    })),
  );

/** Words on the page that hold a digit and are names, not measured numbers. */
const NAMES = [
  /FER-2013/g,
  /48x48/g,
  /95%/g,
  /100%/g,
  /F1/g,
  /top-?3/g,
  /float32|float16|uint16|int8/g,
  /from 0\b|0 black to 255 white|0 = all/g,
  /to 1\b/g,
  /(tflite-runtime|ai-edge-litert|Node|Chromium) [\d.]+/g,
  /Models?/g,
];

describe("numbers", () => {
  it("are all the report's, in charts, sentences and tables", async () => {
    const page = await openDashboard();
    await openTables(page);
    const numbers = await listNumbers(page);
    expect(numbers.length).toBeGreaterThan(500);
    for (const { text, value, source } of numbers) {
      const expected = computeSource(REPORT, source);
      expect(expected, source).toBeTypeOf("number");
      expect(value, source).toBeCloseTo(expected, 10);
      const read = readNumber(text);
      expect(Math.abs(read.value - expected), `${text} for ${expected} at ${source}`).toBeLessThanOrEqual(
        read.half * 1.0001 + 1e-12,
      );
    }
    expect(page.errors).toEqual([]);
  });

  it("follow the report when it changes", async () => {
    const report = structuredClone(REPORT);
    report.evaluation.splits[SPLIT].labels.accuracy.share = 0.123456;
    report.data.counts.Training.happy = 98_765;
    const page = await openDashboard({ report });
    expect(await page.textContent("#confusion .say")).toContain("12.3%");
    expect(await page.textContent("#tiles")).toContain("12.3%");
    expect(await page.textContent("#figure-counts .drawing")).toContain("98,765");
  });

  it("stand nowhere without their source", async () => {
    const page = await openDashboard();
    const texts = await page.$$eval("#tiles, .say", (elements) =>
      elements.map((element) => {
        const copy = element.cloneNode(true);
        for (const number of copy.querySelectorAll("[data-source]")) number.remove();
        return copy.textContent;
      }),
    );
    const missing = await page.$$eval(".story > .notice", (notices) => notices.length);
    expect(texts).toHaveLength(1 + Object.keys(SECTION_OF).length - missing);
    const runs = REPORT.evaluation.runs
      .map((run) => run.run)
      .concat(REPORT.history.run, REPORT.peers?.networks.map((row) => row.name) ?? []);
    for (const text of texts) {
      const rest = runs
        .sort((a, b) => b.length - a.length)
        .reduce(
          (left, name) => left.replaceAll(name, ""),
          NAMES.reduce((left, name) => left.replaceAll(name, ""), text),
        );
      expect(rest, text).not.toMatch(/\d/);
    }
  });
});

// ---- what is missing -------------------------------------------------------------------------

describe("a report without a section", () => {
  it.each(["data", "history", "evaluation", "artifacts", "photos", "peers"])(
    "%s: a notice stands where its charts would",
    async (name) => {
      const { [name]: _, ...report } = REPORT;
      const page = await openDashboard({ report });
      for (const id of Object.keys(SECTION_OF).filter((one) => SECTION_OF[one] === name)) {
        expect(await page.textContent(`#${id} .notice`), id).toContain(`“${name}” is missing`);
        expect(await page.$$(`#${id} svg`), id).toEqual([]);
      }
      expect(page.errors).toEqual([]);
    },
  );

  it("of which nothing is there, or which is cut short, gives notices only", async () => {
    for (const body of [{ status: 404, body: "not found" }, { body: '{"data": {' }]) {
      const page = await openDashboard({ body });
      expect(await page.$$eval("#sections .notice", (notices) => notices.length)).toBe(16);
      expect(await page.$$(".chart")).toEqual([]);
      expect(page.errors).toEqual([]);
      await context.close();
    }
  });

  it("whose pictures have no votes shows the rest", async () => {
    const report = structuredClone(REPORT);
    Object.assign(report.evaluation.splits[SPLIT], { votes: null, people: null, slices: {} });
    const page = await openDashboard({ report });
    expect(await page.$$("#votes .notice, #doubt .notice, #light .notice")).toHaveLength(3);
    expect(await page.$$("#figure-overall .bar")).toHaveLength(2);
    expect(page.errors).toEqual([]);
  });
});

// ---- reading it ------------------------------------------------------------------------------

describe("reading", () => {
  it("each chart has a text alternative, and its numbers as a table that opens by keyboard", async () => {
    const page = await openDashboard();
    await openTables(page);
    const figures = await page.$$eval("figure", (all) =>
      all.map((figure) => ({
        id: figure.id,
        name: figure.querySelector("svg.drawing").ariaLabel,
        cells: figure.querySelectorAll("td").length,
      })),
    );
    expect(figures.length).toBeGreaterThan(8);
    for (const { id, name, cells } of figures) {
      expect(name.length, id).toBeGreaterThan(60);
      expect(name, id).not.toContain("{");
      expect(cells, id).toBeGreaterThan(1);
    }
    await page.focus("#figure-counts summary");
    await page.keyboard.press("Enter");
    expect(await page.isVisible("#figure-counts table")).toBe(false);
    await page.keyboard.press("Enter");
    expect(await page.isVisible("#figure-counts table")).toBe(true);
  });

  it("a mark is told by pointer, and by the arrow keys aloud", async () => {
    const page = await openDashboard();
    const bar = page.locator("#figure-counts .bar").first();
    await bar.scrollIntoViewIfNeeded();
    const box = await bar.boundingBox();
    await page.mouse.move(box.x + box.width - 2, box.y + box.height / 2);
    const text = `Angry, Training: ${REPORT.data.counts.Training.angry.toLocaleString("en")}`;
    expect(await page.textContent("#tip")).toBe(text);
    await page.mouse.move(5, 5);
    expect(await page.isVisible("#tip")).toBe(false);
    await page.focus("#figure-counts .drawing");
    await page.keyboard.press("ArrowRight");
    expect(await page.textContent("#spoken")).toBe(text);
    await page.keyboard.press("ArrowRight");
    expect(await page.textContent("#spoken")).not.toBe(text);
    expect(await page.getAttribute("body", "class")).not.toBe("presenting");
    await page.keyboard.press("Escape");
    expect(await page.isVisible("#tip")).toBe(false);
  });

  it("the confusion matrix explains cells, rows and columns in words", async () => {
    const page = await openDashboard();
    const { confusion, classes } = REPORT.evaluation.splits[SPLIT].labels;
    const [sad, neutral] = ["sad", "neutral"].map((label) => CONTRACT.labels.indexOf(label));
    const words = page.locator("#figure-matrix .words");
    await page
      .locator("#figure-matrix .cell")
      .nth(sad * 7 + neutral)
      .click();
    const row = sum(confusion[sad]);
    const share = Math.round((100 * confusion[sad][neutral]) / row);
    expect(await words.textContent()).toContain(
      `${confusion[sad][neutral]} of the ${row} faces labelled Sad are answered Neutral: that is ${share}%`,
    );
    await page.locator("#figure-matrix .name").nth(sad).click();
    expect(await words.textContent()).toMatch(
      new RegExp(`^Row Sad: .* which is ${Math.round(100 * classes.sad.recall)}% \\(recall\\)`),
    );
    await page
      .locator("#figure-matrix .emoji")
      .nth(2 * neutral)
      .click(); // a column's and a row's in turn
    expect(await words.textContent()).toMatch(
      new RegExp(`^Column Neutral: .* which is ${Math.round(100 * classes.neutral.precision)}% \\(precision\\)`),
    );
    await page.focus("#figure-matrix .drawing");
    for (const key of ["ArrowDown", "ArrowRight", "ArrowDown"]) await page.keyboard.press(key);
    expect(await words.textContent()).toContain(
      `${confusion[1][1]} of the ${sum(confusion[1])} faces labelled Disgust are found`,
    );
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("ArrowLeft");
    expect(await words.textContent()).toContain("Row Disgust:");
  });

  it("the artifacts' table is sorted by each column, up and down", async () => {
    const page = await openDashboard();
    await page.waitForSelector("#figure-files table");
    const readColumn = (column) =>
      page.$$eval(`#figure-files tbody tr > :nth-child(${column})`, (cells) =>
        cells.map((cell) => Number(cell.dataset.value)),
      );
    const sizes = (await readColumn(3)).toSorted((a, b) => a - b);
    const button = page.locator("#figure-files thead button").nth(2);
    await button.focus();
    await page.keyboard.press("Enter");
    expect(await readColumn(3)).toEqual(sizes);
    expect(await page.getAttribute("#figure-files thead th:nth-child(3)", "aria-sort")).toBe("ascending");
    await button.click();
    expect(await readColumn(3)).toEqual(sizes.toReversed());
    expect(new Set(sizes).size).toBeGreaterThan(3);
    const names = page.locator("#figure-files thead button").first();
    await names.click();
    const texts = await page.$$eval("#figure-files tbody th", (cells) => cells.map((cell) => cell.textContent));
    expect(texts).toEqual(texts.toSorted((a, b) => a.localeCompare(b)));
  });

  it("a phone scrolls one way only; German has German numbers", async () => {
    const page = await openDashboard({ viewport: { width: 360, height: 740 }, locale: "de-DE", hasTouch: true });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
    expect(await page.textContent("h1")).toBe("Die Geschichte der Daten und des Modells");
    const share = REPORT.evaluation.splits[SPLIT].labels.accuracy.share;
    expect(await page.textContent("#confusion .say")).toContain(
      share.toLocaleString("de", { style: "percent", minimumFractionDigits: 1 }),
    );
    await page.locator("#figure-matrix .cell").first().tap();
    expect(await page.textContent("#figure-matrix .words")).toContain("Gesichter");
    await page.selectOption("#language", "en");
    await page.waitForFunction(() => document.querySelector("#classes h2").textContent.startsWith("Happy"));
  });

  it("prints light, without what only a screen needs", async () => {
    const page = await openDashboard({ colorScheme: "dark" });
    await page.emulateMedia({ media: "print" });
    for (const hidden of [".site-header", "#present", "#chapters", "#figure-counts summary"])
      expect(await page.isVisible(hidden), hidden).toBe(false);
    expect(await page.isVisible("#figure-counts svg.drawing")).toBe(true);
    expect(await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).toBe("rgb(255, 255, 255)");
  });
});

describe("weight", () => {
  it("has at most 60 kB of script beyond what the pages share, compressed", () => {
    const listScripts = (page) =>
      [...readFileSync(join(DIST, page), "utf8").matchAll(/assets\/[\w-]+\.js/g)].map(([path]) => path);
    const shared = new Set(listScripts("index.html"));
    const own = listScripts("dashboard.html").filter((path) => !shared.has(path));
    expect(own).not.toEqual([]);
    expect(sum(own.map((path) => gzipSync(readFileSync(join(DIST, path))).length))).toBeLessThan(60_000);
  });
});

// ---- slides ----------------------------------------------------------------------------------

describe("slides", () => {
  const readPlace = (page) => page.textContent("#slide-place");
  const listVisible = (page) =>
    page.$$eval(".slide", (slides) => slides.filter((slide) => slide.offsetHeight > 0).map((slide) => slide.id));

  it("are shown, turned and left by keyboard alone", async () => {
    const page = await openDashboard();
    await page.focus("#present");
    await page.keyboard.press("Enter");
    expect(await readPlace(page)).toBe("1 / 18");
    await page.keyboard.press("ArrowRight");
    expect(await listVisible(page)).toEqual(["guess"]);
    expect(await page.evaluate(() => document.activeElement.id)).toBe("guess-title");
    expect(await page.isVisible(".site-header")).toBe(false);
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("ArrowLeft");
    expect(await readPlace(page)).toBe("1 / 18");
    await page.keyboard.press("End");
    expect(await listVisible(page)).toEqual(["peers"]);
    expect(await page.isDisabled("#slide-next")).toBe(true);
    await page.keyboard.press("ArrowRight");
    expect(await readPlace(page)).toBe("18 / 18");
    await page.keyboard.press("Escape");
    await page.waitForFunction(() => !document.body.classList.contains("presenting"));
    expect((await listVisible(page)).length).toBe(18);
    expect(await page.evaluate(() => document.activeElement.id)).toBe("peers-title");
    expect(await page.isVisible("#slide-bar")).toBe(false);
  });

  it("begin where the reader is, and turn by button", async () => {
    const page = await openDashboard();
    await page.evaluate(() => document.querySelector("#sure").scrollIntoView({ behavior: "instant" }));
    await page.keyboard.press("ArrowRight");
    expect(await listVisible(page)).toEqual(["sure"]);
    await page.click("#slide-next");
    expect(await listVisible(page)).toEqual(["light"]);
    await page.click("#slide-leave");
    expect((await listVisible(page)).length).toBe(18);
  });

  it("do not move for those who asked for less motion", async () => {
    const page = await openDashboard({ reducedMotion: "reduce" });
    await page.click("#present");
    await page.keyboard.press("ArrowRight");
    expect(await page.$eval("#guess", (slide) => getComputedStyle(slide).animationName)).toBe("none");
  });
});

// ---- this device -----------------------------------------------------------------------------

describe("this device", () => {
  it("runs the self-test and draws each golden's difference from Keras", async () => {
    const page = await openDashboard();
    await page.click("#selftest button");
    await page.waitForSelector("#figure-differences .dot");
    const golden = JSON.parse(readFileSync(join(DIST, "models", "golden", "golden.json"), "utf8"));
    const faces = golden.faces.length + sum(golden.photos.map((photo) => photo.faces.length));
    expect(await page.$$("#figure-differences .dot")).toHaveLength(faces);
    expect(await page.textContent("#selftest .verdict.passed")).toContain(
      `${faces} faces and ${golden.photos.length} photos`,
    );
    await openTables(page);
    const differences = await page.$$eval("#figure-differences td", (cells) =>
      cells.map((cell) => Number(cell.dataset.value)),
    );
    expect(differences).toHaveLength(faces);
    expect(Math.max(...differences)).toBeLessThan(0.01);
    expect(Math.max(...differences)).toBeGreaterThan(0);
    expect(page.errors).toEqual([]);
  });

  it("keeps a running self-test through a change of language", async () => {
    const page = await openDashboard();
    let workers = 0;
    page.on("worker", () => workers++);
    await page.click("#selftest button");
    await page.selectOption("#language", "de");
    await page.waitForSelector("html[lang=de]");
    expect(await page.isDisabled("#selftest button")).toBe(true);
    expect(await page.textContent("#selftest .status")).toMatch(/\S/);
    await page.waitForSelector("#selftest .verdict.passed");
    expect(await page.textContent("#selftest .verdict")).toMatch(/^Bestanden/);
    expect(await page.isEnabled("#selftest button")).toBe(true);
    expect(workers).toBe(1);
  });

  it("says so when the network cannot be loaded", async () => {
    const page = await openDashboard();
    await page.route("**/models/tfjs/**", (route) => route.fulfill({ status: 404 }));
    await page.click("#selftest button");
    await page.waitForFunction(() =>
      document.querySelector("#selftest .status").textContent.startsWith("The self-test could not run"),
    );
    expect(await page.isEnabled("#selftest button")).toBe(true);
  });

  it("shows the dashboard without a network after the first visit", async () => {
    const own = await serveSite();
    context = await browser.newContext({ locale: "en-US" });
    const page = await context.newPage();
    await page.goto(`${own.address}dashboard.html`);
    await page.evaluate(() => navigator.serviceWorker.ready);
    await page.waitForFunction(
      async () => (await caches.keys()).length > 0 && document.documentElement.dataset.offline === "ready",
    );
    await own.close();
    await page.reload();
    await page.waitForSelector("#main[data-ready]");
    await page.waitForSelector("#figure-matrix .cell");
    expect(await page.textContent("#classes .say")).toContain(REPORT.data.counts.Training.happy.toLocaleString("en"));
  });
});
