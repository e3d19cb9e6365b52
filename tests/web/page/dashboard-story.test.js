// The dashboard as a story, in real Chromium: the guess, the notes, what its charts say, and addresses of sections and slides.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { breakName } from "../../../web/page/dashboard/charts/rows.js";
import { splitVoters } from "../../../web/page/dashboard/report/voters.js";
import { startSite } from "../../helpers/page.js";
import { DIST, ROOT } from "../../helpers/site.js";

const REPORT = JSON.parse(readFileSync(join(DIST, "models", "report.json"), "utf8"));
const CONTRACT = JSON.parse(readFileSync(join(DIST, "models", "contract.json"), "utf8"));
const GERMAN = JSON.parse(readFileSync(join(ROOT, "web", "page", "shared", "strings", "de.json"), "utf8"));
const SPLIT = ["PrivateTest", "PublicTest", "Validation"].find((name) => REPORT.evaluation.splits[name]);
const SHOWN = REPORT.evaluation.splits[SPLIT];
const percent = (value, digits = 0) =>
  value.toLocaleString("en", { style: "percent", minimumFractionDigits: digits, maximumFractionDigits: digits });

let site, browser, context;

beforeAll(async () => {
  const own = await startSite();
  ({ site, browser } = own);
  return own.close;
});

afterEach(() => context?.close());

