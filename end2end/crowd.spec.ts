// The pages of a server with 1,000 cameras and 200 people: short, in natural order, and searched with and without script.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";

import { Clicks } from "./clicks";
import { ADMIN, freePort, NOW, PASSWORD, runWith, SERVER } from "./server";
import { expect, test } from "./test";

const CAMERAS = 1_000;
const PEOPLE = 200;
/** The greatest height of a page, in CSS pixels, also on a phone. */
const MAX_HEIGHT = 2_000;

let folder: string;
let server: ChildProcess;
let address: string;
let person: string;

test.use({ storageState: { cookies: [], origins: [] }, expectedMessages: [/status of (400|401|404)|Autofocus processing was blocked/] });
test.describe.configure({ mode: "serial" });

test.beforeAll(async ({ playwright }) => {
  test.setTimeout(240_000);
  folder = mkdtempSync(path.join(tmpdir(), "motion-export-"));
  const port = await freePort();
  address = `http://127.0.0.1:${port}`;
  const environment = { DATABASE_URL: `sqlite://${folder}/test.db` };
  runWith(environment, ["demo", "--events", "3000", "--cameras", String(CAMERAS), "--seed", "1", "--until", NOW]);
  runWith(environment, ["user", "add", ADMIN, "--admin", "--password-stdin"], PASSWORD);
  const env = { ...process.env, MOTION_EXPORT_SERVER_LOG: "warn", ...environment };
  server = spawn(SERVER, ["serve", "--listen", `127.0.0.1:${port}`], { cwd: path.resolve(__dirname, ".."), env, stdio: "ignore" });
  await expect(async () => expect((await fetch(`${address}/healthz`)).ok).toBe(true)).toPass();
  const client = await playwright.request.newContext({ baseURL: address });
  await client.post("/login", { form: { name: ADMIN, password: PASSWORD } });
  for (let number = 2; number <= PEOPLE; number += 1) {
    const added = await client.post("/settings/people", { form: { name: `guard ${number}`, role: "user", password: PASSWORD } });
    expect(added.ok()).toBe(true);
    if (number === PEOPLE) person = new URL(added.url()).pathname;
  }
  await client.dispose();
});

test.afterAll(() => {
  server.kill();
  rmSync(folder, { recursive: true, force: true });
});

async function open(page: Page, at: string): Promise<void> {
  await page.goto(`${address}${at}`);
  if (new URL(page.url()).pathname === "/login") {
    await page.getByLabel("Name").fill(ADMIN);
    await page.getByLabel("Password").fill(PASSWORD);
    await page.getByRole("button", { name: "Sign in" }).click();
    // With script, the export page goes on loading after its address has changed.
    await expect(page.locator(".account-name")).toContainText(ADMIN);
  }
}

/** Waits until the script of the page runs, if it has one. */
async function ready(page: Page, javaScriptEnabled: boolean | undefined): Promise<void> {
  if (javaScriptEnabled !== false) await expect(page.locator("body[data-hydrated]")).toBeAttached();
}

test("no page is longer than 2,000 pixels", async ({ page, javaScriptEnabled }) => {
  await open(page, "/settings/people");
  const heights: Record<string, number> = {};
  for (const at of ["/settings/people", person, "/settings/account", "/settings/retention", "/settings"]) {
    await page.goto(`${address}${at}`);
    await ready(page, javaScriptEnabled);
    const height = await page.evaluate(() => document.documentElement.scrollHeight);
    if (height > MAX_HEIGHT) heights[at] = height;
  }
  expect(heights).toEqual({});
});

