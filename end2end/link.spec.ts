// Links for other tools, which need script.
import { execFileSync } from "node:child_process";

import { run } from "./server";
import { expect, test } from "./test";

test.use({ permissions: ["clipboard-read", "clipboard-write"] });

test("a copied link returns the selected export without a session", async ({ page }) => {
  await page.goto("/settings");
  await expect(page.locator("body[data-hydrated]")).toBeAttached();
  await expect(page.getByLabel("Time zone")).toHaveValue("America/Los_Angeles");
  await page.getByLabel("From", { exact: true }).fill("2025-12-01");
  await page.getByText("Use in other tools").click();
  await page.getByLabel("Valid for").selectOption("15 minutes");
  await page.getByRole("button", { name: "Copy link" }).click();
  await expect(page.getByText("Link copied. It is valid for 15 minutes.")).toBeVisible();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  await expect(page.getByLabel("The link", { exact: true })).toHaveValue(link);
  const file = execFileSync("curl", ["-sf", link]);
  expect(file).toEqual(run("export", "--start-date", "2025-12-01", "--timezone", "America/Los_Angeles", "--bom"));
  // A new selection needs a new link.
  await page.getByLabel("From", { exact: true }).fill("2025-12-02");
  await expect(page.getByLabel("The link", { exact: true })).toHaveCount(0);
  expect(() => execFileSync("curl", ["-sf", link.replace("2025-12-01", "2025-11-01")])).toThrow();
});

test("an invalid selection gets an error instead of a link", async ({ page }) => {
  await page.goto("/settings");
  await expect(page.locator("body[data-hydrated]")).toBeAttached();
  await page.getByLabel("From", { exact: true }).fill("2025-12-02");
  await page.getByLabel("To", { exact: true }).fill("2025-12-01");
  await page.getByText("Use in other tools").click();
  await page.getByRole("button", { name: "Copy link" }).click();
  await expect(page.getByRole("alert").filter({ hasText: "must not be after" }).first()).toBeVisible();
});
