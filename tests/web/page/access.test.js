// For everyone: the keyboard alone is enough, and a screen reader hears what matters.

import { beforeAll, describe, expect, test } from "vitest";
import { awaitAnswer, openPage, startSite } from "../../helpers/page.js";

let site, browser;

beforeAll(async () => {
  const own = await startSite();
  ({ site, browser } = own);
  return own.close;
});

describe("the keyboard alone", () => {
  /** Press Tab until the element has the focus; fails where it is never reached. */
  async function tabTo(page, selector) {
    for (let count = 0; count < 60; count++) {
      await page.keyboard.press("Tab");
      if (await page.$eval(selector, (element) => element === document.activeElement)) return;
    }
    throw new Error(`${selector} cannot be reached by Tab`);
  }

  test("skip link, sample, evidence, square and save", async () => {
    const page = await openPage(browser, site.address);
    await page.keyboard.press("Tab");
    expect(await page.evaluate(() => document.activeElement.className)).toBe("skip-link");
    await page.keyboard.press("Enter");
    expect(await page.evaluate(() => document.activeElement.id)).toBe("main");
    await tabTo(page, "#sample");
    const outline = await page.$eval("#sample", (button) => getComputedStyle(button).outlineStyle);
    expect(outline).toBe("solid");
    const { result } = await awaitAnswer(page, () => page.keyboard.press("Enter"));
    const { label } = result.faces[0].expressions[0];
    await tabTo(page, `[data-evidence="${label}"]`);
    await page.keyboard.press("Space");
    expect(await page.getAttribute(`[data-evidence="${label}"]`, "aria-pressed")).toBe("true");
    await tabTo(page, "#redraw");
    await page.keyboard.press("Enter");
    expect(await page.evaluate(() => document.activeElement.id)).toBe("square");
    const before = await page.textContent("#square-output");
    for (const key of ["ArrowUp", "ArrowUp", "ArrowLeft", "-", "Shift+ArrowDown"]) await page.keyboard.press(key);
    expect(await page.textContent("#square-output")).not.toBe(before);
    const [side, x, y] = (await page.textContent("#square-output")).match(/\d+/g).map(Number);
    const answer = await awaitAnswer(page, () => page.keyboard.press("Enter"));
    expect(answer.result.faces).toMatchObject([{ box: [x, y, x + side, y + side], detection: null }]);
    await tabTo(page, "#redraw");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Escape");
    expect(await page.evaluate(() => document.activeElement.id)).toBe("redraw");
    await page.keyboard.press("Shift+Tab");
    const [download] = await Promise.all([page.waitForEvent("download"), page.keyboard.press("Enter")]);
    expect(download.suggestedFilename()).toBe("sample-emoji.png");
    expect(page.problems).toEqual([]);
    await page.context().close();
  });

  test("the summary is a status region, and camera pictures do not chatter in it", async () => {
    const page = await openPage(browser, site.address);
    expect(await page.getAttribute("#summary", "role")).toBe("status");
    await awaitAnswer(page, () => page.click("#sample"));
    expect(await page.getAttribute("#result", "aria-busy")).toBe("false");
    expect(await page.$$("#result [aria-live], #result [role=status]")).toHaveLength(1); // the cards are not read out anew
    const tree = await page.locator("#result").ariaSnapshot();
    expect(tree).toMatch(/status: Looks \w+ \(\d+%\)\.|status: Not sure/);
    expect(tree).toMatch(/table "The three likeliest expressions of face 1"/);
    await page.context().close();
  });
});
