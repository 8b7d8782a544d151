// The page with script, in every project that has it: wide, narrow and dark.
import AxeBuilder from "@axe-core/playwright";

import { expect, settled, test } from "./test";

test.beforeEach(async ({ page }) => {
  await page.goto("/settings");
  await expect(page.locator("body[data-hydrated]")).toBeAttached();
});

test("axe finds nothing, at rest and with a toast and a problem", async ({ page }) => {
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  await page.getByLabel("From").fill("2025-12-02");
  await page.getByLabel("To", { exact: true }).fill("2025-12-01");
  await page.getByRole("button", { name: "Export CSV" }).click();
  await settled(page.locator(".toast--error"));
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
});

test("coming alive adds no style sheet, so nothing moves", async ({ page }) => {
  const html = await (await page.request.get("/settings")).text();
  const sent = [...html.matchAll(/<style id="(thaw-id-[^"]+)"/g)].map((match) => match[1]).sort();
  expect(sent.length).toBeGreaterThan(3);
  const there = page.locator("style[id^=thaw-id]");
  expect(await there.evaluateAll((sheets) => sheets.map((sheet) => sheet.id).sort())).toEqual(sent);
});
