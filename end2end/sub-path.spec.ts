// A server whose public address has a path. It accepts requests with that path itself, as from a proxy that passes it on.
import { OwnServer } from "./own-server";
import { ADMIN, freePort, PASSWORD } from "./server";
import { bytes, exportButton, expect, expectSame, test } from "./test";

let server: OwnServer;
let address: string;

// The history's stream of events may be answered with 401 before the page of the sign-in is shown.
test.use({ storageState: { cookies: [], origins: [] }, expectedMessages: [/status of 401/] });

test.beforeAll(async () => {
  const port = await freePort();
  address = `http://127.0.0.1:${port}/motion`;
  server = await OwnServer.start(`127.0.0.1:${port}`, { MOTION_EXPORT_SERVER_PUBLIC_URL: `${address}/` });
});

test.afterAll(() => server.stop());

test("signing in, an export, the history and signing out stay below the path", async ({ page, javaScriptEnabled }) => {
  const elsewhere: string[] = [];
  page.on("request", (request) => {
    if (request.url().startsWith("http") && !request.url().startsWith(`${address}/`)) elsewhere.push(request.url());
  });
  await page.goto(`${address}/settings`);
  await page.getByLabel("Name").fill(ADMIN);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("heading", { name: "Data Export" })).toBeVisible();
  expect(page.url()).toContain("/motion/settings");

  // With script, the page has chosen the browser's zone.
  const zone = javaScriptEnabled ? "America/Los_Angeles" : "UTC";
  const downloading = page.waitForEvent("download");
  await exportButton(page).click();
  const file = await bytes(await downloading);
  expectSame(file, server.run("export", "--bom", "--timezone", zone));

  await page.getByRole("link", { name: "Export history" }).click();
  await expect(page.getByRole("heading", { name: "Export history", level: 1 })).toBeVisible();
  // That of the command line is in the history as well.
  await expect(page.getByRole("row").filter({ hasText: "Complete" })).toHaveCount(2);

  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  expect(page.url()).toContain("/motion/login");
  expect(elsewhere).toEqual([]);
});
