// The selection in the address, the list of cameras and the chart; previews, concurrent exports, and large files.
import { execFileSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";

import { ADDRESS, NOW, run } from "./server";
import { bytes, cameraId, chooseCameras, expect, expectSame, exportButton, ownDay, test, waitForAnimations } from "./test";

const preview = (page: Page) => page.getByRole("region", { name: "Preview" });
const rows = (file: Buffer) => file.toString().trimEnd().split("\r\n").slice(1);

async function open(page: Page, query = ""): Promise<void> {
  await page.goto(`/settings${query}`);
  await expect(page.locator("body[data-hydrated]")).toBeAttached();
  if (!query) await expect(page.getByLabel("Time zone")).toHaveValue("America/Los_Angeles");
}

/** Replaces the estimated file size in the server's previews. */
async function mockFileSize(page: Page, bytes: number): Promise<void> {
  await page.route("**/api/v1/preview?*", async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, json: { ...(await answer.json()), bytes } });
  });
}

test("the address holds the selection, works with back and forward, and opens the same selection elsewhere", async ({ page, context }) => {
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
  const options = (await Promise.all(cameras)).flat();
  expectSame(await bytes(await downloading), run("export", "--start-date", "2025-12-01", ...options, "--timezone", "America/Los_Angeles", "--bom"));
});

test("an invalid selection in the address shows an error, and the form still works", async ({ page }) => {
  await open(page, "?start_date=2025-13-01");
  await expect(page.getByRole("alert").filter({ hasText: "is not a day of the calendar" })).toBeVisible();
  await expect(page.getByLabel("From", { exact: true })).toHaveValue("");
  await expect(exportButton(page)).toBeEnabled();
});

