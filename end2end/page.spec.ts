// The layout and controls of the pages, wide, narrow, and without script.
import type { Page } from "@playwright/test";

import { CAMERAS } from "./server";
import { addressOf, expect, RECORD_PAGE, test } from "./test";

async function open(page: Page, javaScriptEnabled: boolean | undefined): Promise<void> {
  await page.goto("/settings");
  if (javaScriptEnabled !== false) await expect(page.locator("body[data-hydrated]")).toBeAttached();
}

test("Export button visible in Settings", async ({ page }) => {
  await page.goto("/");
  await expect(page).toHaveURL(/\/settings$/);
  await expect(page).toHaveTitle("Data Export · Motion Export");
  await expect(page.getByRole("heading", { name: "Data Export" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Export CSV" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Last 7 days" })).toBeVisible();
});

test("Camera selector shows all cameras + “All” option", async ({ page, javaScriptEnabled }) => {
  await open(page, javaScriptEnabled);
  const cameras = page.locator(".picker");
  await expect(cameras.locator("summary")).toHaveText(`All Cameras (${CAMERAS})`);
  await cameras.locator("summary").click();
  const boxes = cameras.getByRole("checkbox");
  await expect(boxes).toHaveCount(CAMERAS + 1);
  await expect(boxes.first()).toHaveAccessibleName("All Cameras");
  await expect(boxes.first()).toBeChecked();
  for (const name of ["Front Door", "Küche", 'Garden "old tree"', "駐車場"]) {
    await expect(cameras.getByRole("checkbox", { name })).not.toBeChecked();
  }
});

test("every control is labelled", async ({ page, javaScriptEnabled }) => {
  await open(page, javaScriptEnabled);
  for (const label of ["From", "To", "Time zone", "Excel-compatible"]) {
    await expect(page.getByLabel(label, { exact: true })).toHaveCount(1);
  }
  await expect(page.locator(".picker summary")).toHaveAccessibleName(/^Cameras All Cameras/);
});

for (const path of ["/settings", "/settings/exports", RECORD_PAGE, "/settings/verify", "/settings/tokens", "/settings/account", "/settings/people", "/settings/retention", "/settings/sources"]) {
  test(`${path} fits into the window`, async ({ page }) => {
    await page.goto(await addressOf(page, path));
    const width = await page.locator("html").evaluate((html) => [html.scrollWidth, html.clientWidth]);
    expect(width[0]).toBe(width[1]);
  });
}

for (const [name, size, direction] of [
  ["320 pixels", { width: 320, height: 640 }, "ltr"],
  ["4K", { width: 3840, height: 2160 }, "ltr"],
  ["a window of 1280 pixels at 200 %", { width: 640, height: 400 }, "ltr"],
  ["right to left", { width: 1180, height: 800 }, "rtl"],
  ["right to left on a phone", { width: 360, height: 740 }, "rtl"],
] as const) {
  test.describe(name, () => {
    test.use({ viewport: size });

    test("the page fits into the window, whatever is open, and with very long names", async ({ page, javaScriptEnabled }) => {
      await open(page, javaScriptEnabled);
      const fits = async () => {
        const width = await page.locator("html").evaluate((html) => [html.scrollWidth, html.clientWidth]);
        expect(width[0]).toBe(width[1]);
      };
      if (javaScriptEnabled === false) return fits();
      await page.locator("html").evaluate((html, direction) => html.setAttribute("dir", direction), direction);
      await fits();
      await page.locator(".picker summary").click();
      await page.locator(".picker__name").evaluateAll((names) => names.forEach((name) => (name.textContent = "Camera".repeat(40))));
      await fits();
      await page.keyboard.press("Escape");
      await page.getByRole("button", { name: "Choose dates in a calendar" }).click();
      await fits();
      await page.keyboard.press("Escape");
      await page.getByText("Use in other tools").click();
      await page.getByText("Power Query").click();
      await fits();
    });
  });
}

test.describe("an unknown address", () => {
  test.use({ expectedMessages: [/status of 404/] });

  test("returns 404 and links to the settings", async ({ page }) => {
    expect((await page.goto("/nowhere"))?.status()).toBe(404);
    await page.getByRole("link", { name: "Go to settings" }).click();
    await expect(page.getByRole("heading", { name: "Data Export" })).toBeVisible();
  });
});
