// The main page as a visitor uses it, in real headless Chromium.

import { readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { awaitAnswer, choosePhoto, openPage, SAMPLE, startSite } from "../../helpers/page.js";
import { ROOT } from "../../helpers/site.js";

const contract = JSON.parse(readFileSync(join(ROOT, "models", "contract.json"), "utf8"));
const english = JSON.parse(readFileSync(join(ROOT, "web", "page", "shared", "strings", "en.json"), "utf8"));

let photos, site, browser, page;
const find = (name) => [...photos.good, ...photos.bad].find((path) => basename(path) === name);

beforeAll(async () => {
  const own = await startSite({ withPhotos: true });
  ({ photos, site, browser } = own);
  return own.close;
});

beforeEach(async () => {
  page = await openPage(browser, site.address);
});

afterEach(async () => {
  const { problems } = page;
  await page.context().close();
  expect(problems).toEqual([]); // among them every breach of the Content-Security-Policy
});

/** What a card shows: ranks, names and percentages, in order. */
const readCards = () =>
  page.$$eval("article", (cards) =>
    cards.map((card) => ({
      podium: [...card.querySelectorAll(".podium li")].map((li) => [
        li.querySelector(".place").textContent,
        String.fromCodePoint(parseInt(li.querySelector("img").src.match(/(\w+)\.png$/)[1], 16)),
      ]),
      rows: [...card.querySelectorAll("tbody tr")].map((tr) => [
        tr.querySelector(".row-name").textContent,
        tr.querySelector(".row-score").textContent,
      ]),
      unsure: card.dataset.unsure === "true",
    })),
  );

/** What the cards of a result must show. */
const expectCards = ({ faces }) =>
  faces.map(({ expressions, not_sure: unsure }) => ({
    podium: expressions.map(({ emoji }, i) => [String(i + 1), emoji]),
    rows: expressions.map(({ label, score }) => [contract.display_names[label], `${Math.floor(100 * score + 0.5)}%`]),
    unsure,
  }));

/** A DataTransfer with a photo, as drop and paste bring it. */
async function makeTransfer(path) {
  const base64 = readFileSync(path, "base64");
  return page.evaluateHandle(
    ([text, name]) => {
      const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
      const transfer = new DataTransfer();
      transfer.items.add(new File([bytes], name, { type: "image/png" }));
      return transfer;
    },
    [base64, basename(path)],
  );
}

describe("ways in", () => {
  test("the button opens the file dialog, and the answer is shown", async () => {
    const { result } = await awaitAnswer(page, async () => {
      const [dialog] = await Promise.all([page.waitForEvent("filechooser"), page.click("#choose")]);
      await dialog.setFiles(SAMPLE);
    });
    expect(result.photo).toBe("portrait.jpg");
    expect(result.size).toEqual([512, 512]);
    expect(result.model.artifact).toBe(contract.artifacts.default.tfjs);
    expect(result.model.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(await readCards()).toEqual(expectCards(result));
    const boxes = await page.$$eval("#boxes .box-line", (rects) =>
      rects.map((rect) => ["x", "y", "width", "height"].map((key) => Number(rect.getAttribute(key)))),
    );
    const [x0, y0, x1, y1] = result.faces[0].box;
    expect(boxes).toEqual([[x0, y0, x1 - x0, y1 - y0]]);
    expect(await page.getAttribute("#boxes", "viewBox")).toBe("0 0 512 512");
    expect(await page.textContent("#summary")).toContain(
      `${Math.floor(100 * result.faces[0].expressions[0].score + 0.5)}%`,
    );
  });

  test("the sample", async () => {
    const { result } = await awaitAnswer(page, () => page.click("#sample"));
    expect(result.faces.length).toBe(1);
    expect(await readCards()).toEqual(expectCards(result));
  });

  test("drop", async () => {
    const transfer = await makeTransfer(find("plain.png"));
    const { result } = await awaitAnswer(page, () => page.dispatchEvent("#drop", "drop", { dataTransfer: transfer }));
    expect(result).toMatchObject({ photo: "plain.png", size: [512, 512] });
    expect(await readCards()).toEqual(expectCards(result));
  });

  test("drop and paste of something else say so", async () => {
    await page.dispatchEvent("#stage", "drop", { dataTransfer: await page.evaluateHandle(() => new DataTransfer()) });
    expect(await page.textContent("#message-text")).toBe(english["error.drop"]);
    await page.evaluate(() =>
      document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData: new DataTransfer(), bubbles: true })),
    );
    expect(await page.textContent("#message-text")).toBe(english["error.paste"]);
    await page.click("#message-close");
    expect(await page.isHidden("#message")).toBe(true);
  });

  test("paste", async () => {
    const transfer = await makeTransfer(find("plain.png"));
    const { result } = await awaitAnswer(page, () =>
      page.evaluate(
        (data) => document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true })),
        transfer,
      ),
    );
    expect(result.faces.length).toBe(1);
  });
});

