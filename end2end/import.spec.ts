// The import of an uploaded file. All events of the file are stored already, so other tests see no difference.
import { run } from "./server";
import { expect, test } from "./test";

const CSV = () => run("export", "--start-date", "2025-12-15", "--timezone", "Asia/Kolkata");
const rows = (file: Buffer) => file.toString().split("\r\n").length - 2;

test.describe("an uploaded file", () => {
  // There is one upload at a time.
  test.describe.configure({ mode: "serial" });

  test("is imported with progress, and the page is not loaded again", async ({ page }) => {
    const file = CSV();
    await page.goto("/settings");
    await page.getByRole("link", { name: "Import", exact: true }).click();
    await expect(page.locator("body[data-hydrated]")).toBeAttached();
    await page.evaluate(() => Object.assign(window, { isSamePage: true }));
    await page.getByLabel("File", { exact: true }).setInputFiles({ name: "events.csv", mimeType: "text/csv", buffer: file });
    await page.getByRole("button", { name: "Import" }).click();
    await expect(page.getByRole("heading", { name: "“events.csv” was imported" })).toBeVisible();
    await expect(page.locator(".tiles div").filter({ hasText: "Already there" }).locator("dd")).toHaveText(String(rows(file)));
    await expect(page.locator("#import-news")).toHaveText("“events.csv” was imported");
    expect(await page.evaluate(() => "isSamePage" in window)).toBe(true);
    // The form is there for the next file.
    await page.getByLabel("File", { exact: true }).setInputFiles({ name: "page.html", mimeType: "text/html", buffer: Buffer.from("<html></html>\n") });
    await page.getByRole("button", { name: "Import" }).click();
    await expect(page.getByRole("alert")).toContainText("it is an HTML or XML page, not a CSV");
    expect(await page.evaluate(() => "isSamePage" in window)).toBe(true);
  });

  test("that is refused is named, and the options are kept", async ({ page, expectedMessages }) => {
    expectedMessages.push(/400/);
    await page.goto("/settings/import");
    await expect(page.locator("body[data-hydrated]")).toBeAttached();
    await page.getByText("Options").click();
    await page.getByLabel("Prefix for the names of Frigate's cameras").fill("yard-");
    await page.getByLabel("File", { exact: true }).setInputFiles({ name: "empty.csv", mimeType: "text/csv", buffer: Buffer.alloc(0) });
    await page.getByRole("button", { name: "Import" }).click();
    await expect(page.getByRole("alert")).toHaveText("The file is empty. Nothing was imported.");
    await expect(page.getByLabel("Prefix for the names of Frigate's cameras")).toHaveValue("yard-");
  });

  test("shows how much of it is sent, and that the connection was lost", async ({ page, expectedMessages }) => {
    expectedMessages.push(/net::ERR_/);
    await page.goto("/settings/import");
    await expect(page.locator("body[data-hydrated]")).toBeAttached();
    await page.route("**/settings/import", (route) => (route.request().method() === "POST" ? route.abort("connectionreset") : route.continue()));
    await page.getByLabel("File", { exact: true }).setInputFiles({ name: "events.csv", mimeType: "text/csv", buffer: CSV() });
    await page.getByRole("button", { name: "Import" }).click();
    await expect(page.locator("form [role=status]")).toHaveText("The connection was lost, and nothing was imported. Check it, then try again.");
    await expect(page.getByRole("button", { name: "Import" })).toBeEnabled();
  });
});
