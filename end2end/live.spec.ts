// Exports of other tabs and of scripts, on the pages that list exports: they appear, change and can be cancelled.
import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";

import { addUser, PASSWORD, run } from "./server";
import { SlowExport, startSlowProxy } from "./slow-export";
import { expect, exportButton, test } from "./test";

// Each test has an administrator of its own, because the limit of running exports is that of a user.
test.use({ storageState: { cookies: [], origins: [] } });

/** Returns the name of a new administrator, and a token. */
function administrator(name: string): { user: string; token: string } {
  const { project, repeatEachIndex, retry } = test.info();
  const user = `${name}-${project.name}-${repeatEachIndex}-${retry}`;
  addUser(user, "--admin");
  return { user, token: run("token", "create", user, "slow").toString().match(/mexp_\w+/)![0] };
}

async function signIn(page: Page, user: string, address = ""): Promise<void> {
  await page.goto(`${address}/settings`);
  await page.getByLabel("Name").fill(user);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.locator("body[data-hydrated]")).toBeAttached();
}

const recent = (page: Page) => page.getByRole("region", { name: "Recent exports" });

test("exports of a script appear, explain why the button waits, and can be cancelled", async ({ page }) => {
  const { user, token } = administrator("script");
  await signIn(page, user);
  const zones = ["Europe/Berlin", "Asia/Tokyo", "America/Lima"];
  const exports = await Promise.all(zones.map((zone) => SlowExport.start(token, `timezone=${zone}`)));
  const tokyo = recent(page).getByRole("listitem").filter({ hasText: "Asia/Tokyo" });
  await expect(tokyo).toContainText("Running");
  // Its progress is shown without a reload.
  const size = tokyo.locator(".recent__size");
  const before = await size.textContent();
  await expect(size).not.toHaveText(before!);
  await expect(page.getByText("3 exports are running. The next can start when one ends.")).toBeVisible();
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);

  await tokyo.getByRole("button", { name: /^Cancel .*Asia\/Tokyo$/ }).click();
  await expect(tokyo).toContainText("Cancelled");
  await expect(tokyo.getByRole("button")).toHaveCount(0);
  exports[1].hurry();
  expect(await exports[1].ended).toBe(false);
  await expect(page.getByText("The next can start when one ends.")).toBeHidden();
  exports[0].stop();
  // The file is small, so the server may have sent all of it before.
  await expect(recent(page).getByRole("listitem").filter({ hasText: "Europe/Berlin" })).toContainText(/Cancelled|Complete/);
  exports[2].stop();
});

test("rows of the history change in place, and newer exports are offered", async ({ page }) => {
  const { user, token } = administrator("history");
  await signIn(page, user);
  // Begun last, because the server has read the whole file before long.
  const first = await SlowExport.start(token, "timezone=Africa/Cairo");
  await page.goto(`/settings/exports?user=${user}`);
  await expect(page.locator("body[data-hydrated]")).toBeAttached();
  const row = page.getByRole("row").filter({ hasText: "Africa/Cairo" }).first();
  await expect(row).toContainText("Running");
  const cancel = row.getByRole("button", { name: /^Cancel/ });
  await cancel.focus();
  const events = row.locator(".number").first();
  const before = await events.textContent();
  await expect(events).not.toHaveText(before!);
  await expect(cancel).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(row).toContainText("Cancelled by the user who started it.");
  await expect(cancel).toHaveCount(0);
  first.hurry();
  expect(await first.ended).toBe(false);
  // With a filter, newer exports may not belong to the list.
  await expect(page.getByRole("link", { name: "Show newer exports" })).toHaveCount(0);
  await page.goto("/settings/exports");
  await expect(page.locator("body[data-hydrated]")).toBeAttached();
  const second = await SlowExport.start(token, "timezone=Africa/Accra");
  await page.getByRole("link", { name: "Show newer exports" }).click();
  await expect(page.getByRole("row").filter({ hasText: "Africa/Accra" }).first()).toContainText("Running");
  second.stop();
  await expect(page.getByRole("row").filter({ hasText: "Africa/Accra" }).first()).toContainText(/Cancelled|Complete/);
});

test.describe("two tabs", () => {
  // The browser logs the broken connection of the cancelled export, and of the proxy at the end.
  test.use({ expectedMessages: [/net::ERR_/] });

  test("share one connection, and one cancels the export of the other", async ({ page, context }) => {
    const { user } = administrator("tabs");
    const proxy = await startSlowProxy();
    const exporter = await context.newPage();
    await signIn(exporter, user, proxy.address);
    await page.goto(`${proxy.address}/settings`);
    await expect(page.locator("body[data-hydrated]")).toBeAttached();
    await exporter.getByLabel("Time zone").selectOption("Asia/Kathmandu");
    await exportButton(exporter).click();
    await expect(exporter.locator(".job output")).toHaveText(/^[1-9][\d,]* of [\d,]+ events, \d/);
    const item = (tab: Page) => recent(tab).getByRole("listitem").filter({ hasText: "Asia/Kathmandu" });
    await expect(item(page)).toContainText("Running");
    expect(proxy.streams).toEqual({ open: 1, most: 1 });
    await item(page).getByRole("button", { name: /^Cancel/ }).click();
    await expect(item(page)).toContainText("Cancelled");
    proxy.hurry();
    await expect(exporter.locator(".toast--info")).toContainText("Cancelled by the user who started it.");
    await expect(item(exporter)).toContainText("Cancelled");
    // The tab that is left takes over, or keeps the connection.
    await exporter.close();
    await expect.poll(() => proxy.streams).toEqual({ open: 1, most: 1 });
    await page.goto("about:blank");
    await expect.poll(() => proxy.streams.open).toBe(0);
    proxy.close();
  });
});
