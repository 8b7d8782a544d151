// The page itself, in every project: wide, narrow, dark, and without script.
import type { Page } from "@playwright/test";

import { CAMERAS } from "./server";
import { expect, test } from "./test";

async function open(page: Page, javaScriptEnabled: boolean | undefined): Promise<void> {
  await page.goto("/settings");
  if (javaScriptEnabled !== false) await expect(page.locator("body[data-hydrated]")).toBeAttached();
}

test("Export button visible in Settings", async ({ page, javaScriptEnabled }) => {
  await page.goto("/");
  await expect(page).toHaveURL(/\/settings$/);
  await expect(page).toHaveTitle("Data Export · Motion Export");
  await expect(page.getByRole("heading", { name: "Data Export" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Export CSV" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Last 7 days" })).toBeVisible({ visible: javaScriptEnabled !== false });
});

test("Camera selector shows all cameras + “All” option", async ({ page, javaScriptEnabled }) => {
  await open(page, javaScriptEnabled);
  const options = page.getByLabel("Camera", { exact: true }).getByRole("option");
  await expect(options).toHaveCount(CAMERAS + 1);
  await expect(options.first()).toHaveText("All Cameras");
  await expect(page.getByLabel("Camera", { exact: true })).toHaveValue("");
  for (const name of ["Front Door", "Küche", 'Garden "old tree"', "駐車場"]) {
    await expect(options.filter({ hasText: name })).toHaveCount(1);
  }
});

test("every control is labelled", async ({ page, javaScriptEnabled }) => {
  await open(page, javaScriptEnabled);
  for (const label of ["From", "To", "Camera", "Time zone", "Excel-compatible"]) {
    await expect(page.getByLabel(label, { exact: true })).toHaveCount(1);
  }
});

for (const path of ["/settings", "/settings/exports", "/settings/verify", "/settings/tokens", "/settings/account", "/settings/people"]) {
  test(`nothing sticks out of the window at ${path}`, async ({ page }) => {
    await page.goto(path);
    const width = await page.locator("html").evaluate((html) => [html.scrollWidth, html.clientWidth]);
    expect(width[0]).toBe(width[1]);
  });
}

test.describe("an address that there is not", () => {
  test.use({ expectedMessages: [/status of 404/] });

  test("says so and leads back", async ({ page }) => {
    expect((await page.goto("/nowhere"))?.status()).toBe(404);
    await page.getByRole("link", { name: "Go to the settings" }).click();
    await expect(page.getByRole("heading", { name: "Data Export" })).toBeVisible();
  });
});
