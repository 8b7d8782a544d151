// The pages while the WASM is on its way. What looks alive acts, at once or as soon as it can, and once.
import type { Page } from "@playwright/test";

import { NOW, run } from "./server";
import { bytes, expect, expectSame, exportButton, shownDay, test } from "./test";

const DAY = 86_400_000;
const PRESETS = ["Today", "Last 7 days", "Last 30 days", "This month", "Everything"];

/** Opens a page whose WASM arrives when the returned function is called, which waits for the hydration. */
async function openWithoutWasm(page: Page, path: string): Promise<() => Promise<void>> {
  let release = () => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  const requested = page.waitForRequest("**/*.wasm");
  await page.route("**/*.wasm", async (route) => {
    await held;
    await route.continue();
  });
  await page.goto(path);
  await requested;
  return async () => {
    release();
    await expect(page.locator("body[data-hydrated]")).toBeAttached();
  };
}

const from = (page: Page) => page.getByLabel("From", { exact: true });
const to = (page: Page) => page.getByLabel("To", { exact: true });
const preset = (page: Page, name: string) => page.locator(".date-range").getByRole("button", { name, exact: true });
const opener = (page: Page) => page.getByRole("button", { name: "Choose dates in a calendar" });
const dates = async (page: Page) => [await from(page).inputValue(), await to(page).inputValue()];

for (const moment of [NOW, "2025-12-16T02:00:00Z", "2025-03-01T23:30:00Z"]) {
  test(`a preset acts before hydration as after it, at ${moment}`, async ({ page, context }) => {
    // The first visit: the server does not know the browser's time zone.
    await context.clearCookies({ name: "timezone" });
    await page.clock.setFixedTime(new Date(moment));
    const hydrate = await openWithoutWasm(page, "/settings");
    await expect(page.getByLabel("Time zone")).toHaveValue("UTC");
    const early: string[][] = [];
    for (const name of PRESETS) {
      await preset(page, name).press("Enter");
      early.push(await dates(page));
    }
    await preset(page, "Last 7 days").click();
    await hydrate();
    await expect(page.getByLabel("Time zone")).toHaveValue("America/Los_Angeles");
    await expect(preset(page, "Last 7 days")).toHaveAttribute("aria-pressed", "true");
    await expect(page).toHaveURL(/start_date=-6d&end_date=today&/);
    for (const [index, name] of PRESETS.entries()) {
      await preset(page, name).click();
      expect(await dates(page), name).toEqual(early[index]);
    }
  });
}

test("a preset counts in the time zone that is chosen, and an export before hydration has its dates, once", async ({ page }) => {
  await page.clock.setFixedTime(new Date(NOW));
  const hydrate = await openWithoutWasm(page, "/settings");
  await page.getByLabel("Time zone").selectOption("Pacific/Kiritimati");
  await preset(page, "Today").click();
  // Noon in UTC is the next day there.
  expect(await dates(page)).toEqual(["2025-12-17", "2025-12-17"]);
  await from(page).fill("2025-12-15");
  const downloads: string[] = [];
  page.on("download", (download) => downloads.push(download.url()));
  const downloading = page.waitForEvent("download");
  await exportButton(page).dblclick();
  const expected = run("export", "--start-date", "2025-12-15", "--end-date", "2025-12-17", "--timezone", "Pacific/Kiritimati", "--bom");
  expectSame(await bytes(await downloading), expected);
  await hydrate();
  expect(await dates(page)).toEqual(["2025-12-15", "2025-12-17"]);
  expect(downloads).toHaveLength(1);
});

test("the calendar's button opens the browser's own picker until the calendar works", async ({ page }) => {
  await page.addInitScript(() => {
    const pickers: string[] = [];
    Object.assign(window, { pickers });
    HTMLInputElement.prototype.showPicker = function () {
      pickers.push(this.id);
    };
  });
  const pickers = () => page.evaluate(() => (window as unknown as { pickers: string[] }).pickers);
  const hydrate = await openWithoutWasm(page, "/settings");
  await opener(page).click();
  await expect(from(page)).toBeFocused();
  await from(page).fill("2025-12-15");
  await opener(page).press("Enter");
  await expect(to(page)).toBeFocused();
  expect(await pickers()).toEqual(["start-date", "end-date"]);
  await hydrate();
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await opener(page).click();
  await expect(page.getByRole("dialog", { name: "Choose dates" })).toBeVisible();
  expect(await pickers()).toHaveLength(2);
});

