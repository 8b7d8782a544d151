// The page of live sources, with and without script: a recipe with a token that works.
import { spawnSync } from "node:child_process";
import { expect, test } from "./test";

const EVENT = "/api/v1/motion-events";

test("a recipe is filled in with a token that sends events and can be copied", async ({ page, baseURL, javaScriptEnabled }) => {
  await page.goto("/settings/sources");
  await expect(page.getByRole("heading", { name: "Add a source" })).toBeVisible();
  await page.locator("summary", { hasText: "Shell" }).click();
  await page.locator("details[open]").getByRole("button", { name: "Create a token and fill it in" }).click();
  const recipe = page.locator("details", { hasText: "Shell" });
  await expect(page.locator("#outcome")).toBeFocused();
  const field = recipe.getByLabel("Send an event from a shell.");
  const line = await field.inputValue();
  expect(line).toContain(`${baseURL}${EVENT}`);
  // The token is accepted, and the event is too early to be stored, so other tests see no difference.
  const sent = spawnSync("sh", ["-c", line.replace('"$(date +%s)"', "1")]);
  expect(sent.stdout.toString()).toContain('"code":"too_early"');
  if (javaScriptEnabled === false) return;
  await expect(page.locator("body[data-hydrated]")).toBeAttached();
  await recipe.getByRole("button", { name: "Copy" }).click();
  await expect(recipe.locator(".copyable [role=status]")).toHaveText(/Copied|Selected/);
});
