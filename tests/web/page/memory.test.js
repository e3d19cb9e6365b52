// Two thousand predictions in one tab leave nothing behind.

import { readFileSync } from "node:fs";
import { beforeAll, expect, test } from "vitest";
import { openPage, startSite } from "../../helpers/page.js";
import { DIST } from "../../helpers/site.js";

const PREDICTIONS = 2000;
const NOISE = 4e6; // bytes by which the heap may differ after the garbage is collected
let site, browser;

beforeAll(async () => {
  const own = await startSite({ flags: ["--js-flags=--expose-gc"] });
  ({ site, browser } = own);
  return own.close;
});

/** Bytes in use on the heap of the page's worker and of the page, once the garbage is collected. */
async function measureHeap(page) {
  const [worker] = page.workers();
  const measure = () => {
    globalThis.gc();
    return performance.memory?.usedJSHeapSize ?? 0;
  };
  return (await worker.evaluate(measure)) + (await page.evaluate(measure));
}

test(`${PREDICTIONS} predictions: tensors and heap stay level`, async () => {
  const page = await openPage(browser, site.address);
  const bytes = [...readFileSync(`${DIST}/models/golden/photos/small.gif`)];
  await page.evaluate((values) => {
    const file = new File([Uint8Array.from(values)], "small.gif", { type: "image/gif" });
    window.predict = async (count) => {
      for (let i = 0; i < count; i++) await window.emoji.classify(file);
    };
  }, bytes);
  await page.evaluate(() => window.predict(100)); // caches fill
  const [tensors, heap] = [await page.evaluate(() => window.emoji.readMemory()), await measureHeap(page)];
  await page.evaluate((count) => window.predict(count), PREDICTIONS);
  expect(await page.evaluate(() => window.emoji.readMemory())).toEqual(tensors);
  const growth = (await measureHeap(page)) - heap;
  console.log(
    `heap ${(heap / 1e6).toFixed(1)} MB, after ${PREDICTIONS} predictions ${(growth / 1e6).toFixed(2)} MB more`,
  );
  expect(growth).toBeLessThan(NOISE);
  await page.context().close();
});

test("a thousand photos in the list: what each leaves behind is small", async () => {
  const page = await openPage(browser, site.address);
  const bytes = [...readFileSync(`${DIST}/models/golden/photos/small.gif`)];
  const read = async (count) => {
    await page.evaluate(
      ([values, all]) => {
        const transfer = new DataTransfer();
        const content = Uint8Array.from(values);
        for (let i = 0; i < all; i++) transfer.items.add(new File([content], `${i}.gif`, { type: "image/gif" }));
        document.dispatchEvent(new DragEvent("drop", { dataTransfer: transfer }));
      },
      [bytes, count],
    );
    await page.waitForFunction(
      (all) => document.querySelectorAll("#list-rows li").length === all && document.querySelector("#list-stop").hidden,
      count,
    );
    return measureHeap(page);
  };
  const few = await read(100);
  const tensors = await page.evaluate(() => window.emoji.readMemory());
  const many = await read(1000);
  expect(await page.evaluate(() => window.emoji.readMemory())).toEqual(tensors);
  console.log(`heap with 100 photos ${(few / 1e6).toFixed(1)} MB, with 1,000 ${(many / 1e6).toFixed(1)} MB`);
  expect((many - few) / 900).toBeLessThan(10_000); // bytes a photo
  await page.context().close();
});
