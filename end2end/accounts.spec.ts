// Signing in and out, access tokens and users, with and without script. Each test has its own users.
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import readline from "node:readline";

import type { Page } from "@playwright/test";

import { ADDRESS, addUser, PASSWORD, run, SERVER } from "./server";
import { expect, test } from "./test";

const SIGNED_OUT = { storageState: { cookies: [], origins: [] } };
const EXPORT = `${ADDRESS}/api/v1/motion-events/export`;

/** Returns a user name that is unique among tests and projects. */
function newName(): string {
  const info = test.info();
  return `${info.project.name.replace(" ", "-")}-${info.testId.slice(-12)}-${info.retry}`;
}

async function signIn(page: Page, name: string, password = PASSWORD): Promise<void> {
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
}

/** Runs curl, and returns the status and the number of lines of the response. */
function curl(...args: string[]): { status: string; lines: number } {
  const output = execFileSync("curl", ["-s", "-w", "\n%{http_code}", ...args], { maxBuffer: 1 << 28 }).toString();
  const lines = output.split("\n");
  return { status: lines.at(-1)!, lines: lines.length - 2 };
}

test.describe("signed out", () => {
  test.use({
    ...SIGNED_OUT,
    // A test may act before the page moves the focus to a message, and may sign out before the page requests the
    // preview.
    expectedMessages: [/status of (400|401|403|429)|Autofocus processing was blocked/],
  });

  test("a page redirects to the sign-in, which leads back to the page", async ({ page }) => {
    const name = newName();
    addUser(name);
    await page.goto("/settings/account");
    await expect(page).toHaveURL(/\/login\?next=/);
    await expect(page.getByLabel("Name")).toBeFocused();
    // Uses only the keyboard.
    await page.keyboard.type(name);
    await page.keyboard.press("Tab");
    await page.keyboard.type(PASSWORD);
    await page.keyboard.press("Enter");
    await expect(page).toHaveURL(/\/settings\/account$/);
    await expect(page.locator(".account-name")).toContainText(name);
  });

  test("a wrong password shows a focused error and keeps the name", async ({ page }) => {
    await page.goto("/login?next=/settings/account");
    await signIn(page, "nobody at all", "a wrong password");
    await expect(page.getByRole("alert")).toHaveText("Name or password is wrong. Check both and try again.");
    await expect(page.getByRole("alert")).toBeFocused();
    await expect(page.getByLabel("Name")).toHaveValue("nobody at all");
    await expect(page.getByLabel("Password")).toHaveValue("");
    // The sign-in still leads to the requested page.
    const name = newName();
    addUser(name);
    await signIn(page, name);
    await expect(page).toHaveURL(/\/settings\/account$/);
  });

  test("a form that is sent without a session keeps what was typed, except passwords", async ({ page, context }) => {
    const name = newName();
    addUser(name, "--admin");
    const signInAgain = async () => {
      await context.clearCookies();
      await page.getByRole("button", { name: /Create|Add/ }).click();
      await expect(page).toHaveURL(/\/login\?next=/);
      await signIn(page, name);
      await expect(page.getByRole("alert")).toContainText("You were signed out, so nothing was changed.");
    };
    await page.goto("/settings/tokens");
    await signIn(page, name);
    await page.getByLabel("What is it for?").fill("Nightly & <daily>");
    await page.getByLabel("Valid for").selectOption("365");
    await signInAgain();
    await expect(page.getByLabel("What is it for?")).toHaveValue("Nightly & <daily>");
    await expect(page.getByLabel("Valid for")).toHaveValue("365");
    await expect(page.getByText("You have no tokens.")).toBeVisible();
    await page.goto("/settings/people");
    await page.getByLabel("Name").fill("somebody-new");
    await page.getByLabel("Role").selectOption("admin");
    await page.getByLabel("First password").fill("a good long password");
    await signInAgain();
    await expect(page.getByLabel("Name")).toHaveValue("somebody-new");
    await expect(page.getByLabel("Role")).toHaveValue("admin");
    await expect(page.getByLabel("First password")).toHaveValue("");
    await expect(page.getByRole("link", { name: "somebody-new" })).toHaveCount(0);
  });

  test("repeated wrong passwords are throttled, and the page says for how long", async ({ page }) => {
    const name = newName();
    for (let guess = 0; guess < 7; guess += 1) {
      await page.goto("/login");
      await signIn(page, name, `guess number ${guess}`);
      await expect(page.getByRole("alert")).toBeVisible();
    }
    await expect(page.getByRole("alert")).toHaveText(/Wait \d+ seconds and try again/);
  });

  test("signing out leads to the sign-in, and pages require a session again", async ({ page }) => {
    const name = newName();
    addUser(name);
    await page.goto("/settings");
    await signIn(page, name);
    await page.getByRole("button", { name: "Sign out" }).click();
    await expect(page.getByRole("status").first()).toHaveText("You are signed out.");
    await page.goto("/settings");
    await expect(page).toHaveURL(/\/login/);
    const cookies = await page.context().cookies();
    expect(cookies.map((cookie) => cookie.name).filter((name) => name !== "timezone")).toEqual([]);
  });

  test("the next sign-in requires the new password", async ({ page }) => {
    const name = newName();
    addUser(name);
    await page.goto("/settings/account");
    await signIn(page, name);
    await page.getByLabel("Current password").fill(PASSWORD);
    await page.getByLabel("New password").fill("short");
    await page.getByRole("button", { name: "Change password" }).click();
    await expect(page.locator("#outcome")).toHaveText(/at least 10 characters/);
    await expect(page.getByLabel("New password")).toHaveAttribute("aria-invalid", "true");
    await page.getByLabel("Current password").fill(PASSWORD);
    await page.getByLabel("New password").fill("another good password");
    await page.getByRole("button", { name: "Change password" }).click();
    await expect(page.locator("#outcome")).toHaveText(/Your password was changed/);
    await page.getByRole("button", { name: "Sign out" }).click();
    await signIn(page, name, "another good password");
    await expect(page.locator(".account-name")).toContainText(name);
  });

  test("a token is created, used with curl, and revoked", async ({ page, javaScriptEnabled }) => {
    const name = newName();
    addUser(name, "--admin");
    await page.goto("/settings/tokens");
    await signIn(page, name);
    await expect(page.getByText("You have no tokens.")).toBeVisible();
    await page.getByLabel("What is it for?").fill("Nightly report");
    await page.getByLabel("Valid for").selectOption("30 days");
    await page.getByRole("button", { name: "Create token" }).click();
    const field = page.getByLabel("The new token");
    await expect(page.locator("#outcome")).toBeFocused();
    await expect(page.getByRole("button", { name: "Copy", exact: true })).toBeVisible({ visible: javaScriptEnabled !== false });
    const token = await field.inputValue();
    expect(token).toMatch(/^mexp_[0-9a-f]{64}$/);
    const query = `${EXPORT}?end_date=2025-01-31`;
    const expected = run("export", "--end-date", "2025-01-31").toString().split("\n").length - 1;
    expect(expected).toBeGreaterThan(100);
    expect(curl("-H", `Authorization: Bearer ${token}`, query)).toEqual({ status: "200", lines: expected });
    expect(curl("-u", `excel:${token}`, query)).toEqual({ status: "200", lines: expected });
    expect(curl(query).status).toBe("401");
    // The token is shown only once.
    await page.goto("/settings/tokens");
    await expect(page.getByRole("row", { name: /Nightly report/ })).toBeVisible();
    await expect(page.locator("body")).not.toContainText(token);
    await page.getByRole("button", { name: "Revoke Nightly report" }).click();
    await expect(page.locator("#outcome")).toHaveText("The token was revoked. It no longer works.");
    expect(curl("-H", `Authorization: Bearer ${token}`, query).status).toBe("401");
  });
});

