// Export records: the history, exporting again, and verifying a file.
import { writeFileSync } from "node:fs";

import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";

import { run } from "./server";
import { bytes, expect, expectSame, ownDay, shownDay, test, waitForAnimations } from "./test";

/** Exports one day that no other test exports, and returns the file. */
async function exportDay(page: Page, day: string): Promise<Buffer> {
  await page.goto("/settings");
  await expect(page.locator("body[data-hydrated]")).toBeAttached();
  await page.getByLabel("From", { exact: true }).fill(day);
  await page.getByLabel("To", { exact: true }).fill(day);
  const downloading = page.waitForEvent("download");
  await page.getByRole("button", { name: "Export CSV" }).click();
  return bytes(await downloading);
}

/** Delays each read of a response body after the first two, so that the browser stops receiving. */
async function readSlowly(page: Page, milliseconds: number): Promise<void> {
  await page.evaluate((milliseconds) => {
    const read = ReadableStreamDefaultReader.prototype.read;
    let reads = 0;
    ReadableStreamDefaultReader.prototype.read = async function (this: ReadableStreamDefaultReader) {
      if (reads++ >= 2) await new Promise((resolve) => setTimeout(resolve, milliseconds));
      return read.call(this);
    } as typeof read;
  }, milliseconds);
}

async function openHistory(page: Page): Promise<void> {
  await page.goto("/settings/exports");
  await expect(page.locator("body[data-hydrated]")).toBeAttached();
}

test("Export history shows user, selection, size, state and digest, and exports again", async ({ page, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const day = ownDay("2025-11-03");
  const file = await exportDay(page, day);
  await openHistory(page);
  const row = page.getByRole("row").filter({ hasText: shownDay(day) }).first();
  await expect(row).toContainText("admin");
  await expect(row).toContainText(`${shownDay(day)}, all cameras, America/Los_Angeles`);
  await expect(row).toContainText(`${file.toString().split("\n").length - 2}`);
  await expect(row).toContainText("Complete");
  await row.getByRole("button", { name: "Copy" }).click();
  await expect(row.getByRole("status")).toHaveText("Copied.");
  const digest = await page.evaluate(() => navigator.clipboard.readText());
  expect(digest).toMatch(/^[0-9a-f]{64}$/);

  const downloading = page.waitForEvent("download");
  await row.getByRole("link", { name: /^Export again/ }).click();
  expectSame(await bytes(await downloading), file);
  const toast = page.locator(".toast--success");
  await expect(toast).toContainText("Export complete");
  await waitForAnimations(toast);
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);

  // The filter is a form, which also works without script.
  await page.getByLabel("SHA-256 of the file").fill(digest);
  await page.getByRole("button", { name: "Show" }).click();
  const same = page.getByRole("row").filter({ hasText: "Complete" });
  await expect(same.first()).toBeVisible();
  expect(await same.count()).toBeGreaterThanOrEqual(2);
  await page.getByLabel("State").selectOption("Failed");
  await page.getByRole("button", { name: "Show" }).click();
  await expect(page.getByText("No exports match the filter.")).toBeVisible();
  await expect(page.getByLabel("SHA-256 of the file")).toHaveValue(digest);
});

test("recent exports are listed below the form, and their links select the same again", async ({ page }) => {
  const day = ownDay("2025-10-20");
  const file = await exportDay(page, day);
  const recent = page.getByRole("region", { name: "Recent exports" });
  const item = recent.getByRole("listitem").filter({ hasText: shownDay(day) }).first();
  await expect(item).toContainText(`${file.toString().trimEnd().split("\r\n").length - 1} events`);
  await expect(item).toContainText("Complete");
  expect((await new AxeBuilder({ page }).include(".recent").analyze()).violations).toEqual([]);
  await page.goto("/settings");
  await item.getByRole("link", { name: `Select again: ${shownDay(day)}, all cameras, America/Los_Angeles` }).click();
  await expect(page).toHaveURL(new RegExp(`/settings\\?.*start_date=${day}`));
  await expect(page.getByLabel("From", { exact: true })).toHaveValue(day);
  await recent.getByRole("link", { name: "All exports" }).click();
  await expect(page).toHaveURL(/\/settings\/exports$/);
});

