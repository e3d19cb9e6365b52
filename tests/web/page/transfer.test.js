// What the first visit downloads until its first answer stays within its budget.

import { beforeAll, expect, test } from "vitest";
import { awaitAnswer, openPage, startSite } from "../../helpers/page.js";
import { BUDGET, NETWORK, measureNetwork, weighRequests } from "../../../web/bench/weigh.js";

let site, browser;

beforeAll(async () => {
  const own = await startSite();
  ({ site, browser } = own);
  return own.close;
});

test("at most 0.75 MB besides the network, and the network at most 2 bytes a parameter", async () => {
  const page = await openPage(browser, site.address);
  await awaitAnswer(page, () => page.click("#sample"));
  const weights = weighRequests(site.requests.map(({ url }) => url));
  const besides = Object.entries(weights)
    .filter(([kind]) => kind !== NETWORK)
    .reduce((sum, [, { gzip }]) => sum + gzip, 0);
  console.log(
    Object.entries(weights)
      .map(([kind, { gzip, raw }]) => `${kind} ${gzip} gzip, ${raw} raw`)
      .join("\n"),
  );
  expect(besides).toBeLessThanOrEqual(BUDGET);
  const { parameters, bytes } = measureNetwork();
  expect(parameters).toBeGreaterThan(10_000);
  expect(bytes).toBeLessThanOrEqual(2 * parameters);
  for (const kind of ["page", "code", "wasm", "detector", NETWORK]) expect(weights[kind].raw).toBeGreaterThan(0);
  await page.context().close();
});
