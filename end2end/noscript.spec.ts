// Exporting without script: the browser itself submits the form and downloads the file.
import { createHash } from "node:crypto";

import { ADMIN, PASSWORD, run } from "./server";
import { SlowExport } from "./slow-export";
import { bytes, cameraId, chooseCameras, expect, expectSame, test } from "./test";

test("the default form downloads all events, for Excel", async ({ page, context }) => {
  // A page with script has stored the browser's time zone in a cookie.
  await page.goto("/settings");
  await expect(page.getByLabel("Time zone")).toHaveValue("America/Los_Angeles");
  await expect(page.locator("#timezone optgroup").first().locator("option")).toHaveText([/^Los Angeles \(UTC-0[78]:00\)$/, "UTC"]);
  await context.clearCookies({ name: "timezone" });
  await page.goto("/settings");
  await expect(page.getByLabel("Time zone")).toHaveValue("UTC");
  const downloading = page.waitForEvent("download");
  await page.getByRole("button", { name: "Export CSV" }).click();
  const download = await downloading;
  expect(download.suggestedFilename()).toBe("motion-events-all.csv");
  expectSame(await bytes(download), run("export", "--bom"));
});

test("a filled-in form downloads its selection", async ({ page }) => {
  await page.goto("/settings");
  await page.getByLabel("From", { exact: true }).fill("2025-12-01");
  await page.getByLabel("To", { exact: true }).fill("2025-12-15");
  await chooseCameras(page, "Front Door", "Garage");
  await page.getByLabel("Time zone").selectOption("Europe/Berlin");
  await page.getByLabel("Excel-compatible").uncheck({ force: true });
  const cameras = [await cameraId(page, "Front Door"), await cameraId(page, "Garage")];
  const downloading = page.waitForEvent("download");
  await page.getByRole("button", { name: "Export CSV" }).click();
  const download = await downloading;
  expect(download.suggestedFilename()).toBe("motion-events-2025-12-01-2025-12-15.csv");
  const expected = run("export", "--start-date", "2025-12-01", "--end-date", "2025-12-15", "--camera-id", cameras[0], "--camera-id", cameras[1], "--timezone", "Europe/Berlin");
  expect(expected.length).toBeGreaterThan(10_000);
  expectSame(await bytes(download), expected);
  // The export is listed below the form, and its link selects the same again.
  await page.goto("/settings");
  await page.getByRole("link", { name: "Select again: 1 Dec 2025 – 15 Dec 2025, 2 cameras, Europe/Berlin" }).first().click();
  await expect(page.locator(".picker summary")).toHaveText("2 of 8 cameras");
});

test("the date column is first in the file, and named in its record", async ({ page }) => {
  const zone = "Pacific/Auckland";
  await page.goto("/settings");
  await page.getByLabel("From", { exact: true }).fill("2025-12-03");
  await page.getByLabel("Time zone").selectOption(zone);
  await page.getByLabel("Date column").check({ force: true });
  const downloading = page.waitForEvent("download");
  await page.getByRole("button", { name: "Export CSV" }).click();
  const file = await bytes(await downloading);
  expectSame(file, run("export", "--start-date", "2025-12-03", "--timezone", zone, "--bom", "--excel-date"));
  expect(file.toString()).toMatch(/^\ufefflocal_time,timestamp,/);
  const digest = createHash("sha256").update(file).digest("hex");
  const { exports } = await (await page.request.get(`/api/v1/exports?sha256=${digest}&mine=true`)).json();
  expect(exports[0].query).toContain("excel_date=true");
});

test.describe("an expired session", () => {
  test.use({ expectedMessages: [/status of 401/] });

  test("leads from the form to the sign-in, and back to the filled-in form", async ({ page, context }) => {
    await page.goto("/settings");
    await page.getByLabel("From", { exact: true }).fill("2025-12-02");
    await page.getByLabel("Time zone").selectOption("Europe/Berlin");
    await context.clearCookies();
    await page.getByRole("button", { name: "Export CSV" }).click();
    await expect(page.getByText("You are signed out.")).toBeVisible();
    await page.getByRole("link", { name: "Sign in" }).click();
    await page.getByLabel("Name").fill(ADMIN);
    await page.getByLabel("Password").fill(PASSWORD);
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(page).toHaveURL(/\/settings\?.*start_date=2025-12-02/);
    await expect(page.getByLabel("From", { exact: true })).toHaveValue("2025-12-02");
    await expect(page.getByLabel("Time zone")).toHaveValue("Europe/Berlin");
  });
});

test.describe("an invalid form", () => {
  test.use({ expectedMessages: [/status of 400/] });

  test("leads to an error page, and back to the filled-in form", async ({ page }) => {
    await page.goto("/settings");
    await page.getByLabel("From", { exact: true }).fill("2025-12-02");
    await page.getByLabel("To", { exact: true }).fill("2025-12-01");
    await page.getByRole("button", { name: "Export CSV" }).click();
    await expect(page.getByRole("heading", { name: "Invalid parameter" })).toBeVisible();
    await expect(page.getByText("The start, 2025-12-02, is after the end, 2025-12-01.")).toBeVisible();
    await page.goBack();
    await expect(page.getByLabel("From", { exact: true })).toHaveValue("2025-12-02");
  });
});