test("a cancelled export is listed as cancelled below the form after the server has noticed", async ({ page }) => {
  const day = ownDay("2024-12-20");
  await page.goto(`/settings?start_date=${day}&timezone=UTC`);
  await expect(page.locator("body[data-hydrated]")).toBeAttached();
  await readSlowly(page, 5_000);
  await page.getByRole("button", { name: "Export CSV" }).click();
  await expect(page.locator(".job output")).toHaveText(/^[1-9][\d,]* of [\d,]+ events, \d/);
  await page.locator(".job").getByRole("button", { name: "Cancel" }).click();
  const item = page.getByRole("region", { name: "Recent exports" }).getByRole("listitem").filter({ hasText: `from ${shownDay(day)}` }).first();
  // The file is small, so the server may have sent all of it before.
  await expect(item).toContainText(/Cancelled|Complete/);
});

test("an export whose page was closed is in the history with its state", async ({ page }) => {
  await page.goto("/settings");
  await expect(page.locator("body[data-hydrated]")).toBeAttached();
  await page.getByLabel("Time zone").selectOption("Pacific/Chatham");
  await readSlowly(page, 60_000);
  await page.getByRole("button", { name: "Export CSV" }).click();
  await expect(page.locator(".job output")).toHaveText(/^[1-9][\d,]* (of 20,000 )?events, \d/);
  await page.reload();
  await openHistory(page);
  const row = page.getByRole("row").filter({ hasText: "Pacific/Chatham" }).first();
  // The file is small, so the server may have sent all of it before the browser disconnected.
  await expect(row).toContainText(/Cancelled|Complete/);
});

test("an unchanged file is verified by its digest, and a truncated one is not", async ({ page }, testInfo) => {
  const day = ownDay("2025-11-14");
  const file = await exportDay(page, day);
  await page.goto("/settings/verify");
  await expect(page.locator("body[data-hydrated]")).toBeAttached();
  const choose = page.getByLabel("Drop a CSV here, or choose it");
  const verdict = page.getByRole("status");
  await choose.setInputFiles({ name: "mine.csv", mimeType: "text/csv", buffer: file });
  await expect(verdict).toContainText("mine.csv is complete and unchanged");
  await expect(choose).toHaveValue(/mine\.csv$/);
  await expect(verdict).toContainText(`admin: ${shownDay(day)}, all cameras, America/Los_Angeles.`);
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);

  const truncated = testInfo.outputPath("cut.csv");
  writeFileSync(truncated, file.subarray(0, -1));
  await choose.setInputFiles(truncated);
  await expect(verdict).toContainText("cut.csv is cut off: its end is missing.");
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  await choose.setInputFiles({ name: "mine.csv", mimeType: "text/csv", buffer: file });
  await verdict.getByRole("link", { name: /^Record/ }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(/^Export of \d+ \w+ \d{4}, /);
});

test("Verify says what happened to a file that matches no record", async ({ page }) => {
  const day = ownDay("2025-08-14");
  const file = await exportDay(page, day);
  const text = file.toString();
  const name = `motion-events-${day}-${day} (1).csv`;
  await page.goto("/settings/verify");
  await expect(page.locator("body[data-hydrated]")).toBeAttached();
  const verdict = page.getByRole("status");
  const verify = async (changed: string | Buffer, as = name) => {
    const buffer = Buffer.from(changed);
    await page.getByLabel("Drop a CSV here, or choose it").setInputFiles({ name: as, mimeType: "text/csv", buffer });
  };
  const rows = text.trimEnd().split("\r\n").length - 1;
  await verify(text.replace(/,(MOG2|KNN),/, ",XYZ,"));
  await expect(verdict).toContainText(`${name} was changed: an export has this name and this form, but other contents.`);
  await expect(verdict).toContainText("Exports with this name:");
  await expect(verdict).toContainText(`admin: ${shownDay(day)}, all cameras`);
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  await verify(text.slice(0, text.trimEnd().lastIndexOf("\r\n") + 2));
  await expect(verdict).toContainText(`is cut off: it has ${(rows - 1).toLocaleString("en")} of ${rows.toLocaleString("en")} rows.`);
  await verify(text.replaceAll("\r\n", "\n"));
  await expect(verdict).toContainText("was saved again by another program, such as a spreadsheet (other line ends)");
  await verify(text.slice(1).replaceAll(",", ";"));
  await expect(verdict).toContainText("(other separators, a mark for UTF-8 added or removed)");
  await verify(text.replace(/,(MOG2|KNN),/, ",XYZ,"), "renamed.csv");
  await expect(verdict).toContainText("renamed.csv has the form of an export, but no export of this server has its contents");
  await verify("time,camera\r\n");
  await expect(verdict).toContainText("is no exported file of events");
  await verify(file);
  await expect(verdict).toContainText("is complete and unchanged");
});

