// Not a test: takes the screenshots for README.md and docs/web-ui.md (`make screenshots`).
import type { Page } from "@playwright/test";

import { NOW } from "./server";
import { expect, test, waitForAnimations } from "./test";

const wide = { width: 1180, height: 900 };
const phone = { width: 390, height: 844 };
const tall = { width: 390, height: 1400 };
const selected = "?start_date=2025-12-01&end_date=2025-12-16&timezone=America/Los_Angeles&bom=true";

async function exported(page: Page): Promise<void> {
  await page.locator(".export-button").click();
  await page.locator("h1").hover();
  await waitForAnimations(page.locator(".toast--success"));
}

async function calendar(page: Page): Promise<void> {
  await page.locator(".date-range__open").click();
  await expect(page.locator(".day--events").first()).toBeVisible();
}

async function cameras(page: Page): Promise<void> {
  await page.locator(".picker summary").click();
  await expect(page.locator(".picker__count").first()).not.toBeEmpty();
}

/** Starts an export that stops after the first part of the file. */
async function running(page: Page): Promise<void> {
  await page.evaluate(() => {
    const read = ReadableStreamDefaultReader.prototype.read;
    let reads = 0;
    ReadableStreamDefaultReader.prototype.read = function (this: ReadableStreamDefaultReader) {
      return reads++ < 1 ? read.call(this) : new Promise(() => {});
    } as typeof read;
  });
  await page.locator(".export-button").click();
  await expect(page.locator(".job output")).toHaveText(/^[1-9][\d,]* of [\d,]+ events, \d/);
}

async function failed(page: Page): Promise<void> {
  await page.route("**/motion-events/export?*", (route) => route.abort());
  await page.locator(".export-button").click();
  await page.locator("h1").hover();
  await waitForAnimations(page.locator(".toast--error"));
}

async function longNames(page: Page): Promise<void> {
  await cameras(page);
  await page.locator(".picker__name").evaluateAll((names) => names.forEach((name, number) => (name.textContent = `Loading dock ${number + 1}, north side, `.repeat(4))));
}

async function useFrom(page: Page): Promise<void> {
  await page.getByText("Use in other tools").click();
  await page.getByText("DuckDB", { exact: true }).click();
  await page.locator(".use-from").scrollIntoViewIfNeeded();
}

async function rightToLeft(page: Page): Promise<void> {
  await page.locator("html").evaluate((html) => html.setAttribute("dir", "rtl"));
}

const noAction = async (): Promise<void> => {};

for (const [name, viewport, address, act, more] of [
  ["wide-light", wide, `/settings${selected}`, exported, {}],
  ["wide-dark", wide, `/settings${selected}`, exported, { colorScheme: "dark" }],
  ["phone-light", phone, `/settings${selected}`, exported, {}],
  ["phone-dark", phone, `/settings${selected}`, exported, { colorScheme: "dark" }],
  ["phone-german", tall, `/settings${selected}`, noAction, { locale: "de-DE" }],
  ["calendar", wide, `/settings${selected}`, calendar, {}],
  ["phone-calendar", phone, `/settings${selected}`, calendar, { colorScheme: "dark" }],
  ["cameras", wide, `/settings${selected}`, cameras, {}],
  ["phone-cameras", phone, `/settings${selected}`, cameras, {}],
  ["empty", wide, "/settings?start_date=2030-01-01&timezone=UTC", noAction, {}],
  ["wrong-dates", wide, "/settings?start_date=2025-13-01", noAction, {}],
  ["contrast", wide, `/settings${selected}`, noAction, { contrast: "more" }],
  ["forced-colors", wide, `/settings${selected}`, noAction, { forcedColors: "active" }],
  ["running", wide, "/settings?timezone=America/Los_Angeles&bom=true", running, {}],
  ["failed", wide, `/settings${selected}`, failed, {}],
  ["long-names", wide, `/settings${selected}`, longNames, {}],
  ["use-from", wide, `/settings${selected}`, useFrom, {}],
  ["right-to-left", wide, `/settings${selected}`, rightToLeft, {}],
  ["history", wide, "/settings/exports", noAction, {}],
] as const) {
  test.describe(() => {
    test.use({ viewport, expectedMessages: [/Failed to load resource/], ...more });

    test(name, async ({ page }) => {
      await page.clock.setFixedTime(new Date(NOW));
      await page.goto(address);
      await expect(page.locator("body[data-hydrated]")).toBeAttached();
      await act(page);
      await page.screenshot({ path: `../docs/screenshots/${name}.png` });
    });
  });
}
