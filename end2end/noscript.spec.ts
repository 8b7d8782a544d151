// Without script, the browser itself submits the form and downloads the file.
import { run } from "./server";
import { bytes, expect, test } from "./test";

test("the untouched form downloads everything, for Excel", async ({ page }) => {
  await page.goto("/settings");
  const downloading = page.waitForEvent("download");
  await page.getByRole("button", { name: "Export CSV" }).click();
  const download = await downloading;
  expect(download.suggestedFilename()).toBe("motion-events-all.csv");
  expect(await bytes(download)).toEqual(run("export", "--bom"));
});

test("the filled form downloads what it says", async ({ page }) => {
  await page.goto("/settings");
  await page.getByLabel("From").fill("2025-12-01");
  await page.getByLabel("To", { exact: true }).fill("2025-12-15");
  await page.getByLabel("Camera", { exact: true }).selectOption("Front Door");
  await page.getByLabel("Time zone").selectOption("Europe/Berlin");
  await page.getByLabel("Excel-compatible").uncheck({ force: true });
  const camera = await page.getByLabel("Camera", { exact: true }).inputValue();
  const downloading = page.waitForEvent("download");
  await page.getByRole("button", { name: "Export CSV" }).click();
  const download = await downloading;
  expect(download.suggestedFilename()).toBe("motion-events-2025-12-01-2025-12-15.csv");
  const expected = run("export", "--start-date", "2025-12-01", "--end-date", "2025-12-15", "--camera-id", camera, "--timezone", "Europe/Berlin");
  expect(expected.length).toBeGreaterThan(10_000);
  expect(await bytes(download)).toEqual(expected);
});

test("the history tells of an export, is filtered by a form, and exports again", async ({ page }) => {
  const file = run("export", "--timezone", "Africa/Maseru", "--start-date", "2025-12-02");
  await page.goto("/settings/exports");
  const row = page.getByRole("row").filter({ hasText: "Africa/Maseru" }).first();
  await expect(row).toContainText("Complete");
  const digest = await row.getByRole("textbox", { name: /^SHA-256/ }).inputValue();
  await page.getByLabel("SHA-256 of the file").fill(digest);
  await page.getByRole("button", { name: "Show" }).click();
  await expect(row).toContainText("command line");
  const downloading = page.waitForEvent("download");
  await row.getByRole("link", { name: /^Export again/ }).click();
  expect(await bytes(await downloading)).toEqual(file);
  await page.goto("/settings/verify");
  await expect(page.getByText("Without script, compute the SHA-256 of the file yourself")).toBeVisible();
});
