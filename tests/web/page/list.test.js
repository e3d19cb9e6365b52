// Many photos: a list that fills, filters, sorts and opens, and whose files equal the command's.

import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { writeCsv } from "../../../web/pipeline/rows.js";
import { choosePhoto, openPage, startSite } from "../../helpers/page.js";
import { PYTHON, ROOT } from "../../helpers/site.js";

const contract = JSON.parse(readFileSync(join(ROOT, "models", "contract.json"), "utf8"));
const GOLDENS = ["group.jpg", "small.gif", "gray.png"];
let site, browser, home, folder;

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), "page-list-"));
  folder = join(home, "photos");
  mkdirSync(join(folder, "more"), { recursive: true });
  for (const name of GOLDENS) cpSync(join(ROOT, "models", "golden", "photos", name), join(folder, name));
  cpSync(join(ROOT, "models", "golden", "photos", "portrait.jpg"), join(folder, "more", 'a, "b".jpg'));
  writeFileSync(join(folder, "bad.jpg"), "no picture");
  const own = await startSite();
  ({ site, browser } = own);
  return async () => {
    await own.close();
    rmSync(home, { recursive: true });
  };
});

/** Give files or a folder to the page and wait until the list is done. */
async function readList(page, chooser, paths, count) {
  await page.setInputFiles(chooser, paths);
  await page.waitForFunction(
    (all) => document.querySelectorAll("#list-rows li").length === all && document.querySelector("#list-stop").hidden,
    count,
  );
}

async function saveText(page, button) {
  const [download] = await Promise.all([page.waitForEvent("download"), page.click(button)]);
  return readFileSync(await download.path(), "utf8");
}

/** What the command says of the same folder. */
function runCommand(format) {
  const command = join(ROOT, ".venv", "bin", "emoji-edge");
  try {
    return execFileSync(command, ["--recursive", "--format", format, "photos"], {
      cwd: home,
      encoding: "utf8",
      stdio: "pipe",
    });
  } catch (error) {
    if (error.status !== 1) throw error; // 1: one of the photos failed
    return error.stdout;
  }
}

/** The cells of a CSV text, row by row. */
function parseCsv(text) {
  const cells = [...text.matchAll(/(?:"((?:[^"]|"")*)"|([^,\n]*))([,\n])/g)];
  const rows = [[]];
  for (const [, quoted, plain, end] of cells) {
    rows.at(-1).push(quoted?.replaceAll('""', '"') ?? plain);
    if (end === "\n") rows.push([]);
  }
  return rows.slice(0, -1);
}

const isNear = (name, a, b) => {
  const limit = /^[xy]\d$/.test(name) ? contract.same_answer.box : contract.same_answer.score;
  return a === b || Math.abs(Number(a) - Number(b)) <= limit;
};

test("a folder: rows, errors as rows, and CSV and JSON as the command writes them", async () => {
  const page = await openPage(browser, site.address);
  await readList(page, "#folder", folder, 5);
  const names = await page.$$eval(".list-name", (all) => all.map((one) => one.textContent).sort());
  expect(names).toEqual(
    ["photos/bad.jpg", ...GOLDENS.map((name) => `photos/${name}`), 'photos/more/a, "b".jpg'].sort(),
  );
  expect(await page.textContent(".list-row.failed .list-look")).toBe("photos/bad.jpg is not a picture.");
  const byPlace = (rows) => rows.slice(1).sort((a, b) => (`${a[0]} ${a[4]}` < `${b[0]} ${b[4]}` ? -1 : 1));
  const [found, expected] = [parseCsv(await saveText(page, "#list-csv")), parseCsv(runCommand("csv"))];
  expect(found[0]).toEqual(expected[0]);
  expect(found.length).toBe(expected.length);
  const others = ["artifact", "model_sha256"]; // the page runs another file of the same network
  for (const [i, row] of byPlace(found).entries()) {
    for (const [k, name] of found[0].entries()) {
      if (others.includes(name)) continue;
      const other = byPlace(expected)[i][k];
      expect(isNear(name, row[k], other), `${row[0]}, ${name}: ${row[k]}, expected ${other}`).toBe(true);
    }
  }
  const [mine, theirs] = [JSON.parse(await saveText(page, "#list-json")), JSON.parse(runCommand("json"))];
  const keys = ({ results }) => results.map((one) => [one.photo, Object.keys(one).sort(), one.faces?.length]).sort();
  expect(keys(mine)).toEqual(keys(theirs));
  expect(page.problems).toEqual([]);
  await page.context().close();
});

test("filter, order, and a row that opens into the full answer", async () => {
  const page = await openPage(browser, site.address);
  await readList(
    page,
    "#file",
    [...GOLDENS, "bad.jpg"].map((name) => join(folder, name)),
    4,
  );
  const listNames = () =>
    page.$$eval("#list-rows li:not([hidden]) .list-name", (all) => all.map((one) => one.textContent));
  expect(await listNames()).toEqual([...GOLDENS, "bad.jpg"]);
  await page.selectOption("#list-order", "name");
  expect(await listNames()).toEqual(["bad.jpg", "gray.png", "group.jpg", "small.gif"]);
  await page.selectOption("#list-order", "sure");
  expect((await listNames()).at(-1)).toBe("bad.jpg");
  await page.selectOption("#list-filter", { label: "errors (1)" });
  expect(await listNames()).toEqual(["bad.jpg"]);
  await page.selectOption("#list-filter", "");
  await page.click('.list-row:has-text("group.jpg")');
  await page.waitForFunction(() => document.querySelectorAll("article").length > 1);
  expect(await page.textContent("#caption")).toBe("group.jpg");
  expect(await page.$$("#list-rows li")).toHaveLength(4);
  await page.context().close();
});

