// What is selected: in the address, among many cameras, in the chart; and several exports of it at once.
import { execFileSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import type { Page } from "@playwright/test";

import { ADDRESS, NOW, run } from "./server";
import { bytes, cameraId, chooseCameras, expect, expectSame, exportButton, ownDay, test } from "./test";

const preview = (page: Page) => page.getByRole("region", { name: "Preview" });
const rows = (file: Buffer) => file.toString().trimEnd().split("\r\n").slice(1);

async function open(page: Page, query = ""): Promise<void> {
  await page.goto(`/settings${query}`);
  await expect(page.locator("body[data-hydrated]")).toBeAttached();
  if (!query) await expect(page.getByLabel("Time zone")).toHaveValue("America/Los_Angeles");
}

/** Has the server say that files are as large as that. */
async function pretend(page: Page, bytes: number): Promise<void> {
  await page.route("**/api/v1/preview?*", async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, json: { ...(await answer.json()), bytes } });
  });
}

test("the address holds the selection, back and forth, and whoever opens it has the same", async ({ page, context }) => {
  await open(page);
  await expect(page).toHaveURL(/\/settings$/);
  await page.getByLabel("From", { exact: true }).fill("2025-12-01");
  await expect(page).toHaveURL(/[?&]start_date=2025-12-01(&|$)/);
  await chooseCameras(page, "Garage");
  await expect(page).toHaveURL(/camera_id=/);
  await chooseCameras(page, "Küche");
  await expect(page.locator(".picker summary")).toHaveText("2 of 8 cameras");
  await expect(page).toHaveURL(/camera_id=.*camera_id=/);
  const address = page.url();
  await page.goBack();
  await expect(page.locator(".picker summary")).toHaveText("Garage");
  await page.goBack();
  await expect(page.locator(".picker summary")).toHaveText("All Cameras (8)");
  await expect(page.getByLabel("From", { exact: true })).toHaveValue("2025-12-01");
  await page.goBack();
  await expect(page.getByLabel("From", { exact: true })).toHaveValue("");
  for (let entry = 0; entry < 3; entry += 1) await page.goForward();
  await expect(page.locator(".picker summary")).toHaveText("2 of 8 cameras");
  await expect(page).toHaveURL(address);
  const other = await context.newPage();
  await other.goto(address);
  await expect(other.locator("body[data-hydrated]")).toBeAttached();
  await expect(other.locator(".picker summary")).toHaveText("2 of 8 cameras");
  await expect(other.getByLabel("From", { exact: true })).toHaveValue("2025-12-01");
  const downloading = other.waitForEvent("download");
  await exportButton(other).click();
  const cameras = ["Garage", "Küche"].map(async (name) => ["--camera-id", await cameraId(other, name)]);
  const asked = (await Promise.all(cameras)).flat();
  expectSame(await bytes(await downloading), run("export", "--start-date", "2025-12-01", ...asked, "--timezone", "America/Los_Angeles", "--bom"));
});

test("an address that names no selection says so, and the form can be used", async ({ page }) => {
  await open(page, "?start_date=2025-13-01");
  await expect(page.getByRole("alert").filter({ hasText: "is not a day of the calendar" })).toBeVisible();
  await expect(page.getByLabel("From", { exact: true })).toHaveValue("");
  await expect(exportButton(page)).toBeEnabled();
});

test("what is wrong with an address is said for as long as the page has it", async ({ page }) => {
  await open(page, "?start_date=nope");
  const notice = page.getByRole("alert").filter({ hasText: "The selection in this page's address can't be used" });
  await expect(notice).toBeVisible();
  await page.getByLabel("From", { exact: true }).fill("2025-12-01");
  await expect(page).toHaveURL(/start_date=2025-12-01/);
  await expect(notice).toHaveCount(0);
  await page.goBack();
  await expect(page).toHaveURL(/\?start_date=nope$/);
  await expect(notice).toBeVisible();
  await expect(page.getByLabel("From", { exact: true })).toHaveValue("");
  await page.goForward();
  await expect(notice).toHaveCount(0);
  await expect(page.getByLabel("From", { exact: true })).toHaveValue("2025-12-01");
});

