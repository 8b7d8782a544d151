// Not a test: signs in once, for all tests that start signed in.
import { ADMIN, PASSWORD, SESSION } from "./server";
import { expect, test } from "./test";

test("sign in", async ({ page }) => {
  await page.goto("/settings");
  await page.getByLabel("Name").fill(ADMIN);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("heading", { name: "Data Export" })).toBeVisible();
  // The page has now stored the browser's time zone in a cookie, which noscript.spec.ts needs.
  await expect(page.getByLabel("Time zone")).toHaveValue("America/Los_Angeles");
  await page.context().storageState({ path: SESSION });
});
