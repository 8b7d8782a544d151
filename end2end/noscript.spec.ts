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