test("the error about the address is shown only while the page has that address", async ({ page }) => {
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

test("an unknown camera in the address can be unchecked", async ({ page }) => {
  await open(page, "?camera_id=nobody&timezone=UTC");
  await expect(preview(page)).toContainText("There is no camera “nobody”");
  await page.locator(".picker summary").click();
  await page.getByRole("checkbox", { name: "nobody (no longer exists)" }).uncheck();
  await expect(page.locator(".picker summary")).toHaveText("All Cameras (8)");
  await expect(preview(page)).toContainText("20,000");
});

for (const [address, message] of [
  ["?timezone=europe/berlin", "There is no time zone “europe/berlin”"],
  ["?start_date=2025-12-01T08:30:00.5Z&timezone=UTC", "The page selects days and local times"],
  ["?raw=true", "The page selects days and local times"],
]) {
  test(`an address that the page cannot represent shows an error instead of another selection: ${address}`, async ({ page }) => {
    await open(page, address);
    await expect(page.getByRole("alert").filter({ hasText: message })).toBeVisible();
    await expect(preview(page)).toContainText("20,000");
  });
}

test("the preview is loaded again for the browser's own time zone", async ({ page, context }) => {
  await context.clearCookies({ name: "timezone" });
  await open(page);
  const file = run("export", "--timezone", "America/Los_Angeles");
  await expect(preview(page).getByRole("region", { name: "First rows of the file" }).locator("td").first()).toHaveText(rows(file)[0].split(",")[0]);
});

test("a selection that no sheet holds says so before the export, and one click selects the newest part that fits", async ({ page }) => {
  const days = [{ day: "2025-11-29", events: 400_000 }, { day: "2025-12-02", events: 600_000 }, { day: "2025-12-09", events: 400_000 }];
  await page.route("**/api/v1/preview?*", async (route) => {
    const answer = await route.fetch();
    const isAll = !route.request().url().includes("start_date%3D2025-12-01");
    const mocked = isAll ? { rows: 1_400_000, days } : {};
    await route.fulfill({ response: answer, json: { ...(await answer.json()), ...mocked } });
  });
  await open(page, "?start_date=2025-11-01&end_date=2025-12-10&timezone=UTC&bom=true");
  // The page came with a preview; another selection requests one.
  await page.getByLabel("From", { exact: true }).fill("2025-11-02");
  await expect(preview(page)).toContainText("Excel and Calc show the first 1,048,575 and leave out the rest.");
  expect((await new AxeBuilder({ page }).include(".sheet-limit").analyze()).violations).toEqual([]);
  await page.getByRole("link", { name: "Use another tool, such as pandas or DuckDB" }).click();
  await expect(page.getByRole("radio", { name: "DuckDB" })).toBeAttached();
  await expect(page.locator("#other-tools > summary")).toBeFocused();
  await page.getByRole("link", { name: "Select the newest that fit: from 1 Dec 2025, 1,000,000 events" }).click();
  await expect(page.getByLabel("From", { exact: true })).toHaveValue("2025-12-01");
  await expect(page.getByLabel("To", { exact: true })).toHaveValue("2025-12-10");
  await expect(page).toHaveURL(/start_date=2025-12-01&end_date=2025-12-10/);
  await expect(preview(page)).not.toContainText("Excel and Calc");
});

const zoneText = (page: Page, zone: string) => page.locator(`#timezone option[value="${zone}"]`);

test("the own time zone comes first, each has its offset at the selected dates, and one is found by city, old name or offset", async ({ page, context }) => {
  await context.clearCookies({ name: "timezone" });
  await open(page, "?start_date=2025-12-10&end_date=2025-12-12&timezone=UTC&bom=true");
  const firstGroup = page.locator("#timezone optgroup").first();
  await expect(firstGroup.locator("option")).toHaveText(["Los Angeles (UTC-08:00)", "UTC"]);
  await expect(page.getByLabel("Time zone")).toHaveValue("UTC");
  await expect(page.locator('#timezone optgroup[label="Europe"] option').first()).toContainText("Amsterdam");
  await expect(page.locator('#timezone option[value="US/Pacific"]')).toHaveCount(0);
  await expect(zoneText(page, "Europe/Berlin")).toHaveText("Berlin (UTC+01:00)");
  await page.getByLabel("From", { exact: true }).fill("2025-07-01");
  await expect(zoneText(page, "Europe/Berlin")).toHaveText("Berlin (UTC+02:00/+01:00)");

  const find = page.getByRole("searchbox", { name: "Find a city or an offset" });
  await find.fill("calcutta");
  await expect(page.getByText("1 found")).toBeVisible();
  await page.getByRole("button", { name: "Kolkata (UTC+05:30)" }).click();
  await expect(page.getByLabel("Time zone")).toHaveValue("Asia/Kolkata");
  await expect(page.getByLabel("Time zone")).toBeFocused();
  await expect(page).toHaveURL(/timezone=Asia%2FKolkata/);
  await find.fill("são p");
  await expect(page.getByText("1 found")).toBeVisible();
  // Enter chooses the first one, and starts no export.
  await find.press("Enter");
  await expect(page.getByLabel("Time zone")).toHaveValue("America/Sao_Paulo");
  await expect(page.getByRole("list", { name: "Running exports" })).toBeHidden();
  await find.fill("atlantis");
  await expect(page.getByText("None found.")).toBeVisible();
  expect((await new AxeBuilder({ page }).include(".zone-search").analyze()).violations).toEqual([]);
  await find.press("Escape");
  await expect(page.getByText("None found.")).toBeHidden();
});

test("an old name of a time zone in the address is kept, and is offered while it is selected", async ({ page }) => {
  await open(page, "?start_date=2025-12-10&end_date=2025-12-10&timezone=US/Pacific&bom=true");
  await expect(page.getByLabel("Time zone")).toHaveValue("US/Pacific");
  await expect(zoneText(page, "US/Pacific")).toHaveText("US/Pacific (UTC-08:00)");
  await page.getByLabel("Time zone").selectOption("Asia/Tokyo");
  await expect(page).toHaveURL(/timezone=Asia%2FTokyo/);
  await page.goBack();
  await expect(page.getByLabel("Time zone")).toHaveValue("US/Pacific");
});

test.describe("a browser that names its time zone by an alias", () => {
  test.use({ timezoneId: "Asia/Calcutta" });

  test("gets the canonical name", async ({ page, context }) => {
    await context.clearCookies({ name: "timezone" });
    await page.goto("/settings");
    await expect(page.getByLabel("Time zone")).toHaveValue("Asia/Kolkata");
    await expect(page.locator("#timezone optgroup").first().locator("option").first()).toHaveText("Kolkata (UTC+05:30)");
  });
});

test("cameras show their number of events in the range, and all search results can be selected", async ({ page }) => {
  await open(page, "?start_date=2025-12-10&end_date=2025-12-12&timezone=UTC&bom=true");
  await page.locator(".picker summary").click();
  const row = (name: string) => page.locator(".picker li").filter({ hasText: name });
  const garage = run("export", "--start-date", "2025-12-10", "--end-date", "2025-12-12", "--camera-id", await cameraId(page, "Garage"));
  await expect(row("Garage").locator(".picker__count")).toHaveText(`${rows(garage).length} events`);
  const search = page.getByLabel("Search cameras");
  await search.fill("GAR");
  await expect(page.getByText("2 cameras found")).toBeVisible();
  await expect(row("Front Door")).toBeHidden();
  // Enter in the search field starts no export.
  await search.press("Enter");
  await expect(page.getByRole("list", { name: "Running exports" })).toBeHidden();
  await page.getByRole("button", { name: "Select all" }).click();
  await expect(page.locator(".picker summary")).toHaveText("2 of 8 cameras");
  await search.fill("");
  await page.getByRole("checkbox", { name: "All Cameras" }).check();
  await expect(page.locator(".picker summary")).toHaveText("All Cameras (8)");
  await page.mouse.click(5, 400);
  await expect(search).toBeHidden();
});

test("the preview shows the first rows of the file", async ({ page }) => {
  await open(page, "?start_date=2025-12-10&end_date=2025-12-12&timezone=Europe/Berlin&bom=true");
  const shown = await preview(page).getByRole("region", { name: "First rows of the file" }).locator("tbody tr").evaluateAll((lines) => lines.map((line) => [...line.children].map((cell) => cell.textContent)));
  const file = run("export", "--start-date", "2025-12-10", "--end-date", "2025-12-12", "--timezone", "Europe/Berlin");
  const unquoted = (cell: string) => cell.replace(/^"|"$/g, "").replaceAll('""', '"');
  expect(shown).toEqual(rows(file).slice(0, 10).map((line) => (line.match(/("([^"]|"")*"|[^,]*)(,|$)/g) ?? []).slice(0, 10).map((cell) => unquoted(cell.replace(/,$/, "")))));
});

test("few days are shown by the hour and few cameras in colours, and the chart narrows to hours", async ({ page }) => {
  await page.goto("/settings");
  const ids = await Promise.all(["Front Door", "Garage"].map((name) => cameraId(page, name)));
  const query = new URLSearchParams([["start_date", "2025-12-14"], ["end_date", "2025-12-15"], ...ids.map((id) => ["camera_id", id]), ["timezone", "UTC"]]);
  await page.goto(`/settings?${query}`);
  await expect(page.locator("body[data-hydrated]")).toBeAttached();
  const chart = preview(page).getByRole("slider");
  await expect(chart).toHaveAccessibleName(/^Events per hour\./);
  // The legend names each camera, and the table has a column for each.
  const legend = preview(page).locator(".legend li");
  await expect(legend).toHaveText([/^Front Door \d+$/, /^Garage \d+$/]);
  await preview(page).getByText("As a table").click();
  const table = preview(page).getByRole("region", { name: "As a table" });
  await expect(table.getByRole("columnheader")).toHaveText(["Hours", "Events", "Front Door", "Garage"]);
  const exported = run("export", "--start-date", "2025-12-14", "--end-date", "2025-12-15", "--camera-id", ids[0]).toString().trimEnd().split("\r\n").length - 1;
  await expect(legend.first().locator("b")).toHaveText(String(exported));
  // Each colour has a contrast of 3 to the card, also in the dark.
  const contrasts = await preview(page).locator(".chart path").evaluateAll((paths) => {
    const luminance = (color: string) => {
      const [red, green, blue] = color.match(/[\d.]+/g)!.slice(0, 3).map((part) => {
        const share = Number(part) / 255;
        return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const card = luminance(getComputedStyle(paths[0].closest(".card")!).backgroundColor);
    return paths.map((path) => {
      const [dark, light] = [card, luminance(getComputedStyle(path).fill)].sort((one, other) => one - other);
      return (light + 0.05) / (dark + 0.05);
    });
  });
  expect(contrasts).toHaveLength(2);
  for (const contrast of contrasts) expect(contrast).toBeGreaterThanOrEqual(3);
  // The keyboard selects two hours.
  await chart.focus();
  await page.keyboard.press("Home");
  await page.keyboard.press("Shift+ArrowRight");
  const text = (await chart.getAttribute("aria-valuetext"))!;
  expect(text).toMatch(/^14 Dec 2025, \d\d:00 – \d\d:00: \d+ events?$/);
  await page.keyboard.press("Enter");
  await expect(page.getByLabel("Times of day")).toBeChecked();
  await expect(page.getByLabel("From", { exact: true })).toHaveValue(`2025-12-14T${text.slice(13, 18)}`);
  await expect(preview(page).locator("dd").first()).toHaveText(/(\d+) events?$/.exec(text)![1]);
});

test("the chart can be read and narrowed with mouse and keyboard", async ({ page }) => {
  await open(page, "?start_date=2025-12-01&end_date=2025-12-10&timezone=UTC&bom=true");
  const chart = preview(page).getByRole("slider");
  await chart.evaluate((element) => element.scrollIntoView({ block: "center" }));
  const box = (await chart.boundingBox())!;
  const bar = (number: number) => [box.x + (box.width * (number + 0.5)) / 10, box.y + 50] as const;
  await page.mouse.move(...bar(2));
  await expect(preview(page).locator(".chart__message")).toHaveText(/^3 Dec 2025: \d+ events$/);
  await page.mouse.down();
  await page.mouse.move(...bar(5));
  await expect(preview(page).locator(".chart__message")).toHaveText(/^3 Dec 2025 – 6 Dec 2025: \d+ events$/);
  await page.mouse.up();
  await expect(page.getByLabel("From", { exact: true })).toHaveValue("2025-12-03");
  await expect(page.getByLabel("To", { exact: true })).toHaveValue("2025-12-06");
  await expect(chart).toHaveAttribute("aria-valuemax", "3");
  await chart.focus();
  await page.keyboard.press("End");
  await expect(chart).toHaveAttribute("aria-valuetext", /^6 Dec 2025: \d+ events$/);
  await page.keyboard.press("Shift+ArrowLeft");
  await expect(chart).toHaveAttribute("aria-valuetext", /^5 Dec 2025 – 6 Dec 2025: \d+ events$/);
  await page.keyboard.press("Enter");
  await expect(page.getByLabel("From", { exact: true })).toHaveValue("2025-12-05");
});

test("the dates zoom out, and back to those before", async ({ page }) => {
  await open(page, "?start_date=2025-12-03&end_date=2025-12-06&timezone=UTC&bom=true");
  const [from, to] = [page.getByLabel("From", { exact: true }), page.getByLabel("To", { exact: true })];
  const out = preview(page).getByRole("button", { name: "Zoom out" });
  const back = preview(page).getByRole("button", { name: "Dates before" });
  await expect(out).toBeEnabled();
  await expect(back).toBeDisabled();
  await out.click();
  await expect(from).toHaveValue("2025-12-01");
  await expect(to).toHaveValue("2025-12-08");
  await expect(page).toHaveURL(/start_date=2025-12-01&end_date=2025-12-08/);
  await back.click();
  await expect(from).toHaveValue("2025-12-03");
  await expect(to).toHaveValue("2025-12-06");
  await expect(back).toBeDisabled();
  // A relative range is widened as the days that it has now, and comes back as the relative range.
  await page.getByRole("button", { name: "Last month" }).click();
  await expect(page).toHaveURL(/start_date=last-month/);
  await out.click();
  await expect(page).not.toHaveURL(/last-month/);
  await back.click();
  await expect(page).toHaveURL(/start_date=last-month&end_date=last-month/);
});

test("three exports run at once, a fourth cannot start, and leaving the page warns", async ({ page }) => {
  await open(page);
  let release = () => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  await page.route("**/motion-events/export?*", async (route) => {
    await held;
    await route.continue();
  });
  const jobs = page.getByRole("list", { name: "Running exports" }).getByRole("listitem");
  for (const [number, date] of ["2025-12-01", "2025-12-02", "2025-12-03"].entries()) {
    await page.getByLabel("From", { exact: true }).fill(date);
    await exportButton(page).click();
    await expect(jobs).toHaveCount(number + 1);
    await expect(exportButton(page)).toBeDisabled();
  }
  await page.getByLabel("From", { exact: true }).fill("2025-12-04");
  await expect(exportButton(page)).toBeDisabled();
  // The focus moves to the export button, so pressing the key twice cancels only one export.
  await jobs.first().getByRole("button", { name: "Cancel" }).focus();
  await page.keyboard.press("Enter");
  await expect(jobs).toHaveCount(2);
  await expect(exportButton(page)).toBeFocused();
  await expect(jobs.first()).toContainText("2 Dec 2025");
  await page.getByLabel("From", { exact: true }).fill("2025-12-01");
  await exportButton(page).click();
  await expect(jobs).toHaveCount(3);
  const opening = page.waitForEvent("dialog");
  const leaving = page.close({ runBeforeUnload: true });
  const dialog = await opening;
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

test("the buttons of running exports do not move when another export ends", async ({ page }) => {
  await open(page);
  const held = new Map<string, () => void>();
  await page.route("**/motion-events/export?*", async (route) => {
    await new Promise<void>((resolve) => held.set(new URL(route.request().url()).searchParams.get("start_date")!, resolve));
    await route.continue();
  });
  const jobs = page.getByRole("list", { name: "Running exports" }).getByRole("listitem");
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
  // A new export takes the position of one that has ended.
  await page.getByLabel("From", { exact: true }).fill("2025-12-08");
  await exportButton(page).click();
  await expect(jobs).toHaveText([/8 Dec 2025/, /7 Dec 2025/]);
  // If the focused export ends, the focus moves to the export button.
  await cancel("7 Dec 2025").focus();
  held.get(days[2])!();
  await expect(jobs).toHaveText([/8 Dec 2025/]);
  await page.getByLabel("From", { exact: true }).fill("2025-12-09");
  await cancel("8 Dec 2025").click();
  await expect(jobs).toHaveCount(0);
  await expect(exportButton(page)).toBeFocused();
});

test.describe("exports beside each other", () => {
  // The browser logs the request that the test breaks.
  test.use({ expectedMessages: [/net::ERR_FAILED/] });

  test("share one toast and a list, and screen readers hear each once", async ({ page }) => {
    await open(page);
    const held = new Map<string, () => void>();
    await page.route("**/motion-events/export?*", async (route) => {
      const day = new URL(route.request().url()).searchParams.get("start_date")!;
      await new Promise<void>((resolve) => held.set(day, resolve));
      await (day === "2025-12-11" ? route.abort() : route.continue());
    });
    // Everything that a live region says.
    await page.evaluate(() => {
      const heard: string[] = Object.assign(window, { heard: [] as string[] }).heard;
      new MutationObserver((changes) => {
        for (const { target } of changes) {
          const region = (target instanceof Element ? target : target.parentElement)?.closest("[role=status], [role=alert]");
          if (region?.textContent) heard.push(region.textContent);
        }
      }).observe(document.body, { subtree: true, childList: true, characterData: true });
    });
    const days = ["2025-12-10", "2025-12-11", "2025-12-14"];
    for (const day of days) {
      await page.getByLabel("From", { exact: true }).fill(day);
      await exportButton(page).click();
      await expect.poll(() => held.has(day)).toBe(true);
    }
    const toasts = page.locator(".toast");
    const ended = page.locator(".outcomes");
    held.get("2025-12-10")!();
    await expect(toasts).toContainText("motion-events-2025-12-10-latest.csv");
    await expect(ended).toBeHidden();
    held.get("2025-12-11")!();
    await expect(toasts).toContainText("1 of 2 complete. The list of ended exports has the details.");
    held.get("2025-12-14")!();
    await expect(toasts).toContainText("2 of 3 complete.");
    await expect(toasts).toHaveCount(1);
    // Its details are in the list.
    await expect(ended.getByRole("listitem")).toHaveText([
      /^from 10 Dec 2025.*Export complete. motion-events-2025-12-10-latest\.csv/,
      /^from 11 Dec 2025.*Export failed. The server could not be reached/,
      /^from 14 Dec 2025.*Export complete. motion-events-2025-12-14-latest\.csv/,
    ]);
    await waitForAnimations(toasts);
    expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
    // The list of recent exports, which any tab keeps up to date, has all of them by now, and says nothing about them.
    const recent = page.getByRole("region", { name: "Recent exports" });
    await expect(recent.getByRole("listitem").filter({ hasText: "from 14 Dec 2025" }).first()).toContainText("Complete");
    await expect(page.locator(".jobs")).toBeHidden();
    const heard = await page.evaluate(() => (window as unknown as { heard: string[] }).heard);
    for (const day of ["10 Dec 2025", "14 Dec 2025"]) {
      const said = [...new Set(heard)].filter((text) => text.includes(`from ${day}`) && /omplete/.test(text));
      expect(said).toEqual([expect.stringMatching(/^from .*Export complete\. motion-events-/)]);
    }
    // The next export begins a new list.
    await page.getByLabel("From", { exact: true }).fill("2025-12-15");
    await exportButton(page).click();
    await expect(ended).toBeHidden();
    await expect(toasts).toHaveCount(0);
    await page.getByRole("list", { name: "Running exports" }).getByRole("button", { name: "Cancel" }).click();
  });
});

test("a double click on the button creates one file", async ({ page }) => {
  await open(page);
  let requests = 0;
  page.on("request", (request) => (requests += Number(request.url().includes("/motion-events/export?"))));
  await page.getByLabel("From", { exact: true }).fill("2030-01-02");
  await expect(preview(page)).toContainText("no events");
  await exportButton(page).click();
  await expect(page.locator(".toast--success")).toBeVisible();
  // The second click of a double click, arriving after the export has completed.
  await exportButton(page).dispatchEvent("click", { detail: 2 });
  await page.getByRole("button", { name: "Dismiss" }).click();
  await expect(page.locator(".toast--success")).toHaveCount(0);
  expect(requests).toBe(1);
});

test.describe("an unknown file size", () => {
  test.use({ expectedMessages: [/Failed to load resource/] });

  test("a failed preview makes the export write to disk, and a pending one is awaited", async ({ page }) => {
    await page.addInitScript(() => {
      Object.assign(window, {
        showSaveFilePicker: async ({ suggestedName }: { suggestedName: string }) => {
          document.title = `picker opened for ${suggestedName}`;
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
    await expect(page.getByRole("list", { name: "Running exports" })).toBeVisible();
    answer();
    await downloading;
    await expect(page).not.toHaveTitle(/picker opened/);
    await page.getByLabel("From", { exact: true }).fill("2025-12-13");
    await expect(preview(page)).toContainText("Couldn't load the preview");
    await exportButton(page).click();
    await expect(page.locator(".toast--success").first()).toContainText("motion-events-2025-12-13-latest.csv");
    await expect(page).toHaveTitle("picker opened for motion-events-2025-12-13-latest.csv");
    // The preview is tried again when the window gets the focus.
    await page.unroute(/api\/v1\/preview.*2025-12-13/);
    await page.evaluate(() => window.dispatchEvent(new Event("focus")));
    await expect(preview(page)).toContainText("13 Dec 2025");
  });
});

test("a large file is written directly to disk if the browser can, and exists only when it is complete", async ({ page }) => {
  // A test cannot answer the browser's file dialog. The page's private file system has the same interface.
  await page.addInitScript(() => {
    Object.assign(window, {
      showSaveFilePicker: async ({ suggestedName }: { suggestedName: string }) =>
        (await navigator.storage.getDirectory()).getFileHandle(suggestedName, { create: true }),
    });
  });
  await mockFileSize(page, 200_000_000);
  await open(page);
  await page.getByLabel("From", { exact: true }).fill("2025-12-01");
  await expect(preview(page)).toContainText("200.0 MB");
  const saved = () =>
    page.evaluate(async () => {
      const folder = await navigator.storage.getDirectory();
      const file = await folder.getFileHandle("motion-events-2025-12-01-latest.csv").catch(() => null);
      return file && (await file.getFile()).text();
    });
  // A cancelled export leaves no file.
  let release = () => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  await page.route("**/api/v1/exports/*", async (route) => {
    await held;
    await route.continue();
  });
  await exportButton(page).click();
  await expect(page.locator(".job output")).toHaveText(/^[1-9][\d,]* of [\d,]+ events|^Checking/);
  await page.locator(".job").getByRole("button", { name: "Cancel" }).click();
  release();
  await expect(page.locator(".toast--info")).toContainText("No file was saved.");
  expect(await saved()).toBeNull();
  await exportButton(page).click();
  await expect(page.locator(".toast--success")).toContainText("motion-events-2025-12-01-latest.csv");
  const file = run("export", "--start-date", "2025-12-01", "--timezone", "America/Los_Angeles", "--bom");
  expect(`\uFEFF${await saved()}`).toBe(file.toString());
});

test("a file that is too large for the page goes to the browser's downloads, and the page follows its record", async ({ page }) => {
  const day = ownDay("2025-06-20");
  await page.addInitScript(() => Object.assign(window, { showSaveFilePicker: undefined }));
  await mockFileSize(page, 2_000_000_000);
  await open(page);
  await page.getByLabel("From", { exact: true }).fill(day);
  await expect(preview(page)).toContainText("2.0 GB");
  const downloading = page.waitForEvent("download");
  await exportButton(page).click();
  const file = run("export", "--start-date", day, "--timezone", "America/Los_Angeles", "--bom");
  expectSame(await bytes(await downloading), file);
  await expect(page.locator(".toast--success")).toContainText(`The server has sent the whole file: ${rows(file).length}`.replace(/(\d)(\d{3})$/, "$1,$2"));
});

test("two downloads of the same selection at once are not mistaken for each other", async ({ page }) => {
  await page.addInitScript(() => Object.assign(window, { showSaveFilePicker: undefined }));
  await mockFileSize(page, 2_000_000_000);
  // Every record appears twice, as if another tab had started the same export.
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

test("a toast stays while the pointer is over it or it has the focus", async ({ page }) => {
  await page.clock.install({ time: new Date(NOW) });
  await page.goto("/settings");
  await page.clock.runFor(1_000);
  await expect(page.locator("body[data-hydrated]")).toBeAttached();
  const downloading = page.waitForEvent("download");
  await exportButton(page).click();
  await downloading;
  const toast = page.locator(".toast--success");
  await expect(toast).toBeVisible();
  // Waits until it has slid in.
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

test("snippets for other tools fetch the selection", async ({ page, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const token = run("token", "create", "admin", "snippets").toString().match(/mexp_\w+/)![0];
  await open(page, "?start_date=2025-12-10&end_date=2025-12-12&timezone=Europe/Berlin&bom=true");
  await page.getByText("Use in other tools").click();
  // The address alone has no placeholder.
  const tools = page.locator(".use-from");
  await expect(tools).toContainText("Send one of your access tokens with it");
  await expect(tools).not.toContainText("YOUR_TOKEN");
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

  // tests/integration/snippets.rs runs these snippets.
  expect(await copied("Python (pandas)")).toContain(`"${ADDRESS}/api/v1/motion-events/export?`);
  expect(await copied("Python (polars)")).toContain("pl.read_csv(");
  expect(await copied("DuckDB")).toContain("auto_detect = false");
});

test("the export page is in German from the calendar to the toast", async ({ page }) => {
  await page.context().addCookies([{ name: "language", value: "de", url: ADDRESS }]);
  await page.goto("/settings?start_date=2025-12-01&end_date=2025-12-16&timezone=UTC&bom=true");
  await expect(page.locator("body[data-hydrated]")).toBeAttached();
  await expect(page.getByRole("region", { name: "Vorschau" })).toContainText("1. Dez. 2025");
  await page.getByRole("button", { name: "Tage im Kalender wählen" }).click();
  const calendar = page.getByRole("dialog", { name: "Tage wählen" });
  await expect(calendar.getByRole("heading").last()).toHaveText("Dezember 2025");
  await expect(calendar.locator("[data-day='2025-12-10']")).toHaveAccessibleName(/^Mittwoch, 10\. Dez\. 2025, \d+ Ereignisse$/);
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "CSV exportieren" }).click();
  const toast = page.locator(".toast--success");
  await expect(toast).toContainText("Export abgeschlossen");
  await expect(toast).toContainText(/motion-events-2025-12-01-2025-12-16\.csv: \d+ Ereignisse, \d+,\d kB\. Die Datei stimmt mit dem Eintrag des Servers überein/);
});

test("events outside of the selected dates are selected with one click", async ({ page }) => {
  await page.goto("/settings?start_date=2001-01-01&end_date=2001-01-02&timezone=UTC");
  await expect(page.locator("body[data-hydrated]")).toBeAttached();
  const preview = page.locator(".preview");
  await expect(preview).toContainText("There are no events in this selection. There are events from");
  await preview.getByRole("link", { name: "Select them" }).click();
  await expect(page.getByLabel("To", { exact: true })).toHaveValue("2025-12-16");
  await expect(preview.locator(".tiles dd").first()).toHaveText("20,000");
  await expect(page).toHaveURL(/end_date=2025-12-16/);
});
