// Any static host, any path, and none at all after the first visit.

import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { SAMPLE, awaitAnswer, choosePhoto, sharePhotos, watchPage } from "../../helpers/page.js";
import { DIST, ROOT, serveSite, startChromium } from "../../helpers/site.js";

let browser, photos;

beforeAll(async () => {
  browser = await startChromium();
  photos = sharePhotos();
});

afterAll(() => browser?.close());

/** A first visit: ready, answered, kept on the device. */
async function visit(address, options = {}) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  watchPage(page);
  await page.goto(address);
  await page.waitForSelector("html[data-engine=ready]");
  return page;
}

const awaitCopy = (page) =>
  page.waitForFunction(() => navigator.serviceWorker.controller || document.documentElement.dataset.offline, null);

test("with the server stopped, under a path of its own, every part works", async () => {
  const site = await serveSite({ folders: { "/some/deep/path/": DIST } });
  const page = await visit(site.address);
  const { result } = await awaitAnswer(page, () => page.click("#sample"));
  await awaitCopy(page);
  expect(site.requests.every(({ url }) => url.startsWith("/some/deep/path/") || url === "/favicon.ico")).toBe(true);
  await site.close();
  await page.reload();
  await page.waitForSelector("html[data-engine=ready]");
  const again = await awaitAnswer(page, () => page.click("#sample"));
  expect(again.result).toEqual(result);
  const far = await choosePhoto(
    page,
    photos.good.find((path) => path.endsWith("/far.jpg")),
  ); // the second detector
  expect(far.result.faces.length).toBe(1);
  await page.selectOption("#language", "de");
  await page.waitForSelector("html[lang=de]");
  await page.goto(`${site.address}dashboard.html?selftest=1`);
  await page.waitForSelector('#selftest [data-passed="true"]');
  await page.goto(`${site.address}dashboard.html`);
  await page.waitForSelector("h1:not(:empty)");
  await page.context().close();
});

test("it can be installed: manifest and icons", async () => {
  const manifest = JSON.parse(readFileSync(join(DIST, "manifest.webmanifest"), "utf8"));
  expect(manifest).toMatchObject({
    name: "Emoji the Possibilities",
    display: "standalone",
    start_url: "./",
    scope: "./",
  });
  for (const { src, sizes } of manifest.icons) {
    const icon = readFileSync(join(DIST, src));
    expect(`${icon.readUInt32BE(16)}x${icon.readUInt32BE(20)}`).toBe(sizes);
  }
  expect(readFileSync(join(DIST, "index.html"), "utf8")).toContain('rel="manifest"');
});

test("a photo that another program shares with the installed page is answered, and not kept", async () => {
  const site = await serveSite({ folders: { "/some/path/": DIST } });
  const page = await visit(site.address);
  await awaitAnswer(page, () => page.click("#sample"));
  await awaitCopy(page);
  await page.reload();
  await page.waitForSelector("html[data-engine=ready]");
  const { share_target: target } = JSON.parse(readFileSync(join(DIST, "manifest.webmanifest"), "utf8"));
  const [{ name }] = target.params.files;
  await page.evaluate(
    ([action, enctype, field]) => {
      const form = Object.assign(document.createElement("form"), { method: "POST", action, enctype });
      const input = Object.assign(document.createElement("input"), { type: "file", name: field });
      input.id = "shared-input";
      form.append(input);
      document.body.append(form);
    },
    [target.action, target.enctype, name],
  );
  await page.setInputFiles("#shared-input", SAMPLE);
  await page.$eval("#shared-input", (input) => input.form.submit());
  await page.waitForURL(`${site.address}index.html`);
  await page.waitForSelector("article");
  expect(await page.textContent("#caption")).toBe("portrait.jpg");
  expect(await page.evaluate(() => caches.has("shared-photos"))).toBe(false);
  expect(site.requests.some(({ method }) => method === "POST")).toBe(false);
  await page.context().close();
  await site.close();
});

test("the picture that other sites show of this one is there, in the size that is said", () => {
  const html = readFileSync(join(DIST, "index.html"), "utf8");
  const read = (name) => html.match(new RegExp(`property="og:${name}"[^>]* content="([^"]+)"`))[1];
  const picture = readFileSync(join(DIST, read("image")));
  expect([picture.readUInt32BE(16), picture.readUInt32BE(20)]).toEqual(
    [read("image:width"), read("image:height")].map(Number),
  );
  expect(read("title")).toBe("Emoji the Possibilities");
  expect(readFileSync(join(DIST, "sw.js"), "utf8")).not.toContain("preview.png"); // no visitor loads it
});

test("a new version waits to be asked for, and then replaces the old one whole", async () => {
  const folder = mkdtempSync(join(tmpdir(), "page-dist-"));
  cpSync(DIST, folder, { recursive: true });
  const site = await serveSite({ folders: { "/": folder } });
  const page = await visit(site.address);
  await awaitAnswer(page, () => page.click("#sample"));
  await awaitCopy(page);
  const html = readFileSync(join(folder, "index.html"), "utf8");
  writeFileSync(join(folder, "index.html"), html.replace("<body ", '<body data-version="new" '));
  const worker = readFileSync(join(folder, "sw.js"), "utf8");
  const changed = worker.replace(/("?url"?:\s*"index\.html",\s*"?revision"?:\s*")\w+/, "$1changed");
  expect(changed).not.toBe(worker);
  writeFileSync(join(folder, "sw.js"), changed);
  await page.reload();
  await page.waitForSelector("html[data-engine=ready]");
  expect(await page.getAttribute("body", "data-version")).toBe(null); // still the one that was kept
  await page.waitForSelector("#update:not([hidden])");
  await page.click("#update-now");
  await page.waitForSelector('body[data-version="new"]');
  await page.waitForSelector("html[data-engine=ready]");
  await site.close();
  await page.reload();
  await page.waitForSelector('body[data-version="new"]');
  expect((await choosePhoto(page, SAMPLE)).result.faces.length).toBe(1);
  await page.context().close();
  rmSync(folder, { recursive: true });
});

test("the policy of headers.json as a header and as a meta tag breaks nothing", async () => {
  const { "Content-Security-Policy": rules, ...others } = JSON.parse(
    readFileSync(join(ROOT, "web", "page", "headers.json"), "utf8"),
  );
  const policy = Object.entries(rules)
    .map((rule) => rule.join(" "))
    .join("; ");
  const site = await serveSite({ headers: { ...others, "content-security-policy": policy } });
  const page = await visit(site.address, { serviceWorkers: "block" });
  const { result } = await awaitAnswer(page, () => page.click("#sample"));
  expect(result.faces.length).toBe(1);
  expect(page.problems).toEqual([]);
  const html = readFileSync(join(DIST, "index.html"), "utf8");
  const meta = html.match(/http-equiv="Content-Security-Policy" content="([^"]*)"/)[1];
  expect(meta).toBe(policy.replace(/; frame-ancestors 'none'/, ""));
  expect(meta).toContain("default-src 'none'");
  expect(meta).not.toContain("'unsafe");
  expect(html).not.toMatch(/<script(?![^>]*\ssrc=)|\sstyle=|\son\w+=|<style/);
  const broken = await page.evaluate(() => {
    const script = document.createElement("script");
    script.textContent = "window.inline = true";
    document.head.append(script);
    return window.inline === undefined;
  });
  expect(broken).toBe(true);
  await page.context().close();
  await site.close();
});
