// The same photo gives the same answer in the page as in the command, whatever the file is like.

import { existsSync, readFileSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { askCommand, choosePhoto, compareResults, openPage, startSite } from "../../helpers/page.js";
import { ROOT } from "../../helpers/site.js";

const contract = JSON.parse(readFileSync(join(ROOT, "models", "contract.json"), "utf8"));
const SHARED = join(ROOT, "..", "shared", "data", "photos");
const shared = existsSync(SHARED) ? readdirSync(SHARED).filter((name) => /\.(jpe?g|png|webp)$/i.test(name)) : [];

let photos, site, browser, page;

beforeAll(async () => {
  const own = await startSite({ withPhotos: true });
  ({ photos, site, browser } = own);
  page = await openPage(browser, site.address);
  return own.close;
});

/** Lines of what differs, by photo. */
async function compareAll(paths) {
  const expected = askCommand(paths);
  const differing = {};
  let faces = 0;
  for (const path of paths) {
    const { result, failure } = await choosePhoto(page, path);
    faces += result?.faces.length ?? 0;
    const lines = failure ? [failure.error] : compareResults(result, expected[path], contract);
    if (lines.length) differing[basename(path)] = lines;
  }
  return { differing, faces };
}

describe("the same answer as emoji-edge", () => {
  test("on every kind of file that both read", async () => {
    const { differing, faces } = await compareAll(photos.good);
    expect(differing).toEqual({});
    expect(photos.good.length).toBeGreaterThan(30);
    expect(faces).toBeGreaterThan(photos.good.length - 1);
  });

  test("upright pixels do not depend on the orientation that a file was stored in", async () => {
    const [, first, ...turned] = photos.good.filter((path) => basename(path).startsWith("exif-"));
    const { result } = await choosePhoto(page, first);
    for (const path of turned.slice(-4)) {
      const other = await choosePhoto(page, path);
      expect(other.result.size).toEqual(result.size.toReversed());
    }
  });

  test.runIf(shared.length)(
    "on the shared photos",
    async () => {
      const { differing } = await compareAll(shared.map((name) => join(SHARED, name)));
      expect(differing).toEqual({});
    },
    600_000,
  );
});