test("the history is filtered by day, person and camera, tells a wrong digest beside its field, and is downloaded as CSV", async ({ page, context }) => {
  const day = ownDay("2025-08-25");
  await exportDay(page, day);
  await openHistory(page);
  // The times are in the browser's zone.
  await expect(page.locator(".records time").first()).toHaveText(/UTC-0[78]:00$/);
  const camera = await page.getByLabel("Camera").locator("option", { hasText: "Garage" }).getAttribute("value");
  await page.getByLabel("From").fill("2020-01-01");
  await page.getByLabel("Person").selectOption("admin");
  await page.getByLabel("Camera").selectOption("Garage");
  await page.getByLabel("SHA-256 of the file").fill("abc");
  await page.getByRole("button", { name: "Show" }).click();
  await expect(page).toHaveURL(new RegExp(`camera_id=${encodeURIComponent(camera ?? "")}`));
  await expect(page.getByLabel("SHA-256 of the file")).toHaveValue("abc");
  await expect(page.getByLabel("SHA-256 of the file")).toHaveAccessibleDescription(/64 hexadecimal digits/);
  await expect(page.getByLabel("Camera")).toHaveValue(camera ?? "");
  await expect(page.getByLabel("From")).toHaveValue("2020-01-01");
  await expect(page.getByRole("row").filter({ hasText: "admin" }).first()).toBeVisible();
  await expect(page.locator("body[data-hydrated]")).toBeAttached();
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  const downloading = page.waitForEvent("download");
  await page.getByRole("link", { name: "Download this list as CSV" }).click();
  const download = await downloading;
  expect(download.suggestedFilename()).toMatch(/^export-history-\d{4}-\d\d-\d\d\.csv$/);
  const history = (await bytes(download)).toString();
  expect(history).toMatch(/^\ufeffid,started_at,finished_at,/);
  expect(history).toContain(`,${day},${day},,America/Los_Angeles,`);
  await page.getByRole("link", { name: "Show all exports" }).click();
  await expect(page).toHaveURL(/\/settings\/exports$/);

  // A first visit: the server does not know the browser's zone yet, and the page moves the times once it is hydrated.
  await context.clearCookies({ name: "timezone" });
  await openHistory(page);
  await expect(page.locator(".records time").first()).toHaveText(/UTC-0[78]:00$/);
  await page.reload();
  await expect(page.getByText("Days in America/Los_Angeles.")).toBeVisible();
});

test("an export has its own page with everything about it", async ({ page, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const day = ownDay("2025-07-20");
  const file = await exportDay(page, day);
  await openHistory(page);
  await page.getByRole("row").filter({ hasText: shownDay(day) }).first().getByRole("rowheader").getByRole("link").click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(/^Export of \d+ \w+ \d{4}, \d\d:\d\d:\d\d UTC-0[78]:00$/);
  const facts = page.locator(".record-facts");
  await expect(facts).toContainText("America/Los_Angeles");
  await expect(facts).toContainText(`(${file.length.toLocaleString("en")} bytes)`);
  await expect(facts).toContainText(`motion-events-${day}-${day}.csv`);
  await page.getByRole("button", { name: "Copy" }).click();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toMatch(/^[0-9a-f]{64}$/);
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  const width = await page.locator("html").evaluate((html) => [html.scrollWidth, html.clientWidth]);
  expect(width[0]).toBe(width[1]);
  const downloading = page.waitForEvent("download");
  await page.getByRole("link", { name: "Export again" }).click();
  expectSame(await bytes(await downloading), file);
  await page.getByRole("link", { name: "Select the same again" }).click();
  await expect(page.getByLabel("From", { exact: true })).toHaveValue(day);
});

test("a file exported by the command line is verified when it is dropped", async ({ page }) => {
  // No other test uses this time zone, so the file is unique.
  const file = run("export", "--timezone", "Antarctica/Troll", "--end-date", "2025-12-01");
  await page.goto("/settings/verify");
  await expect(page.locator("body[data-hydrated]")).toBeAttached();
  const dropped = await page.evaluateHandle((text) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([text], "dropped.csv", { type: "text/csv" }));
    return transfer;
  }, file.toString());
  await page.locator(".drop").dispatchEvent("drop", { dataTransfer: dropped });
  await expect(page.getByRole("status")).toContainText("dropped.csv is complete and unchanged");
  await expect(page.getByRole("status")).toContainText("command line: until 1 Dec 2025");
  await expect(page.getByLabel("Drop a CSV here, or choose it")).toHaveValue(/dropped\.csv$/);
});