test.describe("an administrator", () => {
  test.use({ expectedMessages: [/status of (400|403)|Autofocus processing was blocked/] });

  test("adds a user and grants a camera, and the user sees only that camera", async ({ page, browser, javaScriptEnabled }) => {
    const name = newName();
    await page.goto("/settings");
    await page.getByRole("link", { name: "People" }).click();
    await page.getByLabel("Name", { exact: true }).fill(name);
    await page.getByLabel("First password").fill("short");
    await page.getByRole("button", { name: "Add person" }).click();
    await expect(page.locator("#outcome")).toHaveText(/at least 10 characters/);
    await expect(page.getByLabel("Name", { exact: true })).toHaveValue(name);
    await page.getByLabel("First password").fill(PASSWORD);
    await page.getByRole("button", { name: "Add person" }).click();
    await expect(page.locator("#outcome")).toHaveText(/Choose the cameras/);

    const context = await browser.newContext({ ...SIGNED_OUT, baseURL: ADDRESS, javaScriptEnabled });
    const userPage = await context.newPage();
    await userPage.goto("/settings");
    await signIn(userPage, name);
    const offered = userPage.locator(".picker li");
    await expect(offered).toHaveText(["All Cameras"]);

    if (javaScriptEnabled !== false) {
      await expect(page.locator("body[data-hydrated]")).toBeAttached();
      await page.getByRole("button", { name: "All", exact: true }).click();
      await expect(page.locator("input[name=camera_id]:not(:checked)")).toHaveCount(0);
      await page.getByRole("button", { name: "None", exact: true }).click();
      await expect(page.locator("input[name=camera_id]:checked")).toHaveCount(0);
    }
    await page.getByLabel("Küche").check();
    await page.getByRole("button", { name: "Save cameras" }).click();
    await expect(page.locator("#outcome")).toHaveText("The cameras were saved.");
    await expect(page.getByLabel("Küche")).toBeChecked();
    await expect(page.getByLabel("Front Door")).not.toBeChecked();
    await userPage.reload();
    await expect(offered).toHaveText(["All Cameras", "Küche"]);
    await expect(userPage.getByRole("link", { name: "People" })).toHaveCount(0);
    expect((await userPage.goto("/settings/people"))?.status()).toBe(403);
    await expect(userPage.getByRole("heading", { name: "Not allowed" })).toBeVisible();
    await context.close();

    await page.getByText(`Remove ${name}`).first().click();
    await page.getByRole("button", { name: `Yes, remove ${name}` }).click();
    await expect(page.locator("#outcome")).toHaveText(/The person was removed/);
    await expect(page.getByRole("row", { name })).toHaveCount(0);
  });
});