/** The dashboard with its charts drawn; `change` edits the report that it reads. */
async function openDashboard({ change, hash = "", ...options } = {}) {
  context = await browser.newContext({
    viewport: { width: 1280, height: 900 },
    locale: "en-US",
    serviceWorkers: "block",
    reducedMotion: "reduce",
    ...options,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(120_000);
  if (change) {
    const report = structuredClone(REPORT);
    change(report);
    await page.route("**/models/report.json", (route) => route.fulfill({ json: report }));
  }
  await page.goto(`${site.address}dashboard.html${hash}`);
  await page.waitForSelector("#main[data-ready]");
  return page;
}

/** The dashboard once every chart that is shown is drawn. */
async function openDrawn(options) {
  const page = await openDashboard(options);
  await page.waitForFunction(() => [...document.querySelectorAll(".drawing")].every((svg) => svg.childElementCount));
  return page;
}

// ---- the guess -------------------------------------------------------------------------------

describe("the guess", () => {
  it("comes first, and tells nothing before a word is chosen", async () => {
    const page = await openDashboard();
    expect(await page.$eval("#sections > section", (section) => section.id)).toBe("guess");
    expect(await page.$$eval(".round", (rounds) => rounds.length)).toBe(3);
    expect(await page.$$eval(".round .drawn-face[role=img]", (faces) => faces.map((face) => face.ariaLabel))).toEqual([
      "Drawn face 1",
      "Drawn face 2",
      "Drawn face 3",
    ]);
    expect(await page.$$eval(".guess-answer", (all) => all.map((one) => one.textContent).join(""))).toBe("");
  });

  it("answers by keyboard with the votes of the report, and keeps the word in another language", async () => {
    const page = await openDashboard();
    const round = page.locator(".round").nth(2); // fear
    const votes = SHOWN.people.mean_votes.fear;
    const index = CONTRACT.labels.indexOf("fear");
    await round.locator("[data-word=fear]").focus();
    await page.keyboard.press("Enter");
    const top = CONTRACT.labels[votes.indexOf(Math.max(...votes))];
    expect(await round.locator(".guess-answer p").first().textContent()).toBe(
      `You say Fear, as ${percent(votes[index])} of the votes do; most voters say ${CONTRACT.display_names[top]}, ` +
        `${percent(Math.max(...votes))}. The label is Fear. The network’s mean score for your word is ` +
        `${percent(SHOWN.people.mean_scores.fear[index])}.`,
    );
    expect(await round.locator(".voters img").count()).toBe(10);
    await round.locator(`[data-word=${top}]`).click();
    expect(await round.locator(".guess-answer").textContent()).toContain("as most voters do");
    expect(await round.locator("[aria-pressed=true]").count()).toBe(1);
    await page.selectOption("#language", "de");
    await page.waitForSelector("html[lang=de]");
    expect(await page.locator(".round [aria-pressed=true]").textContent()).toBe(GERMAN[`label.${top}`]);
  });

  it.each([
    [
      [0.5, 0.5],
      [5, 5],
    ],
    [
      [0.9, 0.08, 0.02],
      [9, 1, 0],
    ],
    [
      [1 / 3, 1 / 3, 1 / 3],
      [4, 3, 3],
    ],
    [
      [1, 0],
      [10, 0],
    ],
  ])("ten voters split %j as %j", (shares, counts) => expect(splitVoters(shares)).toEqual(counts));
});

// ---- the training curves ---------------------------------------------------------------------

/** A history that grows its pictures twice in a row and begins a phase anew. */
function makeHistory(report) {
  const rates = [1e-3, 8e-4, 5e-4, 1e-3, 6e-4, 2e-4];
  report.history.epochs = rates.map((rate, i) => ({
    ...report.history.epochs[0],
    epoch: i + 1,
    size: [32, 40, 48, 48, 48, 48][i],
    loss: 1.6 - 0.1 * i,
    val_loss: [1.9, 1.8, 1.7, 1.75, 1.5, 1.55][i],
    learning_rate: rate,
  }));
}

const listTexts = (page, selector) => page.$$eval(selector, (all) => all.map((one) => one.textContent));
const listBoxes = (page, selector) =>
  page.$$eval(selector, (all) =>
    all.map((one) => {
      const { left, right, top, bottom } = one.getBoundingClientRect();
      return { left, right, top, bottom, text: one.textContent };
    }),
  );
const overlaps = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
const listOverlaps = (boxes) =>
  boxes.flatMap((a, i) => boxes.slice(i + 1).flatMap((b) => (overlaps(a, b) ? [`${a.text} | ${b.text}`] : [])));

describe("the training curves", () => {
  it("explain their jumps, their lowest point and the gap between them", async () => {
    const page = await openDrawn({ change: makeHistory });
    const notes = await listTexts(page, "#curves .note");
    expect(notes.map((note) => note.split(":")[0])).toEqual([1, 2, 3, 4, 5, 6].map((epoch) => `Epoch ${epoch}`));
    expect(notes[1]).toContain("grow from 32 to 40 pixels");
    expect(notes[2]).toContain("grow from 40 to 48 pixels");
    expect(notes[3]).toContain("the learning rate rises again");
    expect(notes[4]).toContain("at its lowest, 1.500");
    expect(notes[5]).toContain("by heart"); // its training loss is below the other
    expect(await listTexts(page, "#figure-loss .note-mark text")).toEqual(["1", "2", "3", "4", "5", "6"]);
  });

  it("do not say that little follows the lowest point where nothing does", async () => {
    const change = (report) => {
      makeHistory(report);
      report.history.epochs.at(-1).val_loss = 1.4;
    };
    const notes = await listTexts(await openDrawn({ change }), "#curves .note");
    expect(notes.map((note) => note.split(":")[0])).toEqual([1, 2, 3, 4, 6].map((epoch) => `Epoch ${epoch}`));
    expect(notes.join(" ")).not.toContain("at its lowest");
  });

  it("say of the shipped run what its report says", async () => {
    const page = await openDrawn();
    const notes = await listTexts(page, "#curves .note");
    const { epochs } = REPORT.history;
    const best = epochs.reduce((low, next) => (next.val_loss < low.val_loss ? next : low));
    expect(notes[0]).toContain(percent(epochs[0].val_votes, 1));
    const told = notes.some((note) => note.startsWith(`Epoch ${best.epoch}: the validation loss is at its lowest`));
    expect(told).toBe(best !== epochs[0] && best !== epochs.at(-1));
    expect(notes.join(" ")).not.toMatch(/the pictures grow/); // they do not in this run
  });

  it("are those of the same run with a validation part where the shipped one has none, and say so", async () => {
    const change = (report) => Object.assign(report.history, { run: "last", temperatures_of: "with-validation" });
    const page = await openDrawn({ change });
    expect(await page.textContent("#curves .say")).toMatch(/^Run with-validation took/);
    expect(await page.textContent("#curves .twin")).toContain(
      "The run that ships, last, is the same but for one thing",
    );
    await page.context().close();
    const same = (report) => Object.assign(report.history, { run: "one", temperatures_of: "one" });
    expect(await (await openDrawn({ change: same })).$("#curves .twin")).toBe(null);
  });

  it("names of guides and numbers of notes keep apart, however near the epochs", async () => {
    for (const width of [390, 1280]) {
      const page = await openDrawn({ change: makeHistory, viewport: { width, height: 900 } });
      for (const figure of ["loss", "accuracy"]) {
        const boxes = await listBoxes(page, `#figure-${figure} .guide-name, #figure-${figure} .note-mark circle`);
        expect(boxes.length).toBe(8);
        expect(listOverlaps(boxes), `${figure} at ${width}`).toEqual([]);
      }
      await context.close();
    }
  });

  it("mark the note that is being read", async () => {
    const page = await openDrawn();
    await page.$eval("#curves .note:nth-child(2)", (note) =>
      note.scrollIntoView({ block: "center", behavior: "instant" }),
    );
    await page.waitForSelector("#curves .note:nth-child(2).current");
    expect(await listTexts(page, "#figure-loss .note-mark.current text")).toEqual(["2"]);
    expect(await listTexts(page, "#figure-accuracy .note-mark.current text")).toEqual(["2"]);
  });
});

// ---- what the charts say ---------------------------------------------------------------------

describe("true", () => {
  it("both figures of agreement say which faces they count", async () => {
    const page = await openDashboard();
    const right = SHOWN.not_sure.right_when_sure.share;
    expect(SHOWN.votes.agreement.share).toBeGreaterThan(right); // two definitions, two figures
    const text = await page.textContent("#sure .say");
    expect(text).toContain(percent(right, 1));
    expect(text).toContain(
      "a face without a majority counts as wrong here, while the agreement further up leaves it out",
    );
    expect(await page.getAttribute("#figure-coverage .drawing", "aria-label")).toContain(
      "without a majority counts as wrong",
    );
    expect(await page.textContent("#figure-coverage .drawing")).toContain("no majority: wrong");
  });

  it("every network stands with the pictures that it was measured on", async () => {
    const page = await openDrawn();
    const names = await listTexts(page, "#figure-voted .name");
    expect(names.length).toBeGreaterThan(3);
    for (const name of names) expect(name).toMatch(/,? (PublicTest|PrivateTest|Validation)$/);
    expect(names.filter((name) => name.startsWith("this network"))).toEqual([`this network, ${SPLIT}`]);
    expect(await listTexts(page, "#figure-field .legend li")).toEqual([
      `measured, ${SPLIT}`,
      `this network, ${SPLIT}`,
      "published, PrivateTest",
    ]);
    expect(await listTexts(page, "#figure-voted .legend li")).toEqual(["measured", "this network", "published"]);
    const published = REPORT.peers.networks.filter((row) => row.how === "published" && row.private_votes);
    const best = published.reduce((high, row) => (row.private_votes > high.private_votes ? row : high));
    expect(await page.textContent("#peers .say")).toContain(`${best.name}, on ${percent(best.private_votes, 1)}`);
    expect(await page.locator("#figure-voted .bar.series-2").count()).toBe(published.length);
  });

  it("no network is called “human”, and people are called people", async () => {
    const page = await openDrawn();
    const texts = [
      ...(await listTexts(page, "#figure-field .label, #figure-field .guide-name, #figure-voted .name")),
      ...(await listTexts(page, "#peers .say")),
    ];
    expect(texts.join("|")).toContain("@vladmandic/human");
    for (const text of texts) expect(text.replaceAll("@vladmandic/human", "")).not.toMatch(/human/i);
    expect(texts).toContain("people themselves, about");
  });

  it.each([1280, 390])("at %i pixels no name lies on the line of people or on another name", async (width) => {
    const page = await openDrawn({ viewport: { width, height: 900 } });
    const [line] = await listBoxes(page, "#figure-field line.guide");
    const names = await listBoxes(page, "#figure-field .label, #figure-field .guide-name");
    expect(names.length).toBeGreaterThan(2);
    const middles = names.map((box) => ({ ...box, top: box.top + 3, bottom: box.bottom - 3 })); // a text's box has room around
    for (const { text, top, bottom } of middles)
      expect(top < line.top && line.top < bottom, `${text} is struck through`).toBe(false);
    expect(listOverlaps(middles)).toEqual([]);
  });

  it.each(["en-US", "de-DE", "fr-FR"])("%s: on a phone no name of a row is cut off", async (locale) => {
    const page = await openDrawn({ viewport: { width: 360, height: 740 }, locale });
    const cut = await page.$$eval(".drawing", (drawings) =>
      drawings.flatMap((drawing) => {
        const { left } = drawing.getBoundingClientRect();
        const names = [...drawing.querySelectorAll(".name")];
        return names.filter((one) => one.getBoundingClientRect().left < left - 1).map((one) => one.textContent);
      }),
    );
    expect(cut).toEqual([]);
  });

  it("a long name has several lines, a short one has one", () => {
    const measure = (text) => 10 * text.length;
    expect(breakName("fear", 100, measure)).toEqual(["fear"]);
    expect(breakName("@vladmandic/face-api 1.7.15, PrivateTest", 130, measure)).toEqual([
      "@vladmandic/",
      "face-api",
      "1.7.15,",
      "PrivateTest",
    ]);
    expect(breakName("unbreakable", 20, measure)).toEqual(["unbreakable"]);
  });

  it("every chart says its value where the pointer is", async () => {
    const page = await openDrawn();
    const figures = await page.$$eval("figure", (all) => all.map(({ id }) => id));
    for (const id of figures) {
      const marks = page.locator(`#${id} .drawing :is(.bar, .dot, .cell, .line)`);
      const mark = ((await marks.count()) ? marks : page.locator(`#${id} .drawing .emoji`)).first();
      await mark.scrollIntoViewIfNeeded();
      await settle(page); // scrolling hides the tip
      const box = await mark.boundingBox();
      const isLine = await mark.evaluate((one) => one.classList.contains("line"));
      const point = isLine ? await findFirst(mark) : { x: box.x + box.width / 2, y: box.y + box.height / 2 };
      await page.mouse.move(point.x, point.y);
      expect(await page.isVisible("#tip"), id).toBe(true);
      expect(await page.textContent("#tip"), id).toMatch(/\d/);
      await page.mouse.move(1, 1);
    }
    expect(figures.length).toBeGreaterThan(15);
  });

  it("the lowest part of a slice is called chance where intervals overlap, and clear where they do not", async () => {
    const page = await openDashboard();
    const judge = (parts) => {
      const low = parts.reduce((a, b) => (b.share < a.share ? b : a));
      const high = parts.reduce((a, b) => (b.share > a.share ? b : a));
      return low.interval[1] < high.interval[0] ? "this is more than chance" : "this may be chance";
    };
    const text = await page.textContent("#light .say");
    const found = text.match(/this (is more than|may be) chance/g);
    expect(found).toEqual([judge(SHOWN.slices.brightness), judge(SHOWN.slices.contrast)]);
    await context.close();
    const change = (report) => {
      Object.assign(report.evaluation.splits[SPLIT].slices.brightness[0], { share: 0.5, interval: [0.45, 0.55] });
      report.evaluation.splits[SPLIT].slices.contrast.forEach((part, i) =>
        Object.assign(part, { share: 0.8 + i / 100, interval: [0.7, 0.95] }),
      );
    };
    const changed = await openDashboard({ change });
    const verdicts = (await changed.textContent("#light .say")).match(/this (is more than|may be) chance/g);
    expect(verdicts).toEqual(["this is more than chance", "this may be chance"]);
  });

  it("the group that is worse off is named only where that is more than chance", async () => {
    const page = await openDashboard();
    const { male } = REPORT.photos.sets.london.scores.groups.gender;
    expect(male.difference.clear).toBe(true);
    expect(await page.textContent("#outside .say")).toContain(
      `Clearly lower than for the others: men, ${percent(male.first.share, 1)}`,
    );
    await context.close();
    const change = (report) => {
      for (const kinds of Object.values(report.photos.sets.london.scores.groups))
        for (const kind of Object.values(kinds)) kind.difference.clear = false;
    };
    const even = await openDashboard({ change });
    expect(await even.textContent("#outside .say")).toContain("No group is clearly lower than the others.");
  });
});

/** Wait until the browser has told of what was scrolled. */
const settle = (page) =>
  page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));