describe("answers", () => {
  test("several faces: a card and a number for each, largest first", async () => {
    const { result } = await choosePhoto(page, find("group.jpg"));
    expect(result.faces.length).toBeGreaterThan(1);
    expect(await readCards()).toEqual(expectCards(result));
    const areas = result.faces.map(({ box: [x0, y0, x1, y1] }) => (x1 - x0) * (y1 - y0));
    expect(areas).toEqual(areas.toSorted((a, b) => b - a));
    const numbers = await page.$$eval("#boxes .box-number", (texts) => texts.map((text) => text.textContent));
    expect(numbers).toEqual(result.faces.map((_, i) => String(i + 1)));
    await page.hover("article:nth-child(2)");
    expect(
      await page.$$eval("#boxes g", (groups) => groups.map((group) => group.classList.contains("marked"))),
    ).toEqual(result.faces.map((_, i) => i === 1));
  });

  test("no face: the whole picture, or a square drawn by mouse or by keys", async () => {
    const { result } = await choosePhoto(page, find("none.png"));
    expect(result.faces).toEqual([]);
    expect(await page.textContent("#summary")).toBe(english["result.none"]);
    expect(await page.isVisible("#no-face")).toBe(true);
    const whole = await awaitAnswer(page, () => page.click("#use-whole"));
    expect(whole.result.faces).toMatchObject([{ box: [0, 0, 400, 300], detection: null }]);
    expect(await page.isHidden("#no-face")).toBe(true);
    expect(await readCards()).toEqual(expectCards(whole.result));
  });

  test("a square drawn with the mouse is what the network sees", async () => {
    await choosePhoto(page, find("plain.png"));
    await page.click("#redraw");
    const frame = await page.locator("#frame").boundingBox();
    const scale = frame.width / 512;
    await page.mouse.move(frame.x + 20 * scale, frame.y + 30 * scale);
    await page.mouse.down();
    await page.mouse.move(frame.x + 120 * scale, frame.y + 90 * scale, { steps: 4 });
    await page.mouse.up();
    const { result } = await awaitAnswer(page, () => page.click("#square-use"));
    const [face] = result.faces;
    expect(face.detection).toBe(null);
    for (const [i, value] of [20, 30, 120, 130].entries()) expect(Math.abs(face.box[i] - value)).toBeLessThan(2);
    expect(face.box[2] - face.box[0]).toBe(face.box[3] - face.box[1]);
  });

  test("a square moved by touch", async () => {
    await page.context().close();
    page = await openPage(browser, site.address, {
      hasTouch: true,
      isMobile: true,
      viewport: { width: 390, height: 844 },
    });
    await choosePhoto(page, find("plain.png"));
    await page.$eval("#redraw", (button) => button.click());
    const before = await page.$eval("#square", (square) => parseFloat(square.style.left));
    const touch = await page.context().newCDPSession(page);
    const frame = await page.locator("#frame").boundingBox();
    const at = (x, y) => ({ touchPoints: [{ x: frame.x + x * frame.width, y: frame.y + y * frame.height }] });
    await touch.send("Input.dispatchTouchEvent", { type: "touchStart", ...at(0.44, 0.25) }); // on the face that was found
    for (const part of [0.4, 0.34, 0.3])
      await touch.send("Input.dispatchTouchEvent", { type: "touchMove", ...at(part, 0.25) });
    await touch.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
    expect(await page.$eval("#square", (square) => parseFloat(square.style.left))).toBeLessThan(before - 5);
    const { result } = await awaitAnswer(page, () => page.$eval("#square-use", (button) => button.click()));
    expect(result.faces[0].detection).toBe(null);
  });

  const readSquare = () =>
    page.$eval("#square-output", (output) => {
      const [side, x, y] = output.textContent.match(/\d+/g).map(Number);
      return { side, left: x, top: y, right: x + side, bottom: y + side };
    });

  /** The middle of a handle, on the screen. */
  async function locateHandle(corner) {
    const { x, y, width, height } = await page.locator(`[data-corner="${corner}"]`).boundingBox();
    expect(Math.min(width, height)).toBeGreaterThanOrEqual(24);
    return { x: x + width / 2, y: y + height / 2 };
  }

  test.each([
    ["top left", -1, -1],
    ["top right", 1, -1],
    ["bottom left", -1, 1],
    ["bottom right", 1, 1],
  ])("the square's handle at the %s pulls it by mouse; the corner across stays", async (corner, right, down) => {
    await choosePhoto(page, find("plain.png"));
    expect(await page.isVisible(".square-handle")).toBe(false);
    await page.click("#redraw");
    const before = await readSquare();
    const at = await locateHandle(corner);
    await page.mouse.move(at.x, at.y);
    await page.mouse.down();
    await page.mouse.move(at.x + 30 * right, at.y + 30 * down, { steps: 4 });
    await page.mouse.up();
    const after = await readSquare();
    const scale = (await page.locator("#frame").boundingBox()).width / 512;
    expect(Math.abs(after.side - before.side - 30 / scale)).toBeLessThan(2);
    const across = [right > 0 ? "left" : "right", down > 0 ? "top" : "bottom"];
    for (const edge of across) expect(Math.abs(after[edge] - before[edge]), edge).toBeLessThanOrEqual(1);
  });

  test("a handle pulled by touch, far out of the photo: the square ends at its edge", async () => {
    await page.context().close();
    page = await openPage(browser, site.address, {
      hasTouch: true,
      isMobile: true,
      viewport: { width: 390, height: 844 },
    });
    await choosePhoto(page, find("plain.png"));
    await page.$eval("#redraw", (button) => button.click());
    const before = await readSquare();
    const at = await locateHandle("bottom right");
    const touch = await page.context().newCDPSession(page);
    const send = (type, ...touchPoints) => touch.send("Input.dispatchTouchEvent", { type, touchPoints });
    await send("touchStart", at);
    for (const by of [20, 200, 600]) await send("touchMove", { x: at.x + by, y: at.y + by });
    await send("touchEnd");
    const after = await readSquare();
    expect([after.left, after.top]).toEqual([before.left, before.top]);
    expect(Math.max(after.right, after.bottom)).toBe(512);
    await locateHandle("bottom right"); // not cut off at the edge
    const { result } = await awaitAnswer(page, () => page.$eval("#square-use", (button) => button.click()));
    expect(result.faces[0].box).toEqual([after.left, after.top, after.right, after.bottom]);
  });

  test("the picture that was seen, and the heat over it, can be switched", async () => {
    const { result } = await choosePhoto(page, SAMPLE);
    const read = () =>
      page.$eval(".evidence-picture", (canvas) => [...canvas.getContext("2d").getImageData(0, 0, 192, 192).data]);
    const seen = await read();
    expect(seen.every((value, i) => i % 4 === 3 || value === seen[i - (i % 4)])).toBe(true); // gray
    const golden = JSON.parse(readFileSync(join(ROOT, "models", "golden", "golden.json"), "utf8"));
    const [
      {
        faces: [face],
      },
    ] = golden.photos.filter(({ file }) => file === "photos/portrait.jpg");
    const cells = Array.from(
      { length: 48 * 48 },
      (_, i) => seen[4 * ((4 * Math.floor(i / 48) + 2) * 192 + 4 * (i % 48) + 2)],
    );
    expect(cells).toEqual([...Buffer.from(face.pixels, "base64")]);
    const { label } = result.faces[0].expressions[0];
    await page.click(`[data-evidence="${label}"]`);
    expect(await page.getAttribute(`[data-evidence="${label}"]`, "aria-pressed")).toBe("true");
    const hot = await read();
    expect(hot.some((value, i) => i % 4 === 0 && value > hot[i + 2] + 60)).toBe(true); // red over gray
    await page.click('[data-evidence="seen"]');
    expect(await read()).toEqual(seen);
  });

  test("not sure is said where the contract says so", async () => {
    const seen = new Set();
    for (const name of ["exif-1.jpg", "exif-3.jpg", "exif-4.jpg", "small.png"]) {
      const { result } = await choosePhoto(page, find(name));
      for (const face of result.faces) {
        seen.add(face.not_sure);
        expect(face.not_sure).toBe(face.expressions[0].score < contract.not_sure.score_below);
      }
      expect((await readCards()).map(({ unsure }) => unsure)).toEqual(result.faces.map((face) => face.not_sure));
    }
    expect(seen.size).toBeGreaterThan(0);
  });

  test("the result is saved as a picture", async () => {
    await choosePhoto(page, find("group.jpg"));
    const [download] = await Promise.all([page.waitForEvent("download"), page.click("#save")]);
    expect(download.suggestedFilename()).toBe("group-emoji.png");
    const bytes = readFileSync(await download.path());
    expect(bytes.subarray(1, 4).toString()).toBe("PNG");
    expect(bytes.readUInt32BE(16)).toBe(1080);
    if (process.env.KEEP_SHOTS) writeFileSync(join(process.env.KEEP_SHOTS, "saved.png"), bytes);
  });

  test("covered, no pixel of a face is left in the saved picture", async () => {
    const { result } = await choosePhoto(page, find("group.jpg"));
    const save = async () => {
      const [download] = await Promise.all([page.waitForEvent("download"), page.click("#save")]);
      const bytes = readFileSync(await download.path());
      if (process.env.KEEP_SHOTS) writeFileSync(join(process.env.KEEP_SHOTS, `saved-${shots++}.png`), bytes);
      return bytes.toString("base64");
    };
    let shots = 0;
    const plain = await save();
    await page.check("#cover");
    const covered = await save();
    const shares = await page.evaluate(
      async ([before, after, { size, faces }]) => {
        const read = async (base64) => {
          const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
          const bitmap = await createImageBitmap(new Blob([bytes]));
          const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
          context.drawImage(bitmap, 0, 0);
          return context;
        };
        const [first, second] = [await read(before), await read(after)];
        const [edge, width] = [48, 1080 - 2 * 48];
        return faces.map(({ box }) => {
          const [x0, y0, x1, y1] = box.map((value) => Math.round(edge + (value * width) / size[0]));
          const place = [x0, y0, x1 - x0, y1 - y0];
          const [a, b] = [first, second].map((context) => context.getImageData(...place).data);
          let same = 0;
          for (let i = 0; i < a.length; i += 4) {
            if (Math.abs(a[i] - b[i]) + Math.abs(a[i + 1] - b[i + 1]) + Math.abs(a[i + 2] - b[i + 2]) < 12) same++;
          }
          return same / (a.length / 4);
        });
      },
      [plain, covered, result],
    );
    expect(shares.length).toBe(result.faces.length);
    for (const share of shares) expect(share).toBeLessThan(0.1); // the corners, the outline, a chance
  });

  test("share hands the picture to the browser, where it can", async () => {
    expect(await page.isHidden("#share")).toBe(true); // this Chromium cannot
    await page.context().addInitScript(() => {
      navigator.canShare = () => true;
      navigator.share = async ({ files }) =>
        (window.shared = files.map(({ name, size, type }) => ({ name, type, full: size > 10_000 })));
    });
    await page.reload();
    await page.waitForSelector("html[data-engine=ready]");
    await choosePhoto(page, SAMPLE);
    await page.click("#share");
    await page.waitForFunction(() => window.shared);
    expect(await page.evaluate(() => window.shared)).toEqual([
      { name: "portrait-emoji.png", type: "image/png", full: true },
    ]);
  });
});