test("a camera of the address that there is not can be taken out of the selection", async ({ page }) => {
  await open(page, "?camera_id=nobody&timezone=UTC");
  await expect(preview(page)).toContainText("There is no camera “nobody”");
  await page.locator(".picker summary").click();
  await page.getByRole("checkbox", { name: "nobody (no longer there)" }).uncheck();
  await expect(page.locator(".picker summary")).toHaveText("All Cameras (8)");
  await expect(preview(page)).toContainText("20,000");
});

for (const [address, words] of [
  ["?timezone=europe/berlin", "There is no time zone “europe/berlin”"],
  ["?start_date=2025-12-01T08:30:00Z&timezone=UTC", "The page selects whole days"],
  ["?raw=true", "The page selects whole days"],
]) {
  test(`an address that the page cannot show says so, and nothing else is exported as if it were that: ${address}`, async ({ page }) => {
    await open(page, address);
    await expect(page.getByRole("alert").filter({ hasText: words })).toBeVisible();
    await expect(preview(page)).toContainText("20,000");
  });
}

test("what the browser's own time zone changes is looked at again", async ({ page, context }) => {
  await context.clearCookies({ name: "timezone" });
  await open(page);
  const file = run("export", "--timezone", "America/Los_Angeles");
  await expect(preview(page).getByRole("region", { name: "First rows of the file" }).locator("td").first()).toHaveText(rows(file)[0].split(",")[0]);
});

test("cameras say how many events they have in the range, and all that a search finds can be chosen", async ({ page }) => {
  await open(page, "?start_date=2025-12-10&end_date=2025-12-12&timezone=UTC&bom=true");
  await page.locator(".picker summary").click();
  const row = (name: string) => page.locator(".picker li").filter({ hasText: name });
  const garage = run("export", "--start-date", "2025-12-10", "--end-date", "2025-12-12", "--camera-id", await cameraId(page, "Garage"));
  await expect(row("Garage").locator(".picker__count")).toHaveText(`${rows(garage).length} events`);
  const search = page.getByLabel("Search cameras");
  await search.fill("GAR");
  await expect(page.getByText("2 cameras found")).toBeVisible();
  await expect(row("Front Door")).toBeHidden();
  // It searches, and exports nothing.
  await search.press("Enter");
  await expect(page.getByRole("list", { name: "Exports that are running" })).toBeHidden();
  await page.getByRole("button", { name: "Select all" }).click();
  await expect(page.locator(".picker summary")).toHaveText("2 of 8 cameras");
  await search.fill("");
  await page.getByRole("checkbox", { name: "All Cameras" }).check();
  await expect(page.locator(".picker summary")).toHaveText("All Cameras (8)");
  await page.mouse.click(5, 400);
  await expect(search).toBeHidden();
});

