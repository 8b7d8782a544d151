// The tasks of several kinds of users, from the sign-in to their result, each with the number of its clicks. The task of an
// administrator of 1,000 cameras is in crowd.spec.ts.
import { execFileSync } from "node:child_process";

import { Clicks } from "./clicks";
import { ADDRESS, addUser, ADMIN, PASSWORD, run } from "./server";
import { bytes, cameraId, expect, expectSame, exportButton, ownDay, shownDay, test } from "./test";

const EXPORT = `${ADDRESS}/api/v1/motion-events/export`;

/** Returns a user name that is unique among tests and projects. */
function newName(): string {
  const { project, testId, retry } = test.info();
  return `${project.name}-${testId.slice(-12)}-${retry}`;
}

test.describe("signed out", () => {
  test.use({ storageState: { cookies: [], origins: [] } });

  test("an owner signs in and exports the events of one camera on some days", async ({ page }) => {
    const clicks = new Clicks();
    await page.goto("/");
    await page.getByLabel("Name").fill(ADMIN);
    await page.getByLabel("Password").fill(PASSWORD);
    await clicks.on(page.getByRole("button", { name: "Sign in" }));
    await page.getByLabel("From", { exact: true }).fill("2025-12-01");
    await page.getByLabel("To", { exact: true }).fill("2025-12-07");
    const cameras = page.locator(".picker");
    await clicks.on(cameras.locator("summary"));
    await clicks.on(cameras.getByRole("checkbox", { name: "Garage" }));
    await page.keyboard.press("Escape");
    await expect(page.getByRole("region", { name: "Preview" }).locator("dd").first()).toHaveText(/^\d+$/);
    const downloading = page.waitForEvent("download");
    await clicks.on(exportButton(page));
    const file = await bytes(await downloading);
    const camera = await cameraId(page, "Garage");
    const days = ["--start-date", "2025-12-01", "--end-date", "2025-12-07", "--timezone", "America/Los_Angeles"];
    expectSame(file, run("export", ...days, "--camera-id", camera, "--bom"));
    clicks.expectDocumented("An owner");
  });

  test("a reader exports with the keyboard alone, and is told everything", async ({ page }) => {
    const clicks = new Clicks();
    const name = newName();
    addUser(name, "--admin");
    await page.goto("/settings");
    await expect(page.getByLabel("Name")).toBeFocused();
    await page.keyboard.type(name);
    await page.keyboard.press("Tab");
    await page.keyboard.type(PASSWORD);
    await page.keyboard.press("Enter");
    await expect(page.locator("body[data-hydrated]")).toBeAttached();
    // What a screen reader lists: one main region, one heading of the first level, and a name for each control.
    await expect(page.getByRole("main")).toHaveCount(1);
    await expect(page.getByRole("navigation")).not.toHaveCount(0);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Data Export");
    const nameless = await page.getByRole("main").ariaSnapshot();
    expect(nameless.split("\n").filter((line) => /- (button|textbox|checkbox|combobox|switch|slider|link)( \[.*\])?:?$/.test(line))).toEqual([]);
    await page.getByLabel("From", { exact: true }).focus();
    // The same in either order of day and month.
    await page.keyboard.type("12122025");
    await expect(page.getByLabel("From", { exact: true })).toHaveValue("2025-12-12");
    const announced = page.locator(".preview [aria-live]");
    await expect(announced).toHaveText(/^\d+ events, a file of about /);
    // The Enter key in a field exports.
    const downloading = page.waitForEvent("download");
    await page.keyboard.press("Enter");
    expectSame(await bytes(await downloading), run("export", "--start-date", "2025-12-12", "--timezone", "America/Los_Angeles", "--bom"));
    await expect(page.locator(".visually-hidden[role=status]").filter({ hasText: /complete/ })).toHaveCount(1);
    clicks.expectDocumented("A reader");
  });
});

test("an officer checks a file that came by e-mail, and finds out who exported it", async ({ page }) => {
  const clicks = new Clicks();
  const day = ownDay("2025-06-20");
  const file = run("export", "--start-date", day, "--end-date", day, "--timezone", "America/Los_Angeles", "--bom");
  await page.goto("/settings");
  await clicks.on(page.getByRole("navigation").getByRole("link", { name: "Verify a file" }));
  await expect(page.locator("body[data-hydrated]")).toBeAttached();
  await page.getByLabel("Drop a CSV here, or choose it").setInputFiles({ name: "evidence.csv", mimeType: "text/csv", buffer: file });
  const verdict = page.getByRole("status");
  await expect(verdict).toContainText("evidence.csv is complete and unchanged");
  await clicks.on(verdict.getByRole("link", { name: /^Record/ }));
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(/^Export of /);
  await expect(page.locator(".record-facts")).toContainText(shownDay(day));
  clicks.expectDocumented("An officer");
});

test("the author of a script creates a token and exports with it", async ({ page }) => {
  const clicks = new Clicks();
  await page.goto("/settings");
  await clicks.on(page.getByRole("navigation").getByRole("link", { name: "Access tokens" }));
  await page.getByLabel("What is it for?").fill(newName());
  await clicks.on(page.getByRole("button", { name: "Create token" }));
  const token = await page.getByLabel("The new token").inputValue();
  const url = `${EXPORT}?start_date=2025-12-01&end_date=2025-12-07&timezone=America/Los_Angeles`;
  const file = execFileSync("curl", ["-sf", "-H", `Authorization: Bearer ${token}`, url], { maxBuffer: 1 << 28 });
  expectSame(file, run("export", "--start-date", "2025-12-01", "--end-date", "2025-12-07", "--timezone", "America/Los_Angeles"));
  expect(() => execFileSync("curl", ["-sf", "-H", `Authorization: Bearer ${token.slice(0, -1)}`, url])).toThrow();
  clicks.expectDocumented("The author of a script");
});