describe("files that are no photo", () => {
  const TEXTS = {
    "text.jpg": "error.unknown",
    "empty.jpg": "error.empty",
    "cut.jpg": "error.damaged",
    "cut.png": "error.damaged",
    "cut.webp": "error.damaged",
    "head.png": "error.damaged",
    "noise.png": "error.damaged",
    "huge.png": "error.large",
    "photo.heic": "error.heic",
    "photo.tiff": "error.format",
  };

  test("each gets its own message, and the page goes on", async () => {
    const found = {};
    for (const path of photos.bad) {
      const { failure, code } = await choosePhoto(page, path);
      expect(failure.photo).toBe(basename(path));
      expect(failure.error).toMatch(/^[^\n]+$/);
      found[basename(path)] = `error.${code}`;
      const text = await page.textContent("#message-text");
      expect(text).toContain(basename(path));
      expect(text).not.toMatch(/\{|undefined/);
    }
    expect(found).toEqual(TEXTS);
    const { result } = await choosePhoto(page, SAMPLE);
    expect(result.faces.length).toBe(1);
    expect(await page.isHidden("#message")).toBe(true);
  });

  test("a bad file leaves the answer of before", async () => {
    const { result } = await choosePhoto(page, SAMPLE);
    await choosePhoto(page, find("text.jpg"));
    expect(await readCards()).toEqual(expectCards(result));
  });

  test("of an animated picture the first frame is answered, and that is said", async () => {
    for (const name of ["animated.gif", "animated.png", "animated.webp"]) {
      const { result, animated } = await choosePhoto(page, find(name));
      expect(animated).toBe(true);
      expect(result.faces.length).toBe(1);
      expect(await page.textContent("#message-text")).toBe(english["note.animated"].replace("{name}", name));
    }
    expect((await choosePhoto(page, find("plain.gif"))).animated).toBe(false);
  });
});

describe("the page itself", () => {
  test("another language, kept for the next visit", async () => {
    const german = JSON.parse(readFileSync(join(ROOT, "web", "page", "shared", "strings", "de.json"), "utf8"));
    const { result } = await choosePhoto(page, SAMPLE);
    await page.selectOption("#language", "de");
    await page.waitForSelector("html[lang=de]");
    expect((await page.textContent("#choose")).trim()).toBe(german["source.choose"]);
    expect(await page.textContent("article .row-name")).toBe(german[`label.${result.faces[0].expressions[0].label}`]);
    await page.reload();
    await page.waitForSelector("html[lang=de]");
    expect((await page.textContent("#choose")).trim()).toBe(german["source.choose"]);
  });

  test("light and dark: the system's, until the visitor chooses", async () => {
    const read = () =>
      page.evaluate(() => [document.documentElement.dataset.bsTheme, getComputedStyle(document.body).backgroundColor]);
    expect(await read()).toEqual(["light", "rgb(255, 249, 239)"]);
    await page.emulateMedia({ colorScheme: "dark" });
    await page.waitForSelector('html[data-bs-theme="dark"]');
    expect(await read()).toEqual(["dark", "rgb(23, 19, 31)"]);
    await page.click("#theme");
    expect((await read())[0]).toBe("light");
    await page.reload();
    expect((await read())[0]).toBe("light");
  });

  test("bars move to their scores, or stand there at once for who wants no motion", async () => {
    await page.emulateMedia({ reducedMotion: "reduce" });
    await page.reload();
    await page.waitForSelector("html[data-engine=ready]");
    const { result } = await choosePhoto(page, SAMPLE);
    const widths = () => page.$$eval(".bar-fill", (fills) => fills.map((fill) => parseFloat(fill.style.width)));
    const expected = result.faces[0].expressions.map(({ score }) => 100 * score);
    for (const [i, width] of (await widths()).entries()) expect(width).toBeCloseTo(expected[i], 2);
    await page.emulateMedia({ reducedMotion: "no-preference" });
    await page.reload();
    await page.waitForSelector("html[data-engine=ready]");
    await choosePhoto(page, SAMPLE);
    await page.waitForFunction(
      (value) => Math.abs(parseFloat(document.querySelector(".bar-fill").style.width) - value) < 0.01,
      expected[0],
    );
  });

  test("every request stays at home, and none carries anything", async () => {
    await choosePhoto(page, SAMPLE);
    await choosePhoto(page, find("far.jpg")); // the second detector
    await page.selectOption("#backend", "webgl");
    await page.waitForFunction(() => document.querySelector("#device-text").textContent.includes("webgl"));
    await choosePhoto(page, find("plain.png"));
    const away = page.seen.filter(({ url }) => !/^(blob|data):/.test(url) && !url.startsWith(site.address));
    expect(away).toEqual([]);
    expect(page.seen.filter(({ method, body }) => method !== "GET" || body)).toEqual([]);
    expect(site.requests.filter(({ method, body }) => method !== "GET" || body.length)).toEqual([]);
    expect(site.requests.some(({ url }) => url.includes("tfjs-back"))).toBe(true);
    expect(site.requests.some(({ url }) => url.includes("?"))).toBe(false);
    expect(await page.context().cookies()).toEqual([]);
  });

  test("the second detector is loaded only when a photo needs it", async () => {
    const before = site.requests.length;
    await awaitAnswer(page, () => page.click("#sample"));
    expect(site.requests.slice(before).some(({ url }) => url.includes("tfjs-back"))).toBe(false);
    await choosePhoto(page, find("far.jpg"));
    expect(site.requests.slice(before).some(({ url }) => url.includes("tfjs-back"))).toBe(true);
  });

  test("the numbers that the report has of this very network are printed", async () => {
    const read = (...names) => JSON.parse(readFileSync(join(ROOT, ...names), "utf8"));
    const { facts, artifact } = read("web", "dist", "models", "start.json");
    const { artifacts } = read("models", "report.json");
    expect(artifact.sha256).toBe(artifacts.files[contract.artifacts.tfjs[artifact.name]].sha256);
    expect(facts.voteError).toBeGreaterThan(0);
    expect(await page.isVisible("#facts")).toBe(true);
    const text = await page.textContent("#facts");
    const percent = (value) => new Intl.NumberFormat("en", { style: "percent" }).format(value);
    for (const part of [
      facts.split,
      percent(facts.voteError),
      contract.display_names[facts.weakest],
      percent(facts.recall),
      String(facts.support),
    ])
      expect(text).toContain(part);
    expect(await page.textContent("#facts-outside")).toMatch(
      new RegExp(`^On ${facts.outside.photos} press and film photos .* for ${percent(facts.outside.share)}\\.$`),
    );
  });
});