test.describe("the first administrator", () => {
  test.use({ ...SIGNED_OUT, expectedMessages: [/status of (400|403)|Autofocus processing was blocked/] });

  test("is created with the link that the server prints", async ({ page }) => {
    const folder = mkdtempSync(path.join(tmpdir(), "motion-export-"));
    const env = { ...process.env, DATABASE_URL: `sqlite://${folder}/new.db`, MOTION_EXPORT_SERVER_LOG: "warn" };
    const server = spawn(SERVER, ["serve", "--listen", "127.0.0.1:0"], { cwd: path.resolve(__dirname, ".."), env });
    try {
      let link = "";
      for await (const line of readline.createInterface(server.stdout)) {
        link = /http:\S+\/setup\?key=\S+/.exec(line)?.[0] ?? "";
        if (link) break;
      }
      await page.goto(link);
      await expect(page.getByRole("heading", { name: "Welcome" })).toBeVisible();
      await page.getByLabel("Name").fill("Boss");
      await page.getByLabel("Password").fill("short");
      await page.getByRole("button", { name: "Create the administrator" }).click();
      await expect(page.locator("#outcome")).toHaveText(/at least 10 characters/);
      await page.getByLabel("Password").fill(PASSWORD);
      await page.getByRole("button", { name: "Create the administrator" }).click();
      await expect(page.getByRole("heading", { name: "Data Export" })).toBeVisible();
      await expect(page.locator(".account-name")).toContainText("boss");
      await page.goto(link);
      await expect(page.getByRole("alert")).toHaveText(/is invalid or no longer valid/);
    } finally {
      server.kill();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