test("people are in natural order, and found by a part of their name", async ({ page, javaScriptEnabled }) => {
  await open(page, "/settings/people");
  await ready(page, javaScriptEnabled);
  const list = page.getByRole("region", { name: "People" });
  const names = list.getByRole("rowheader");
  await expect(names).toHaveCount(PEOPLE);
  expect((await names.allTextContents()).slice(0, 10)).toEqual(["admin", ...[2, 3, 4, 5, 6, 7, 8, 9, 10].map((number) => `guard ${number}`)]);
  const search = page.getByRole("searchbox", { name: "Search people" });
  await search.fill("GUARD 19");
  if (javaScriptEnabled === false) await page.getByRole("button", { name: "Search" }).click();
  await expect(names.filter({ visible: true })).toHaveText(["guard 19", ...[0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((digit) => `guard 19${digit}`)]);
  await expect(page.getByRole("search").getByRole("status")).toHaveText(`11 of ${PEOPLE}`);
  if (javaScriptEnabled === false) await page.getByRole("link", { name: "Show all" }).click();
  else await search.fill("");
  await expect(names.filter({ visible: true })).toHaveCount(PEOPLE);
  // The keyboard scrolls the list.
  await list.focus();
  await page.keyboard.press("End");
  await expect(names.last()).toBeInViewport();
});

test("cameras are found and checked, the button to save stays in view, and no other grant is lost", async ({ page, javaScriptEnabled }) => {
  await open(page, person);
  await ready(page, javaScriptEnabled);
  const list = page.getByRole("region", { name: "Cameras" });
  const boxes = list.getByRole("checkbox");
  await expect(boxes).toHaveCount(CAMERAS);
  const save = page.getByRole("button", { name: "Save cameras" });
  await boxes.first().scrollIntoViewIfNeeded();
  await expect(save).toBeInViewport({ ratio: 1 });
  const search = page.getByRole("searchbox", { name: "Search cameras" });
  const choose = async (text: string) => {
    await search.fill(text);
    if (javaScriptEnabled === false) await page.getByRole("button", { name: "Search" }).click();
    await boxes.filter({ visible: true }).first().check();
    await expect(save).toBeInViewport({ ratio: 1 });
  };
  await choose("garage");
  if (javaScriptEnabled === false) {
    await save.click();
    await expect(page.locator("#outcome")).toHaveText("The cameras were saved.");
  }
  await choose("küche");
  if (javaScriptEnabled !== false) await expect(page.locator(".save-bar output")).toHaveText("2 of 1,000 chosen");
  await save.click();
  await expect(page.locator("#outcome")).toHaveText("The cameras were saved.");
  await expect(page.locator(".save-bar output")).toHaveText("2 of 1,000 chosen");
  await expect(list.locator("input:checked")).toHaveCount(2);
});

test("the cameras of another person are copied by name", async ({ page, javaScriptEnabled }) => {
  await open(page, "/settings/people");
  await page.getByRole("link", { name: "guard 7", exact: true }).click();
  await ready(page, javaScriptEnabled);
  await page.getByText("Copy from another person").click();
  await page.getByLabel("Their name").fill("nobody");
  await page.getByRole("button", { name: "Add their cameras" }).click();
  await expect(page.locator("#from-problem")).toHaveText("There is no user “nobody”.");
  await page.getByLabel("Their name").fill(`Guard ${PEOPLE}`);
  await page.getByRole("button", { name: "Add their cameras" }).click();
  await expect(page.locator("#outcome")).toHaveText("The cameras of the other person were added.");
  await expect(page.locator(".save-bar output")).toHaveText("2 of 1,000 chosen");
});

test("a session is ended by an administrator, and another by its user", async ({ page, browser, javaScriptEnabled }) => {
  const context = await browser.newContext({ storageState: { cookies: [], origins: [] }, javaScriptEnabled });
  const elsewhere = await context.newPage();
  const signIn = async () => {
    await elsewhere.goto(`${address}/settings/account`);
    await elsewhere.getByLabel("Name").fill("guard 9");
    await elsewhere.getByLabel("Password").fill(PASSWORD);
    await elsewhere.getByRole("button", { name: "Sign in" }).click();
    await expect(elsewhere.getByRole("row", { name: /This browser/ })).toContainText("Chrome, ");
  };
  await signIn();
  await open(page, "/settings/people");
  await page.getByRole("link", { name: "guard 9", exact: true }).click();
  await page.getByRole("button", { name: /^End the session of Chrome/ }).click();
  await expect(page.locator("#outcome")).toHaveText(/^The session was ended/);
  await expect(page.getByText("Not signed in anywhere.")).toBeVisible();
  await elsewhere.reload();
  await expect(elsewhere).toHaveURL(/\/login/);
  // The administrator's own sessions: this one, and that of the beginning.
  await page.goto(`${address}/settings/account`);
  const rows = page.getByRole("region", { name: "Sessions" }).getByRole("row");
  const before = await rows.count();
  await page.getByRole("button", { name: /^End the session of/ }).first().click();
  await expect(page.locator("#outcome")).toHaveText(/^The session was ended/);
  await expect(rows).toHaveCount(before - 1);
  await context.close();
});

test("an administrator of 1,000 cameras finds a person and grants a camera", async ({ page, javaScriptEnabled }) => {
  test.skip(javaScriptEnabled === false, "the search acts while one types");
  const clicks = new Clicks();
  await open(page, "/settings/people");
  await ready(page, javaScriptEnabled);
  await page.getByRole("searchbox", { name: "Search people" }).fill("guard 150");
  await clicks.on(page.getByRole("link", { name: "guard 150", exact: true }));
  await ready(page, javaScriptEnabled);
  await page.getByRole("searchbox", { name: "Search cameras" }).fill("garage");
  await clicks.on(page.getByRole("region", { name: "Cameras" }).getByRole("checkbox").filter({ visible: true }).first());
  await clicks.on(page.getByRole("button", { name: "Save cameras" }));
  await expect(page.locator("#outcome")).toHaveText("The cameras were saved.");
  await expect(page.locator(".save-bar output")).toHaveText("1 of 1,000 chosen");
  clicks.expectDocumented("An administrator of 1,000 cameras");
});

test("the lists pass axe", async ({ page, javaScriptEnabled }) => {
  test.skip(javaScriptEnabled === false, "axe is a script");
  // Axe looks at each of a thousand cameras.
  test.slow();
  await open(page, "/settings/people");
  for (const at of ["/settings/people", person, "/settings/account"]) {
    await page.goto(`${address}${at}`);
    await ready(page, javaScriptEnabled);
    expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  }
});
