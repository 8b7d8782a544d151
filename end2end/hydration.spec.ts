// Hydration and accessibility of the pages, wide and narrow; what axe finds, also in the dark.
import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";

import { addressOf, expect, RECORD_PAGE, test, waitForAnimations } from "./test";

test.beforeEach(async ({ page }) => {
  await page.goto("/settings");
  await expect(page.locator("body[data-hydrated]")).toBeAttached();
});

test("axe finds no violations, initially and with an error toast", async ({ page }) => {
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  await page.getByLabel("From", { exact: true }).fill("2025-12-02");
  await page.getByLabel("To", { exact: true }).fill("2025-12-01");
  await page.getByRole("button", { name: "Export CSV" }).click();
  await waitForAnimations(page.locator(".toast--error"));
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
});

test("axe finds no violations while the preview loads, with and without previous results", async ({ page }) => {
  const preview = page.getByRole("region", { name: "Preview" });
  await expect(preview).toContainText("20,000");
  await page.route("**/api/v1/preview?*", () => {});
  for (const shown of ["20,000", "Loading the preview…"]) {
    await page.getByLabel("From", { exact: true }).fill("2025-12-02");
    await expect(preview).toHaveAttribute("aria-busy", "true");
    await expect(preview).toContainText(shown);
    expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
    // Invalid dates discard the previous results.
    await page.getByLabel("To", { exact: true }).fill("2025-12-01");
    await expect(preview).toContainText("must not be after");
    await page.getByLabel("To", { exact: true }).fill("");
  }
});

// The following are separate tests, because axe takes seconds for a page with open lists.
const expectNoViolations = async (page: Page) => expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);

test("axe finds no violations with the table and the other tools open", async ({ page }) => {
  await page.getByText("As a table").click();
  await page.getByText("Use in other tools").click();
  await expect(page.getByLabel("Valid for")).toBeVisible();
  await expectNoViolations(page);
});

test("axe finds no violations in the list of cameras", async ({ page }) => {
  await page.locator(".picker summary").click();
  await page.getByLabel("Search cameras").fill("gar");
  await expect(page.locator(".picker li:not([hidden]) .picker__count").last()).not.toBeEmpty();
  await expectNoViolations(page);
});

test("axe finds no violations in the calendar", async ({ page }) => {
  await page.getByRole("button", { name: "Choose dates in a calendar" }).click();
  await expect(page.locator(".day--events").first()).toBeAttached();
  await expectNoViolations(page);
});

test("axe finds no violations while an export runs", async ({ page }) => {
  await page.route("**/motion-events/export?*", () => {});
  await page.getByRole("button", { name: "Export CSV" }).click();
  await expect(page.getByRole("progressbar", { name: /^Export: / })).toBeVisible();
  await expectNoViolations(page);
});

test("the headings lead to all parts of the page, also with the tools and the calendar open", async ({ page }) => {
  await page.locator(".use-from summary").click();
  await expect(page.getByLabel("Valid for")).toBeVisible();
  await page.getByRole("button", { name: "Choose dates in a calendar" }).click();
  await expect(page.getByRole("dialog")).toBeVisible();
  const headings = page.locator("main").getByRole("heading");
  for (const [name, level] of [
    ["Data Export", 1],
    ["Selection", 2],
    ["Preview", 2],
    ["Export", 2],
    ["Use in other tools", 2],
    ["Link for another tool", 3],
  ] as const) {
    await expect(page.getByRole("heading", { name, level, exact: true })).toHaveCount(1);
  }
  const levels = await headings.evaluateAll((found) => found.map(({ tagName }) => Number(tagName[1])));
  expect(levels[0]).toBe(1);
  for (const [index, level] of levels.entries()) expect(level).toBeLessThanOrEqual((levels[index - 1] ?? 0) + 1);
});

test("the script and the WASM are requested after DOMContentLoaded", async ({ page }) => {
  const [loaded, requested] = await page.evaluate(() => {
    const [navigation] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
    const files = performance.getEntriesByType("resource").filter(({ name }) => /motion-export\.(js|wasm)$/.test(name));
    return [navigation.domContentLoadedEventStart, files.map((file) => file.startTime)] as const;
  });
  expect(requested).toHaveLength(2);
  for (const time of requested) expect(time).toBeGreaterThanOrEqual(loaded);
});

test("hydration adds no style sheet, so nothing moves", async ({ page }) => {
  const html = await (await page.request.get("/settings")).text();
  const sent = [...html.matchAll(/<style id="(thaw-id-[^"]+)"/g)].map((match) => match[1]).sort();
  expect(sent.length).toBeGreaterThan(3);
  const present = page.locator("style[id^=thaw-id]");
  expect(await present.evaluateAll((sheets) => sheets.map((sheet) => sheet.id).sort())).toEqual(sent);
});

for (const path of ["/settings/exports", RECORD_PAGE, "/settings/verify", "/settings/tokens", "/settings/account", "/settings/people", "/settings/retention", "/settings/sources", "/login", "/setup", "/nowhere"]) {
  test.describe(`${path}, signed in and signed out`, () => {
    test.use({ expectedMessages: [/status of (403|404)/] });

    test("is hydrated without console messages, and axe finds no violations", async ({ page }) => {
      const address = await addressOf(page, path);
      await page.goto(address);
      await expect(page.locator("body[data-hydrated]")).toBeAttached();
      expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
      await page.context().clearCookies();
      await page.goto(address);
      await expect(page.locator("body[data-hydrated]")).toBeAttached();
      expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
    });
  });
}

test("the first Tab stop skips the navigation", async ({ page }) => {
  await page.goto("/settings/account");
  await page.keyboard.press("Tab");
  const skip = page.getByRole("link", { name: "Skip to content" });
  await expect(skip).toBeFocused();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  await expect(page.getByLabel("Current password")).toBeFocused();
});

test.describe("users", () => {
  test.use({ expectedMessages: [/status of 400/] });

  test("axe finds no violations in a user's page, in a rejected form, and beside a new token", async ({ page }) => {
    await page.goto("/settings/people");
    await page.getByRole("link", { name: "admin", exact: true }).click();
    await expect(page.getByRole("heading", { name: "admin" })).toBeVisible();
    await expectNoViolations(page);
    await page.goto("/settings/people");
    await page.getByLabel("Name", { exact: true }).fill("somebody");
    await page.getByLabel("First password").fill("short");
    await page.getByRole("button", { name: "Add person" }).click();
    await expect(page.locator("#outcome")).toBeFocused();
    await expectNoViolations(page);
    await page.goto("/settings/tokens");
    await page.getByLabel("What is it for?").fill("axe");
    await page.getByRole("button", { name: "Create token" }).click();
    await expect(page.getByLabel("The new token")).toBeVisible();
    await expectNoViolations(page);
  });
});

test("a double click creates one token", async ({ page }) => {
  await page.goto("/settings/tokens");
  await expect(page.locator("body[data-hydrated]")).toBeAttached();
  await page.getByLabel("What is it for?").fill("twice");
  let requests = 0;
  await page.route("**/settings/tokens", async (route) => {
    requests += Number(route.request().method() === "POST");
    // Longer than a double click takes.
    await new Promise((resolve) => setTimeout(resolve, 300));
    await route.continue();
  });
  await page.getByRole("button", { name: "Create token" }).dblclick();
  await expect(page.getByLabel("The new token")).toBeVisible();
  expect(requests).toBe(1);
});