test("a browser without a picker opens the calendar as soon as it works", async ({ page }) => {
  await page.addInitScript(() => {
    HTMLInputElement.prototype.showPicker = () => {
      throw new DOMException("not supported", "NotSupportedError");
    };
  });
  const hydrate = await openWithoutWasm(page, "/settings");
  await opener(page).click();
  await opener(page).click();
  await hydrate();
  await expect(page.getByRole("dialog", { name: "Choose dates" })).toBeVisible();
});

test("what cannot act yet looks so", async ({ page }) => {
  const hydrate = await openWithoutWasm(page, "/settings");
  const chart = page.getByRole("slider");
  await expect(chart).toHaveAttribute("aria-disabled", "true");
  await expect(page.getByText("Drag over the chart")).toBeHidden();
  await page.locator(".picker summary").click();
  await page.getByLabel("Search cameras").fill("gar");
  await expect(page.getByRole("button", { name: "Select all" })).toBeDisabled();
  await page.keyboard.press("Escape");
  await expect(page.getByLabel("Search cameras")).toBeHidden();
  await expect(page.locator(".picker summary")).toBeFocused();
  await page.getByText("Use in other tools").click();
  await expect(page.getByText("Loading…")).toBeVisible();
  await hydrate();
  await expect(chart).not.toHaveAttribute("aria-disabled");
  await expect(page.getByText("Drag over the chart")).toBeVisible();
  await expect(page.getByText("Loading…")).toBeHidden();
  await expect(page.locator(".snippet textarea")).toBeVisible();
});

test("the theme and the language can be switched before hydration", async ({ page }) => {
  await openWithoutWasm(page, "/settings?start_date=2025-12-15");
  await page.getByRole("button", { name: "Dark" }).click();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await page.getByRole("button", { name: "Deutsch" }).click();
  await expect(page.locator("html")).toHaveAttribute("lang", "de");
  await expect(page).toHaveURL(/\?start_date=2025-12-15$/);
});

test("the history copies a digest and exports again before hydration, once", async ({ page, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const file = run("export", "--timezone", "Asia/Kathmandu", "--start-date", "2025-12-10");
  const hydrate = await openWithoutWasm(page, "/settings/exports");
  const row = page.getByRole("row").filter({ hasText: `from ${shownDay("2025-12-10")}, all cameras, Asia/Kathmandu` }).first();
  await row.getByRole("button", { name: "Copy" }).press("Enter");
  await expect(row.getByRole("status")).toHaveText("Copied.");
  expect(await page.evaluate(() => navigator.clipboard.readText())).toMatch(/^[0-9a-f]{64}$/);
  const downloads: string[] = [];
  page.on("download", (download) => downloads.push(download.url()));
  const downloading = page.waitForEvent("download");
  await row.getByRole("link", { name: /^Export again/ }).dblclick();
  expectSame(await bytes(await downloading), file);
  await hydrate();
  expect(downloads).toHaveLength(1);
  await expect(page.locator(".job")).toHaveCount(0);
});

for (const how of ["chosen", "dropped"]) {
  test(`a file that is ${how} before hydration is verified after it, once`, async ({ page }) => {
    const file = run("export", "--timezone", "Indian/Cocos", "--start-date", "2025-12-12");
    const hydrate = await openWithoutWasm(page, "/settings/verify");
    let lookups = 0;
    page.on("request", (request) => (lookups += Number(request.url().includes("sha256="))));
    if (how === "chosen") {
      await page.getByLabel("Drop a CSV here, or choose it").setInputFiles({ name: "early.csv", mimeType: "text/csv", buffer: file });
    } else {
      const dropped = await page.evaluateHandle((text) => {
        const transfer = new DataTransfer();
        transfer.items.add(new File([text], "early.csv", { type: "text/csv" }));
        return transfer;
      }, file.toString());
      const over = await page.locator(".drop").evaluate((zone) => zone.dispatchEvent(new DragEvent("dragover", { bubbles: true, cancelable: true })));
      expect(over, "the browser must not open the file").toBe(false);
      await page.locator(".drop").dispatchEvent("drop", { dataTransfer: dropped });
    }
    await hydrate();
    await expect(page.getByRole("status")).toContainText("early.csv is complete and unchanged");
    expect(lookups).toBe(1);
  });
}

test("a day that is typed after a preset is kept", async ({ page }) => {
  await page.clock.setFixedTime(new Date(NOW));
  const hydrate = await openWithoutWasm(page, "/settings");
  await preset(page, "Today").click();
  const earlier = new Date(Date.parse(NOW) - 3 * DAY).toISOString().slice(0, 10);
  await from(page).fill(earlier);
  await hydrate();
  expect(await dates(page)).toEqual([earlier, "2025-12-16"]);
  await expect(page.locator(".date-range [aria-pressed=true]")).toHaveCount(0);
});
