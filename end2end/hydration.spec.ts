// The page with script, in every project that has it: wide, narrow and dark.
import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";

import { expect, settled, test } from "./test";

test.beforeEach(async ({ page }) => {
  await page.goto("/settings");
  await expect(page.locator("body[data-hydrated]")).toBeAttached();
});

test("axe finds nothing, at rest and with a toast and a problem", async ({ page }) => {
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  await page.getByLabel("From", { exact: true }).fill("2025-12-02");
  await page.getByLabel("To", { exact: true }).fill("2025-12-01");
  await page.getByRole("button", { name: "Export CSV" }).click();
  await settled(page.locator(".toast--error"));
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
});

test("axe finds nothing while the selection is looked at, with nothing known of it and with what was known before", async ({ page }) => {
  const preview = page.getByRole("region", { name: "Preview" });
  await expect(preview).toContainText("20,000");
  await page.route("**/api/v1/preview?*", () => {});
  for (const before of ["20,000", "Loading the preview…"]) {
    await page.getByLabel("From", { exact: true }).fill("2025-12-02");
    await expect(preview).toHaveAttribute("aria-busy", "true");
    await expect(preview).toContainText(before);
    expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
    // After dates that are wrong, nothing is known of those that are right.
    await page.getByLabel("To", { exact: true }).fill("2025-12-01");
    await expect(preview).toContainText("must not be after");
    await page.getByLabel("To", { exact: true }).fill("");
  }
});

// Each a test of its own: axe takes seconds for a page on which much is unfolded.
const clean = async (page: Page) => expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);

test("axe finds nothing with the table and the other tools unfolded", async ({ page }) => {
  await page.getByText("As a table").click();
  await page.getByText("Use in other tools").click();
  await expect(page.getByLabel("Works for")).toBeVisible();
  await clean(page);
});

test("axe finds nothing in the list of cameras", async ({ page }) => {
  await page.locator(".picker summary").click();
  await page.getByLabel("Search cameras").fill("gar");
  await expect(page.locator(".picker li:not([hidden]) .picker__count").last()).not.toBeEmpty();
  await clean(page);
});

test("axe finds nothing in the calendar", async ({ page }) => {
  await page.getByRole("button", { name: "Choose dates in a calendar" }).click();
  await expect(page.locator(".day--events").first()).toBeAttached();
  await clean(page);
});

test("axe finds nothing while an export runs", async ({ page }) => {
  await page.route("**/motion-events/export?*", () => {});
  await page.getByRole("button", { name: "Export CSV" }).click();
  await expect(page.getByRole("progressbar", { name: /^Export: / })).toBeVisible();
  await clean(page);
});

test("what the page comes alive with is asked for when the page itself is there", async ({ page }) => {
  const [there, asked] = await page.evaluate(() => {
    const [navigation] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
    const files = performance.getEntriesByType("resource").filter(({ name }) => /motion-export\.(js|wasm)$/.test(name));
    return [navigation.domContentLoadedEventStart, files.map((file) => file.startTime)] as const;
  });
  expect(asked).toHaveLength(2);
  for (const time of asked) expect(time).toBeGreaterThanOrEqual(there);
});

test("coming alive adds no style sheet, so nothing moves", async ({ page }) => {
  const html = await (await page.request.get("/settings")).text();
  const sent = [...html.matchAll(/<style id="(thaw-id-[^"]+)"/g)].map((match) => match[1]).sort();
  expect(sent.length).toBeGreaterThan(3);
  const there = page.locator("style[id^=thaw-id]");
  expect(await there.evaluateAll((sheets) => sheets.map((sheet) => sheet.id).sort())).toEqual(sent);
});

for (const path of ["/settings/exports", "/settings/verify", "/settings/tokens", "/settings/account", "/settings/people", "/login", "/setup", "/nowhere"]) {
  test.describe(`${path}, signed in or not`, () => {
    test.use({ expectedMessages: [/status of (403|404)/] });

    test("comes alive without a word on the console, and axe finds nothing", async ({ page }) => {
      await page.goto(path);
      await expect(page.locator("body[data-hydrated]")).toBeAttached();
      expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
      await page.context().clearCookies();
      await page.goto(path);
      await expect(page.locator("body[data-hydrated]")).toBeAttached();
      expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
    });
  });
}

test("the first thing that the keyboard reaches leads past the navigation", async ({ page }) => {
  await page.goto("/settings/account");
  await page.keyboard.press("Tab");
  const skip = page.getByRole("link", { name: "Skip to the content" });
  await expect(skip).toBeFocused();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  await expect(page.getByLabel("Current password")).toBeFocused();
});

test.describe("people", () => {
  test.use({ expectedMessages: [/status of 400/] });

  test("axe finds nothing in a person's page, in a form that was refused, and beside a token that was made", async ({ page }) => {
    const clean = async () => expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
    await page.goto("/settings/people");
    await page.getByRole("link", { name: "admin", exact: true }).click();
    await expect(page.getByRole("heading", { name: "admin" })).toBeVisible();
    await clean();
    await page.goto("/settings/people");
    await page.getByLabel("Name", { exact: true }).fill("somebody");
    await page.getByLabel("First password").fill("short");
    await page.getByRole("button", { name: "Add person" }).click();
    await expect(page.locator("#outcome")).toBeFocused();
    await clean();
    await page.goto("/settings/tokens");
    await page.getByLabel("What is it for?").fill("axe");
    await page.getByRole("button", { name: "Create token" }).click();
    await expect(page.getByLabel("The new token")).toBeVisible();
    await clean();
  });
});

test("who clicks everything twice makes one token", async ({ page }) => {
  await page.goto("/settings/tokens");
  await expect(page.locator("body[data-hydrated]")).toBeAttached();
  await page.getByLabel("What is it for?").fill("twice");
  let asked = 0;
  await page.route("**/settings/tokens", async (route) => {
    asked += Number(route.request().method() === "POST");
    // Longer than it takes to click again.
    await new Promise((resolve) => setTimeout(resolve, 300));
    await route.continue();
  });
  await page.getByRole("button", { name: "Create token" }).dblclick();
  await expect(page.getByLabel("The new token")).toBeVisible();
  expect(asked).toBe(1);
});