/** A point of the window at the beginning of a line. */
const findFirst = (mark) =>
  mark.evaluate((path) => {
    const point = path.getPointAtLength(0).matrixTransform(path.getScreenCTM());
    return { x: point.x, y: point.y };
  });

describe("German", () => {
  it("has German names and decimals in every sentence, chart and table", async () => {
    const page = await openDrawn({ locale: "de-DE" });
    await page.$$eval("details", (all) => all.forEach((details) => (details.open = true)));
    await page.waitForFunction(() =>
      [...document.querySelectorAll("details")].every((one) => one.querySelector("table")),
    );
    const names = Object.values(CONTRACT.display_names).filter((name) => name !== GERMAN["label.neutral"]);
    const texts = await listTexts(page, "#sections :is(.say, td, th, text, .legend li, .word, .note)");
    for (const text of texts) expect(text).not.toMatch(new RegExp(`\\b(${names.join("|")})\\b`));
    const numbers = await listTexts(page, "[data-source]");
    expect(numbers.length).toBeGreaterThan(500);
    for (const number of numbers) expect(number).not.toMatch(/\d\.\d(?!\d\d)/); // 84,2 and 1.234
  });
});

// ---- addresses -------------------------------------------------------------------------------

const readHash = (page) => page.evaluate(() => location.hash);
const isPresenting = (page) => page.evaluate(() => document.body.classList.contains("presenting"));
const listShown = (page) =>
  page.$$eval(".slide", (slides) => slides.filter((slide) => slide.offsetHeight > 0).map((slide) => slide.id));

