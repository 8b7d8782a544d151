// The switches for the date column and for semicolons: their effect on the file, on the export's record and on Verify a file.
import { createHash } from "node:crypto";

import { run } from "./server";
import { bytes, expect, expectSame, ownDay, test } from "./test";

test("semicolons are in the file, its record and the address, and the file is verified", async ({ page }) => {
  const day = ownDay("2025-09-10");
  await page.goto(`/settings?start_date=${day}&end_date=${day}&timezone=UTC`);
  await expect(page.locator("body[data-hydrated]")).toBeAttached();
  const semicolons = page.getByLabel("Semicolons and decimal commas");
  await expect(semicolons).not.toBeChecked();
  await semicolons.check({ force: true });
  await expect(page).toHaveURL(/[?&]delimiter=semicolon(&|$)/);
  await expect(page.getByRole("region", { name: "First rows of the file" }).locator("td").nth(3)).toHaveText(/^\d+(,\d+)?$/);
  const downloading = page.waitForEvent("download");
  await page.getByRole("button", { name: "Export CSV" }).click();
  const file = await bytes(await downloading);
  expectSame(file, run("export", "--start-date", day, "--end-date", day, "--delimiter", "semicolon"));
  expect(file.toString()).toMatch(/;\d+,\d+;(MOG2|KNN|frame_diff);/);
  const records = await page.request.get(`/api/v1/exports?sha256=${createHash("sha256").update(file).digest("hex")}&mine=true`);
  const { exports } = await records.json();
  expect(exports[0].query).toContain("delimiter=semicolon");

  await page.reload();
  await expect(page.getByLabel("Semicolons and decimal commas")).toBeChecked();
  await page.goto("/settings/verify");
  await expect(page.locator("body[data-hydrated]")).toBeAttached();
  await page.getByLabel("Drop a CSV here, or choose it").setInputFiles({ name: "semicolons.csv", mimeType: "text/csv", buffer: file });
  await expect(page.getByRole("status")).toContainText("semicolons.csv is complete and unchanged");
});

test("the date column is first in the file and named in its record, and the file is verified", async ({ page }) => {
  const day = ownDay("2025-09-20");
  await page.goto("/settings");
  await expect(page.locator("body[data-hydrated]")).toBeAttached();
  await page.getByLabel("From", { exact: true }).fill(day);
  await page.getByLabel("To", { exact: true }).fill(day);
  const dateColumn = page.getByLabel("Date column");
  await expect(dateColumn).not.toBeChecked();
  await dateColumn.check({ force: true });
  const downloading = page.waitForEvent("download");
  await page.getByRole("button", { name: "Export CSV" }).click();
  const file = await bytes(await downloading);
  expectSame(file, run("export", "--start-date", day, "--end-date", day, "--timezone", "America/Los_Angeles", "--bom", "--excel-date"));
  const [header, first] = file.toString().split("\r\n");
  expect(header).toMatch(/^\ufefflocal_time,timestamp,camera_id,/);
  expect(first).toMatch(new RegExp(`^${day} \\d\\d:\\d\\d:\\d\\d,${day}T`));

  const records = await page.request.get(`/api/v1/exports?sha256=${createHash("sha256").update(file).digest("hex")}&mine=true`);
  const { exports } = await records.json();
  expect(exports[0].query).toContain("excel_date=true");
  expect(exports[0].state).toBe("completed");

  await page.goto("/settings/verify");
  await expect(page.locator("body[data-hydrated]")).toBeAttached();
  await page.getByLabel("Drop a CSV here, or choose it").setInputFiles({ name: "dates.csv", mimeType: "text/csv", buffer: file });
  await expect(page.getByRole("status")).toContainText("dates.csv is complete and unchanged");
});