test("the server shows the preview of the address, and of the form with Show preview", async ({ page }) => {
  await page.goto("/settings?start_date=2025-12-10&end_date=2025-12-11&timezone=Europe/Berlin");
  await expect(page.getByLabel("From", { exact: true })).toHaveValue("2025-12-10");
  await expect(page.getByLabel("Time zone")).toHaveValue("Europe/Berlin");
  const preview = page.getByRole("region", { name: "Preview" });
  const rows = run("export", "--start-date", "2025-12-10", "--end-date", "2025-12-11", "--timezone", "Europe/Berlin").toString().trimEnd().split("\r\n");
  await expect(preview.locator("dd").first()).toHaveText(`${rows.length - 1}`);
  await expect(preview.getByRole("region", { name: "First rows of the file" }).getByRole("row")).toHaveCount(11);
  await preview.getByText("As a table").click();
  await expect(preview.getByRole("rowheader", { name: /^11 Dec 2025, \d\d:00 – \d\d:00$/ }).first()).toBeVisible();
  // A changed form, with a new preview.
  await chooseCameras(page, "Garage");
  await page.getByRole("button", { name: "Show preview" }).click();
  await expect(page).toHaveURL(/\/settings\?.*start_date=2025-12-10.*camera_id=/);
  await expect(page.locator(".picker summary")).toHaveText("Garage");
  const garage = run("export", "--start-date", "2025-12-10", "--end-date", "2025-12-11", "--timezone", "Europe/Berlin", "--camera-id", await cameraId(page, "Garage"));
  await expect(preview.locator("dd").first()).toHaveText(`${garage.toString().trimEnd().split("\r\n").length - 1}`);
});

test("a preset fills in the dates of the form and keeps the rest of it", async ({ page }) => {
  await page.goto("/settings");
  await page.getByLabel("From", { exact: true }).fill("2025-12-01");
  await chooseCameras(page, "Garage");
  await page.getByLabel("Time zone").selectOption("Pacific/Kiritimati");
  await page.getByRole("button", { name: "Last 7 days" }).click();
  const today = (zone: string) => new Date().toLocaleDateString("sv-SE", { timeZone: zone });
  await expect(page.getByLabel("To", { exact: true })).toHaveValue(today("Pacific/Kiritimati"));
  const first = new Date(Date.parse(today("Pacific/Kiritimati")) - 6 * 86_400_000).toISOString().slice(0, 10);
  await expect(page.getByLabel("From", { exact: true })).toHaveValue(first);
  await expect(page.locator(".picker summary")).toHaveText("Garage");
  await expect(page.getByLabel("Time zone")).toHaveValue("Pacific/Kiritimati");
  await page.getByRole("button", { name: "Everything" }).click();
  await expect(page.getByLabel("From", { exact: true })).toHaveValue("");
  await expect(page.getByLabel("To", { exact: true })).toHaveValue("");
  // The Enter key in a field presses the button of the export, not that of a preset.
  const downloading = page.waitForEvent("download");
  await page.getByLabel("To", { exact: true }).press("Enter");
  expect(new URL((await downloading).url()).pathname).toBe("/api/v1/motion-events/export");
});

test("the history lists an export, is filtered by a form, and exports again", async ({ page }) => {
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
  expectSame(await bytes(await downloading), file);
  await page.goto("/settings/verify");
  await expect(page.getByText("Without JavaScript, compute the SHA-256 of the file yourself")).toBeVisible();
});

test("a running export is cancelled in the history", async ({ page }) => {
  const token = run("token", "create", ADMIN, "slow").toString().match(/mexp_\w+/)![0];
  const zone = "Indian/Mauritius";
  const slow = await SlowExport.start(token, `timezone=${zone}`);
  await page.goto("/settings/exports");
  const row = page.getByRole("row").filter({ hasText: zone }).first();
  await expect(row).toContainText("Running");
  await row.getByRole("button", { name: /^Cancel/ }).click();
  await expect(page).toHaveURL(/\/settings\/exports$/);
  await expect(row).toContainText("Cancelled by the user who started it.");
  slow.hurry();
  expect(await slow.ended).toBe(false);
});

test("a file is uploaded and imported, and the page follows it", async ({ page }) => {
  const file = run("export", "--start-date", "2025-12-14", "--timezone", "Asia/Dhaka");
  await page.goto("/settings/import");
  await page.getByLabel("File", { exact: true }).setInputFiles({ name: "plain.csv", mimeType: "text/csv", buffer: file });
  await page.getByRole("button", { name: "Import" }).click();
  await expect(page.getByRole("heading", { name: "“plain.csv” was imported" })).toBeVisible();
  await expect(page.locator(".tiles div").filter({ hasText: "Already there" }).locator("dd")).toHaveText(String(file.toString().split("\r\n").length - 2));
});

test("events outside of the selected dates are selected by a link", async ({ page }) => {
  await page.goto("/settings?start_date=2001-01-01&end_date=2001-01-02&timezone=UTC");
  await page.getByRole("link", { name: "Select them" }).click();
  await expect(page.getByLabel("To", { exact: true })).toHaveValue("2025-12-16");
  await expect(page.locator(".tiles dd").first()).toHaveText("20,000");
});