describe("the bar of chapters", () => {
  it.each(["en-US", "ar-EG"])("%s: marks the chapter that is read, and shows its name on a phone", async (locale) => {
    const page = await openDrawn({ viewport: { width: 390, height: 844 }, locale });
    for (const [id, chapter] of [
      ["peers", "peers"],
      ["sure", "result"],
      ["guess", "guess"],
    ]) {
      await page.evaluate((name) => document.getElementById(name).scrollIntoView({ behavior: "instant" }), id);
      await page.waitForSelector(`#chapters [data-chapter=${chapter}][aria-current=true]`);
      expect(await page.locator("#chapters [aria-current]").count()).toBe(1);
      await settle(page);
      const { x, width } = await page.locator("#chapters [aria-current]").boundingBox();
      expect(x, id).toBeGreaterThanOrEqual(0);
      expect(x + width, id).toBeLessThanOrEqual(390);
    }
  });
});

describe("addresses", () => {
  it("open at a section, or at its slide", async () => {
    const page = await openDrawn({ hash: "#sure" });
    await page.waitForFunction(() => Math.abs(document.querySelector("#sure").getBoundingClientRect().top) < 120);
    expect(await isPresenting(page)).toBe(false);
    await context.close();
    const slide = await openDashboard({ hash: "#sure/slide" });
    expect(await isPresenting(slide)).toBe(true);
    expect(await listShown(slide)).toEqual(["sure"]);
  });

  it.each(["#nothing", "#nothing/slide", "#%22'>", "#a b/slide"])(
    "%s names nothing, and the page is as ever",
    async (hash) => {
      const page = await openDrawn({ hash });
      expect(await isPresenting(page)).toBe(false);
      expect((await listShown(page)).length).toBe(18);
    },
  );

  it("follow the slides, and the back button undoes each step", async () => {
    const page = await openDashboard();
    await page.click("#present");
    expect(await readHash(page)).toBe("#start/slide");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowRight");
    expect(await readHash(page)).toBe("#classes/slide");
    await page.goBack();
    expect(await listShown(page)).toEqual(["guess"]);
    await page.goForward();
    expect(await listShown(page)).toEqual(["classes"]);
    await page.keyboard.press("Escape");
    await page.waitForFunction(() => !document.body.classList.contains("presenting"));
    expect(await readHash(page)).toBe("#classes");
    await page.goBack();
    expect(await listShown(page)).toEqual(["classes"]);
    for (const _ of ["guess", "start", ""]) await page.goBack();
    expect(await readHash(page)).toBe("");
    expect(await isPresenting(page)).toBe(false);
  });

  it("are copied by the link beside each title, of the section or of the slide", async () => {
    const page = await openDrawn({ permissions: ["clipboard-read", "clipboard-write"] });
    const readCopy = () => page.evaluate(() => navigator.clipboard.readText());
    const links = await page.$$eval(".section-link", (all) =>
      all.map((one) => [one.getAttribute("href"), one.ariaLabel]),
    );
    expect(links).toHaveLength(17);
    expect(links[0]).toEqual(["#guess", "Copy the link to “Which word would you choose?”"]);
    await page.click("#sure .section-link");
    await expect.poll(() => page.textContent("#spoken")).toBe("The link is copied.");
    expect(await readCopy()).toBe(`${site.address}dashboard.html#sure`);
    await page.evaluate(() => document.activeElement.blur());
    await page.keyboard.press("ArrowRight");
    const [shown] = await listShown(page);
    await page.click(`#${shown} .section-link`);
    await expect.poll(readCopy).toBe(`${site.address}dashboard.html#${shown}/slide`);
    expect(await isPresenting(page)).toBe(true);
  });

  it("are in the address bar where the clipboard is forbidden, and nothing is said to be copied", async () => {
    const page = await openDrawn();
    await page.evaluate(() => {
      navigator.clipboard.writeText = () => Promise.reject(new DOMException("", "NotAllowedError"));
    });
    await page.click("#sure .section-link");
    await page.waitForURL(/#sure$/);
    expect(await page.textContent("#spoken")).not.toBe("The link is copied.");
    expect(await page.getAttribute("#sure .section-link", "data-copied")).toBe(null);
  });
});

// ---- slides, screens and paper ---------------------------------------------------------------

describe("slides", () => {
  it("have words that grow with the screen, on charts as well", async () => {
    const measure = async (width) => {
      const page = await openDashboard({ hash: "#light/slide", viewport: { width, height: (width * 9) / 16 } });
      await page.waitForSelector("#figure-brightness .axis text");
      const sizes = await page.evaluate(() => {
        const height = (selector) => document.querySelector(selector).getBoundingClientRect().height;
        const font = (selector) => parseFloat(getComputedStyle(document.querySelector(selector)).fontSize);
        return [font("#light h2"), font("#light .say"), font("#light h3"), height("#figure-brightness .axis text")];
      });
      await context.close();
      return sizes;
    };
    const [small, large] = [await measure(1280), await measure(2560)];
    small.forEach((size, i) => expect(large[i] / size).toBeGreaterThan(1.4));
  });

  it("fit a phone and a zoom of 200 %", async () => {
    for (const [width, height] of [
      [390, 844],
      [640, 400], // 1280 x 800 at 200 %
    ]) {
      const page = await openDashboard({ hash: "#curves/slide", viewport: { width, height } });
      const wide = () =>
        page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      expect(await wide()).toBe(0);
      await page.keyboard.press("Escape");
      expect(await wide()).toBe(0);
      await context.close();
    }
  });
});

describe("forced colours", () => {
  it("keep bars, cells, the pressed word and the focus", async () => {
    const page = await openDrawn({ forcedColors: "active" });
    await page.click(".round [data-word=sad]");
    const style = (selector, name) => page.$eval(selector, (one, property) => getComputedStyle(one)[property], name);
    await page.waitForFunction(() => {
      const [pressed, other] = ["sad", "happy"].map((word) => document.querySelector(`.round [data-word=${word}]`));
      return getComputedStyle(pressed).backgroundColor !== getComputedStyle(other).backgroundColor;
    });
    const back = await style("#figure-counts", "backgroundColor");
    for (const mark of ["#figure-counts .bar", "#figure-mean_votes .cell", "#figure-measures .dot"])
      expect(await style(mark, "fill"), mark).not.toBe(back);
    await page.focus("#figure-counts .drawing");
    await page.keyboard.press("ArrowRight");
    expect(await style("#figure-counts .drawing", "outlineStyle")).toBe("solid");
    expect(await style("#figure-counts .pointed", "stroke")).not.toBe(back);
  });
});