test("the first rows are shown as the file has them", async ({ page }) => {
  await open(page, "?start_date=2025-12-10&end_date=2025-12-12&timezone=Europe/Berlin&bom=true");
  const shown = await preview(page).getByRole("region", { name: "First rows of the file" }).locator("tbody tr").evaluateAll((lines) => lines.map((line) => [...line.children].map((cell) => cell.textContent)));
  const file = run("export", "--start-date", "2025-12-10", "--end-date", "2025-12-12", "--timezone", "Europe/Berlin");
  const unquoted = (cell: string) => cell.replace(/^"|"$/g, "").replaceAll('""', '"');
  expect(shown).toEqual(rows(file).slice(0, 10).map((line) => (line.match(/("([^"]|"")*"|[^,]*)(,|$)/g) ?? []).slice(0, 10).map((cell) => unquoted(cell.replace(/,$/, "")))));
});

test("the chart is read and narrowed with the mouse and with the keyboard", async ({ page }) => {
  await open(page, "?start_date=2025-12-01&end_date=2025-12-10&timezone=UTC&bom=true");
  const chart = preview(page).getByRole("slider");
  await chart.evaluate((element) => element.scrollIntoView({ block: "center" }));
  const box = (await chart.boundingBox())!;
  const bar = (number: number) => [box.x + (box.width * (number + 0.5)) / 10, box.y + 50] as const;
  await page.mouse.move(...bar(2));
  await expect(preview(page).locator(".chart__told")).toHaveText(/^3 Dec 2025: \d+ events$/);
  await page.mouse.down();
  await page.mouse.move(...bar(4));
  await expect(preview(page).locator(".chart__told")).toHaveText(/^3 Dec 2025 – 5 Dec 2025: \d+ events$/);
  await page.mouse.up();
  await expect(page.getByLabel("From", { exact: true })).toHaveValue("2025-12-03");
  await expect(page.getByLabel("To", { exact: true })).toHaveValue("2025-12-05");
  await expect(chart).toHaveAttribute("aria-valuemax", "2");
  await chart.focus();
  await page.keyboard.press("End");
  await expect(chart).toHaveAttribute("aria-valuetext", /^5 Dec 2025: \d+ events$/);
  await page.keyboard.press("Shift+ArrowLeft");
  await expect(chart).toHaveAttribute("aria-valuetext", /^4 Dec 2025 – 5 Dec 2025: \d+ events$/);
  await page.keyboard.press("Enter");
  await expect(page.getByLabel("From", { exact: true })).toHaveValue("2025-12-04");
});

test("three selections are exported side by side, a fourth waits, and leaving the page warns", async ({ page }) => {
  await open(page);
  let release = () => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  await page.route("**/motion-events/export?*", async (route) => {
    await held;
    await route.continue();
  });
  const jobs = page.getByRole("list", { name: "Exports that are running" }).getByRole("listitem");
  for (const [number, date] of ["2025-12-01", "2025-12-02", "2025-12-03"].entries()) {
    await page.getByLabel("From", { exact: true }).fill(date);
    await exportButton(page).click();
    await expect(jobs).toHaveCount(number + 1);
    await expect(exportButton(page)).toBeDisabled();
  }
  await page.getByLabel("From", { exact: true }).fill("2025-12-04");
  await expect(exportButton(page)).toBeDisabled();
  // Pressed twice, the key that ends one ends no other.
  await jobs.first().getByRole("button", { name: "Cancel" }).focus();
  await page.keyboard.press("Enter");
  await expect(jobs).toHaveCount(2);
  await expect(exportButton(page)).toBeFocused();
  await expect(jobs.first()).toContainText("2 Dec 2025");
  await page.getByLabel("From", { exact: true }).fill("2025-12-01");
  await exportButton(page).click();
  await expect(jobs).toHaveCount(3);
  const asked = page.waitForEvent("dialog");
  const leaving = page.close({ runBeforeUnload: true });
  const dialog = await asked;
  expect(dialog.type()).toBe("beforeunload");
  await dialog.dismiss();
  await leaving;
  await jobs.filter({ hasText: "2 Dec 2025" }).getByRole("button", { name: "Cancel" }).click();
  await expect(jobs).toHaveCount(2);
  await page.getByLabel("From", { exact: true }).fill("2025-12-04");
  await expect(exportButton(page)).toBeEnabled();
  const names: string[] = [];
  page.on("download", (download) => names.push(download.suggestedFilename()));
  release();
  await expect(jobs).toHaveCount(0);
  await expect.poll(() => names.sort()).toEqual(["motion-events-2025-12-01-latest.csv", "motion-events-2025-12-03-latest.csv"]);
});

test("an export that ends by itself leaves the buttons of the others where they are", async ({ page }) => {
  await open(page);
  const held = new Map<string, () => void>();
  await page.route("**/motion-events/export?*", async (route) => {
    await new Promise<void>((resolve) => held.set(new URL(route.request().url()).searchParams.get("start_date")!, resolve));
    await route.continue();
  });
  const jobs = page.getByRole("list", { name: "Exports that are running" }).getByRole("listitem");
  const days = ["2025-12-05", "2025-12-06", "2025-12-07"];
  for (const [number, date] of days.entries()) {
    await page.getByLabel("From", { exact: true }).fill(date);
    await exportButton(page).click();
    await expect(jobs).toHaveCount(number + 1);
  }
  await expect.poll(() => held.size).toBe(3);
  await expect(preview(page)).toContainText("7 Dec 2025");
  const cancel = (day: string) => jobs.filter({ hasText: day }).getByRole("button", { name: "Cancel" });
  await cancel("6 Dec 2025").focus();
  const before = await cancel("6 Dec 2025").boundingBox();
  const downloading = page.waitForEvent("download");
  held.get(days[0])!();
  await downloading;
  await expect(jobs).toHaveCount(2);
  await expect(cancel("6 Dec 2025")).toBeFocused();
  expect(await cancel("6 Dec 2025").boundingBox()).toEqual(before);
  await page.keyboard.press("Enter");
  await expect(jobs).toHaveCount(1);
  await expect(jobs).toContainText("7 Dec 2025");
  // What comes next takes the place of one that is over.
  await page.getByLabel("From", { exact: true }).fill("2025-12-08");
  await exportButton(page).click();
  await expect(jobs).toHaveText([/8 Dec 2025/, /7 Dec 2025/]);
  // And who has the focus on one that ends has it on the button afterwards.
  await cancel("7 Dec 2025").focus();
  held.get(days[2])!();
  await expect(jobs).toHaveText([/8 Dec 2025/]);
  await page.getByLabel("From", { exact: true }).fill("2025-12-09");
  await cancel("8 Dec 2025").click();
  await expect(jobs).toHaveCount(0);
  await expect(exportButton(page)).toBeFocused();
});

test("two clicks on the button make one file", async ({ page }) => {
  await open(page);
  let asked = 0;
  page.on("request", (request) => (asked += Number(request.url().includes("/motion-events/export?"))));
  await page.getByLabel("From", { exact: true }).fill("2030-01-02");
  await expect(preview(page)).toContainText("no events");
  await exportButton(page).click();
  await expect(page.locator(".toast--success")).toBeVisible();
  // As if the file had been there before the second click of two.
  await exportButton(page).dispatchEvent("click", { detail: 2 });
  await page.getByRole("button", { name: "Dismiss" }).click();
  await expect(page.locator(".toast--success")).toHaveCount(0);
  expect(asked).toBe(1);
});

test.describe("of a size that is not known", () => {
  test.use({ expectedMessages: [/Failed to load resource/] });

  test("what nobody could count goes to disk, and what is still counted is waited for", async ({ page }) => {
    await page.addInitScript(() => {
      Object.assign(window, {
        showSaveFilePicker: async ({ suggestedName }: { suggestedName: string }) => {
          document.title = `asked for ${suggestedName}`;
          return (await navigator.storage.getDirectory()).getFileHandle(suggestedName, { create: true });
        },
      });
    });
    let answer = () => {};
    const answered = new Promise<void>((resolve) => (answer = resolve));
    await page.route(/api\/v1\/preview.*2025-12-12/, async (route) => {
      await answered;
      await route.continue();
    });
    await page.route(/api\/v1\/preview.*2025-12-13/, (route) => route.abort());
    await open(page);
    await page.getByLabel("From", { exact: true }).fill("2025-12-12");
    const downloading = page.waitForEvent("download");
    await exportButton(page).click();
    await expect(page.getByRole("list", { name: "Exports that are running" })).toBeVisible();
    answer();
    await downloading;
    await expect(page).not.toHaveTitle(/asked/);
    await page.getByLabel("From", { exact: true }).fill("2025-12-13");
    await expect(preview(page)).toContainText("could not be loaded");
    await exportButton(page).click();
    await expect(page.locator(".toast--success").first()).toContainText("motion-events-2025-12-13-latest.csv");
    await expect(page).toHaveTitle("asked for motion-events-2025-12-13-latest.csv");
    // Whoever comes back later may be told.
    await page.unroute(/api\/v1\/preview.*2025-12-13/);
    await page.evaluate(() => window.dispatchEvent(new Event("focus")));
    await expect(preview(page)).toContainText("13 Dec 2025");
  });
});

test("a large file goes straight to disk where the browser can, and is there only when it is whole", async ({ page }) => {
  // Nobody is there to answer the browser's own question; the file system that a page has for itself writes the same way.
  await page.addInitScript(() => {
    Object.assign(window, {
      showSaveFilePicker: async ({ suggestedName }: { suggestedName: string }) =>
        (await navigator.storage.getDirectory()).getFileHandle(suggestedName, { create: true }),
    });
  });
  await pretend(page, 200_000_000);
  await open(page);
  await page.getByLabel("From", { exact: true }).fill("2025-12-01");
  await expect(preview(page)).toContainText("200.0 MB");
  const saved = () =>
    page.evaluate(async () => {
      const folder = await navigator.storage.getDirectory();
      const file = await folder.getFileHandle("motion-events-2025-12-01-latest.csv").catch(() => null);
      return file && (await file.getFile()).text();
    });
  // Cancelled in the middle: nothing is there.
  let release = () => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  await page.route("**/api/v1/exports/*", async (route) => {
    await held;
    await route.continue();
  });
  await exportButton(page).click();
  await expect(page.locator(".job output")).toHaveText(/^[1-9][\d,]* of [\d,]+ events/);
  await page.getByRole("button", { name: "Cancel" }).click();
  release();
  await expect(page.locator(".toast--info")).toContainText("No file was saved.");
  expect(await saved()).toBeNull();
  await exportButton(page).click();
  await expect(page.locator(".toast--success")).toContainText("motion-events-2025-12-01-latest.csv");
  const file = run("export", "--start-date", "2025-12-01", "--timezone", "America/Los_Angeles", "--bom");
  expect(`\uFEFF${await saved()}`).toBe(file.toString());
});

test("what is too large for the page is handed to the browser's downloads, and followed by its record", async ({ page }) => {
  const day = ownDay("2025-06-20");
  await page.addInitScript(() => Object.assign(window, { showSaveFilePicker: undefined }));
  await pretend(page, 2_000_000_000);
  await open(page);
  await page.getByLabel("From", { exact: true }).fill(day);
  await expect(preview(page)).toContainText("2.0 GB");
  const downloading = page.waitForEvent("download");
  await exportButton(page).click();
  const file = run("export", "--start-date", day, "--timezone", "America/Los_Angeles", "--bom");
  expectSame(await bytes(await downloading), file);
  await expect(page.locator(".toast--success")).toContainText(`The server has sent the whole file: ${rows(file).length}`.replace(/(\d)(\d{3})$/, "$1,$2"));
});

test("of two exports of one selection that the browser's downloads began at once, neither is taken for the other", async ({ page }) => {
  await page.addInitScript(() => Object.assign(window, { showSaveFilePicker: undefined }));
  await pretend(page, 2_000_000_000);
  // Another tab's: each record is there twice.
  await page.route("**/api/v1/exports?mine=true*", async (route) => {
    const answer = await (await route.fetch()).json();
    const others = answer.exports.map((record: { id: string }) => ({ ...record, id: `${record.id}-of-another-tab` }));
    await route.fulfill({ json: { ...answer, exports: [...others, ...answer.exports] } });
  });
  await open(page);
  await page.getByLabel("From", { exact: true }).fill(ownDay("2025-04-20"));
  await expect(preview(page)).toContainText("2.0 GB");
  const downloading = page.waitForEvent("download");
  await exportButton(page).click();
  await downloading;
  await expect(page.locator(".toast--error")).toContainText("“Verify a file” checks that it is complete");
});

test("a toast stays for as long as it is pointed at or has the focus", async ({ page }) => {
  await page.clock.install({ time: new Date(NOW) });
  await page.goto("/settings");
  await page.clock.runFor(1_000);
  await expect(page.locator("body[data-hydrated]")).toBeAttached();
  const downloading = page.waitForEvent("download");
  await exportButton(page).click();
  await downloading;
  const toast = page.locator(".toast--success");
  await expect(toast).toBeVisible();
  // It slides in, and does not run away from the pointer.
  await page.clock.runFor(1_000);
  await toast.hover();
  await page.clock.runFor(60_000);
  await expect(toast).toBeVisible();
  await toast.getByRole("button", { name: "Dismiss" }).focus();
  await page.locator("h1").hover();
  await page.clock.runFor(60_000);
  await expect(toast).toBeVisible();
  await exportButton(page).focus();
  await page.clock.runFor(12_000);
  await expect(toast).toHaveCount(0);
});

test("what is copied for other tools fetches the selection", async ({ page, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const token = run("token", "create", "admin", "snippets").toString().match(/mexp_\w+/)![0];
  await open(page, "?start_date=2025-12-10&end_date=2025-12-12&timezone=Europe/Berlin&bom=true");
  await page.getByText("Use in other tools").click();
  const copied = async (tool: string) => {
    await page.getByRole("radio", { name: tool, exact: true }).check({ force: true });
    await page.getByRole("button", { name: `Copy: ${tool}` }).click();
    await expect(page.getByText("Copied.")).toBeVisible();
    return (await page.evaluate(() => navigator.clipboard.readText())).replace("YOUR_TOKEN", token);
  };
  const folder = mkdtempSync(path.join(tmpdir(), "motion-export-"));
  const file = run("export", "--start-date", "2025-12-10", "--end-date", "2025-12-12", "--timezone", "Europe/Berlin");
  expect(execFileSync("curl", ["-sf", "-H", `Authorization: Bearer ${token}`, await copied("URL")])).toEqual(file);
  execFileSync("bash", ["-c", await copied("curl")], { cwd: folder, stdio: "ignore" });
  expect(execFileSync("cat", ["motion-events-2025-12-10-2025-12-12.csv"], { cwd: folder })).toEqual(file);
  expect(await copied("Power Query")).toContain(`Web.Contents("${ADDRESS}"`);
  expect(await copied("Google Sheets")).toContain(`=IMPORTDATA("${ADDRESS}/api/v1/motion-events/export?`);

  // Whether these run, and what they read, is tested without a browser (tests/integration/snippets.rs).
  expect(await copied("Python (pandas)")).toContain(`"${ADDRESS}/api/v1/motion-events/export?`);
  expect(await copied("Python (polars)")).toContain("pl.read_csv(");
  expect(await copied("DuckDB")).toContain("auto_detect = false");
});

test("an export is told in German from the calendar to the toast", async ({ page }) => {
  await page.context().addCookies([{ name: "language", value: "de", url: ADDRESS }]);
  await page.goto("/settings?start_date=2025-12-01&end_date=2025-12-16&timezone=UTC&bom=true");
  await expect(page.locator("body[data-hydrated]")).toBeAttached();
  await expect(page.getByRole("region", { name: "Vorschau" })).toContainText("1. Dez. 2025");
  await page.getByRole("button", { name: "Tage im Kalender wählen" }).click();
  const calendar = page.getByRole("dialog", { name: "Tage wählen" });
  await expect(calendar.getByRole("heading").last()).toHaveText("Dezember 2025");
  await expect(calendar.locator("[data-day='2025-12-10']")).toHaveAccessibleName(/^Mittwoch, 10\. Dezember 2025, \d+ Ereignisse$/);
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "CSV exportieren" }).click();
  const toast = page.locator(".toast--success");
  await expect(toast).toContainText("Export abgeschlossen");
  await expect(toast).toContainText(/motion-events-2025-12-01-2025-12-16\.csv: \d+ Ereignisse, \d+,\d kB\. Sie stimmt mit dem Eintrag des Servers überein/);
});
