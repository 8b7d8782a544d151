// Language and colours of the pages: from the browser and as chosen, with and without script.
import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";

import { ADDRESS } from "./server";
import { addressOf, expect, RECORD_PAGE, test } from "./test";

const SIGNED_OUT = { storageState: { cookies: [], origins: [] } };

/** Waits until the page is hydrated, if it has script. */
async function waitForHydration(page: Page, javaScriptEnabled: boolean | undefined): Promise<void> {
  if (javaScriptEnabled !== false) await expect(page.locator("body[data-hydrated]")).toBeAttached();
}

/** Returns the lightness of the page's background, from 0 to 255. */
async function lightness(page: Page): Promise<number> {
  const root = page.locator("body > .thaw-config-provider");
  const color = await root.evaluate((element) => getComputedStyle(element).backgroundColor);
  const [red, green, blue] = color.match(/\d+/g)!.map(Number);
  return (red + green + blue) / 3;
}

test("a language can be chosen at the bottom, and page and selection stay the same", async ({ page, javaScriptEnabled }) => {
  await page.goto("/settings?start_date=2025-12-01&end_date=2025-12-02");
  await waitForHydration(page, javaScriptEnabled);
  await expect(page.locator("html")).toHaveAttribute("lang", "en");
  await expect(page.getByRole("button", { name: "English" })).toHaveAttribute("aria-pressed", "true");
  await page.getByRole("button", { name: "Deutsch" }).click();
  await expect(page).toHaveURL(/\/settings\?start_date=2025-12-01&end_date=2025-12-02$/);
  await expect(page.getByRole("heading", { name: "Datenexport" })).toBeVisible();
  await expect(page).toHaveTitle("Datenexport · Motion Export");
  await expect(page.locator("html")).toHaveAttribute("lang", "de");
  await expect(page.getByRole("button", { name: "Deutsch" })).toHaveAttribute("aria-pressed", "true");
  await waitForHydration(page, javaScriptEnabled);
  // The choice applies to other pages too. The buttons have the languages' own names, so anyone can change it back.
  await page.getByRole("link", { name: "Exportverlauf" }).click();
  await expect(page.getByRole("heading", { name: "Exportverlauf" })).toBeVisible();
  await waitForHydration(page, javaScriptEnabled);
  await page.getByRole("button", { name: "English" }).click();
  await expect(page).toHaveURL(/\/settings\/exports$/);
  await expect(page.getByRole("heading", { name: "Export history" })).toBeVisible();
});

test("colours can be chosen at the bottom, regardless of the system's colours", async ({ page, javaScriptEnabled }) => {
  await page.emulateMedia({ colorScheme: "light" });
  await page.goto("/settings/account");
  await waitForHydration(page, javaScriptEnabled);
  expect(await lightness(page)).toBeGreaterThan(200);
  await page.getByRole("button", { name: "Dark" }).click();
  await expect(page.getByRole("button", { name: "Dark" })).toHaveAttribute("aria-pressed", "true");
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  expect(await lightness(page)).toBeLessThan(60);
  expect(await page.locator("html").evaluate((html) => getComputedStyle(html).colorScheme)).toBe("dark");

  await page.emulateMedia({ colorScheme: "dark" });
  await page.getByRole("button", { name: "Light" }).click();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "light");
  expect(await lightness(page)).toBeGreaterThan(200);
  await page.getByRole("button", { name: "System" }).click();
  await expect(page.getByRole("button", { name: "System" })).toHaveAttribute("aria-pressed", "true");
  expect(await lightness(page)).toBeLessThan(60);
  await page.emulateMedia({ colorScheme: "light" });
  expect(await lightness(page)).toBeGreaterThan(200);
  await expect(page).toHaveURL(/\/settings\/account$/);
});

test.describe("a browser that requests German", () => {
  test.use({ ...SIGNED_OUT, locale: "de-AT", expectedMessages: [/status of (400|403)|Autofocus processing was blocked/] });

  test("gets German before signing in, including errors", async ({ page, javaScriptEnabled }) => {
    await page.goto("/settings/account");
    await waitForHydration(page, javaScriptEnabled);
    await expect(page.getByRole("heading", { name: "Anmelden" })).toBeVisible();
    await page.getByLabel("Name").fill("niemand");
    await page.getByLabel("Passwort").fill("ein falsches Passwort");
    await page.getByRole("button", { name: "Anmelden" }).click();
    await expect(page.getByRole("alert")).toHaveText("Name oder Passwort ist falsch. Prüfen Sie beides und versuchen Sie es erneut.");
    // Changing the language keeps the target of the sign-in.
    await page.getByRole("button", { name: "English" }).click();
    await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
    await expect(page).toHaveURL(/\/login\?next=%2Fsettings%2Faccount$/);
  });
});

for (const path of ["/settings", "/settings/exports", RECORD_PAGE, "/settings/verify", "/settings/tokens", "/settings/account", "/settings/people", "/settings/retention", "/settings/sources", "/login", "/setup", "/nowhere"]) {
  test.describe(`${path} in German`, () => {
    test.use({ expectedMessages: [/status of (403|404)|Autofocus processing was blocked/] });

    test("fits into the window, is hydrated, and axe finds no violations, light and dark", async ({ page, javaScriptEnabled }) => {
      const address = await addressOf(page, path);
      const choose = async (name: string, value: string) => page.context().addCookies([{ name, value, url: ADDRESS }]);
      await choose("language", "de");
      for (const theme of ["light", "dark"]) {
        await choose("theme", theme);
        await page.goto(address);
        await expect(page.locator("html")).toHaveAttribute("lang", "de");
        await waitForHydration(page, javaScriptEnabled);
        await page.setViewportSize({ width: 1280, height: 720 });
        if (javaScriptEnabled !== false) {
          expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
        }
        await page.setViewportSize({ width: 360, height: 740 });
        const width = await page.locator("html").evaluate((html) => [html.scrollWidth, html.clientWidth]);
        expect(width[0]).toBe(width[1]);
      }
    });
  });
}

test("selected items are distinguishable in forced colours", async ({ page, javaScriptEnabled }) => {
  await page.emulateMedia({ forcedColors: "active" });
  await page.goto("/settings/account");
  await waitForHydration(page, javaScriptEnabled);
  const background = async (name: string, role: "button" | "link") =>
    page.getByRole(role, { name, exact: true }).evaluate((element) => getComputedStyle(element).backgroundColor);
  expect(await background("English", "button")).not.toBe(await background("Deutsch", "button"));
  expect(await background("Account", "link")).not.toBe(await background("Access tokens", "link"));
});