test("on a phone the photos follow at once, and the ways to save open on demand", async () => {
  const page = await openPage(browser, site.address, { viewport: { width: 390, height: 844 } });
  const paths = GOLDENS.map((name) => join(folder, name));
  await readList(page, "#file", paths, 3);
  const measureTop = () =>
    page.evaluate(
      () =>
        document.querySelector("#list-rows").getBoundingClientRect().top -
        document.querySelector("#list").getBoundingClientRect().top,
    );
  expect(await measureTop()).toBeLessThan(260);
  expect(await page.isVisible("#list-csv")).toBe(false);
  await page.click("#list-save summary");
  expect(parseCsv(await saveText(page, "#list-csv")).length).toBe(7); // a head and six faces
  await readList(page, "#file", paths, 3);
  expect(await page.isVisible("#list-csv")).toBe(true); // as it was left
  await page.context().close();
});

test("it can be stopped, what is done stays, and one photo afterwards is answered as ever", async () => {
  const page = await openPage(browser, site.address);
  await page.setInputFiles("#file", Array(40).fill(join(folder, "group.jpg")));
  await page.waitForSelector("#list-rows li");
  await page.click("#list-stop");
  const done = (await page.$$("#list-rows li")).length;
  expect(done).toBeLessThan(40);
  expect(await page.textContent("#list-status")).toBe(`Stopped after ${done} of 40 photos.`);
  const { result } = await choosePhoto(page, join(folder, "small.gif"));
  expect(result.faces).toHaveLength(1);
  expect(await page.$$("#list-rows li")).toHaveLength(done);
  await page.context().close();
});

test("a cell of CSV is quoted where it must be, and a photo without a face has a row", () => {
  const model = { artifact: "uint16", sha256: "ab" };
  const text = writeCsv([{ photo: 'a,"b"\n', size: [4, 3], faces: [], model, photo_sha256: "cd" }], 1);
  const [head, ...rest] = text.split("\n");
  expect(head.split(",").slice(0, 5)).toEqual(["photo", "width", "height", "faces", "face"]);
  expect(rest.join("\n")).toMatch(/^"a,""b""\n",4,3,0,,+uint16,auto,,scores,cd,ab,\n$/);
});

test("a line of text for each photo goes to the clipboard, and the page says where that is forbidden", async () => {
  const page = await openPage(browser, site.address, { permissions: ["clipboard-read", "clipboard-write"] });
  const paths = [join(folder, "group.jpg"), join(folder, "small.gif"), join(folder, "bad.jpg")];
  await readList(page, "#file", paths, paths.length);
  const status = () => page.textContent("#list-status");
  await page.click("#list-copy");
  await expect.poll(status).toBe("Copied.");
  const lines = (await page.evaluate(() => navigator.clipboard.readText())).trim().split("\n");
  expect(lines.map((line) => line.split(":")[0])).toEqual(["group.jpg", "small.gif", "bad.jpg is not a picture."]);
  await page.evaluate(() => {
    navigator.clipboard.writeText = () => Promise.reject(new DOMException("", "NotAllowedError"));
  });
  await page.click("#list-copy");
  await expect.poll(status).toBe("The browser does not let the page copy. CSV and JSON can be saved.");
  expect(page.problems).toEqual([]);
  await page.context().close();
});

test("a video among photos is not loaded as one, and its row says what to do", async () => {
  const page = await openPage(browser, site.address);
  const clip = join(home, "clip.mp4");
  writeFileSync(clip, "no matter what");
  await readList(page, "#file", [join(folder, "small.gif"), clip], 2);
  expect(await page.textContent("#list-rows li:nth-child(2)")).toContain(
    "clip.mp4 is a video. Choose it alone to read it.",
  );
  const found = JSON.parse(await saveText(page, "#list-json"));
  const failed = (found.results ?? found).find(({ photo }) => photo === "clip.mp4");
  expect(failed).toEqual({ photo: "clip.mp4", error: "a video" });
  await page.context().close();
});

test("a ZIP of the photos with their answers drawn in, each under a name of its own", async () => {
  const page = await openPage(browser, site.address);
  const twin = join(home, "group.jpg");
  cpSync(join(folder, "group.jpg"), twin);
  const paths = [join(folder, "group.jpg"), twin, join(folder, "small.gif"), join(folder, "bad.jpg")];
  await readList(page, "#file", paths, paths.length);
  const [download] = await Promise.all([page.waitForEvent("download"), page.click("#list-zip")]);
  expect(download.suggestedFilename()).toBe("emoji-photos.zip");
  const program = `
import io, json, sys, zipfile
from PIL import Image
with zipfile.ZipFile(sys.argv[1]) as file:
    assert file.testzip() is None
    print(json.dumps({name: Image.open(io.BytesIO(file.read(name))).size[0] for name in file.namelist()}))`;
  const listed = execFileSync(PYTHON, ["-c", program, await download.path()], { encoding: "utf8" });
  expect(JSON.parse(listed)).toEqual({ "group-emoji.png": 1080, "group-emoji-2.png": 1080, "small-emoji.png": 1080 });
  await page.waitForFunction(() => document.querySelector("#list-status").textContent === "The ZIP is saved.");
  expect(page.problems).toEqual([]);
  await page.context().close();
});

test("where no photo has an answer there is no ZIP to save", async () => {
  const page = await openPage(browser, site.address);
  await readList(page, "#file", [join(folder, "bad.jpg"), join(folder, "bad.jpg")], 2);
  expect(await page.isDisabled("#list-zip")).toBe(true);
  await page.context().close();
});
