// The date fields and the calendar, with mouse, keyboard and touch.
import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";

import { NOW } from "./server";
import { expect, exportButton, isNarrow, test } from "./test";

const calendar = (page: Page) => page.getByRole("dialog", { name: "Choose dates" });
const day = (page: Page, date: string) => calendar(page).locator(`[data-day="${date}"]`);
const opener = (page: Page) => page.getByRole("button", { name: "Choose dates in a calendar" });

async function open(page: Page, query = ""): Promise<void> {
  await page.clock.setFixedTime(new Date(NOW));
  await page.goto(`/settings${query}`);
  await expect(page.locator("body[data-hydrated]")).toBeAttached();
  await expect(page.getByLabel("Time zone")).toHaveValue("America/Los_Angeles");
  await opener(page).click();
  await expect(calendar(page)).toBeVisible();
}

async function expectSelection(page: Page, first: string, last: string): Promise<void> {
  await expect(calendar(page)).toHaveCount(0);
  await expect(page.getByLabel("From", { exact: true })).toHaveValue(first);
  await expect(page.getByLabel("To", { exact: true })).toHaveValue(last);
  await expect(opener(page)).toBeFocused();
}

test("two clicks select a range in either order, and the focus returns to the button", async ({ page }) => {
  await open(page);
  await expect(calendar(page).getByRole("heading")).toHaveText(isNarrow(page) ? ["December 2025"] : ["November 2025", "December 2025"]);
  await expect(day(page, "2025-12-16")).toHaveAttribute("aria-current", "date");
  await expect(day(page, "2025-12-10")).toHaveAccessibleName(/^Wednesday, 10 Dec 2025, \d+ events$/);
  await expect(calendar(page)).toContainText(/There are events from 16 Dec 2024 to 16 Dec 2025/);
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  await day(page, "2025-12-05").click();
  await expect(calendar(page).getByRole("status")).toHaveText("From 5 Dec 2025. Now choose the last day.");
  if (isNarrow(page)) await calendar(page).getByRole("button", { name: "Previous month" }).click();
  await day(page, "2025-11-28").hover();
  await expect(calendar(page).locator("[aria-selected=true]")).toHaveCount(isNarrow(page) ? 3 : 8);
  await day(page, "2025-11-28").click();
  await expectSelection(page, "2025-11-28", "2025-12-05");
  await opener(page).click();
  await expect(calendar(page).locator("[aria-selected=true]")).toHaveCount(isNarrow(page) ? 5 : 8);
  await calendar(page).getByRole("button", { name: "Last 7 days" }).click();
  await expectSelection(page, "2025-12-10", "2025-12-16");
});

test("a drag selects a range", async ({ page }) => {
  await open(page);
  await day(page, "2025-12-02").hover();
  await page.mouse.down();
  await day(page, "2025-12-04").hover();
  await expect(calendar(page).locator("[aria-selected=true]")).toHaveCount(3);
  await day(page, "2025-12-09").hover();
  await page.mouse.up();
  await expectSelection(page, "2025-12-02", "2025-12-09");
});

test("keys move the focus as in the ARIA Authoring Practices, and Escape changes nothing", async ({ page }) => {
  await open(page, "?start_date=2025-12-03&end_date=2025-12-10&timezone=America/Los_Angeles&bom=true");
  const at = (date: string) => expect(day(page, date)).toBeFocused();
  await at("2025-12-10");
  for (const [key, date] of [
    ["ArrowLeft", "2025-12-09"],
    ["ArrowUp", "2025-12-02"],
    ["ArrowRight", "2025-12-03"],
    ["ArrowDown", "2025-12-10"],
    ["Home", "2025-12-08"],
    ["End", "2025-12-14"],
    ["PageUp", "2025-11-14"],
    ["PageUp", "2025-10-14"],
    ["Shift+PageUp", "2024-10-14"],
    ["Shift+PageDown", "2025-10-14"],
    ["PageDown", "2025-11-14"],
  ]) {
    await page.keyboard.press(key);
    await at(date);
  }
  // The grid has one Tab stop, and Tab cycles within the dialog.
  await expect(calendar(page).locator("[data-day][tabindex='0']")).toHaveCount(1);
  await page.keyboard.press("Tab");
  await expect(calendar(page).getByRole("button", { name: "Close" })).toBeFocused();
  await page.keyboard.press("Tab");
  await expect(calendar(page).getByRole("button", { name: "Today", exact: true })).toBeFocused();
  await page.keyboard.press("Shift+Tab");
  await expect(calendar(page).getByRole("button", { name: "Close" })).toBeFocused();
  await page.keyboard.press("Shift+Tab");
  await at("2025-11-14");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Escape");
  await expectSelection(page, "2025-12-03", "2025-12-10");
  await page.keyboard.press("Enter");
  await at("2025-12-10");
  await page.keyboard.press("Space");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Enter");
  await expectSelection(page, "2025-12-03", "2025-12-10");
});

test("a date can be typed over, even if it is invalid until it is complete", async ({ page }) => {
  await page.goto("/settings?start_date=2025-12-31&timezone=America/Los_Angeles&bom=true");
  await expect(page.locator("body[data-hydrated]")).toBeAttached();
  const from = page.getByLabel("From", { exact: true });
  await from.focus();
  // There is no 31 November.
  await page.keyboard.type("11");
  await expect(from).toHaveValue("");
  await expect(page.getByRole("region", { name: "Preview" })).toContainText("20,000");
  // Until the date is complete, the browser reports it as invalid, and nothing is exported.
  await exportButton(page).click();
  expect(await from.evaluate((input: HTMLInputElement) => input.validity.badInput)).toBe(true);
  await expect(page.getByRole("list", { name: "Running exports" })).toBeHidden();
  await from.focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.type("30");
  await expect(from).toHaveValue("2025-11-30");
  await expect(page).toHaveURL(/start_date=2025-11-30/);
  // A preset clears a partly typed date.
  await from.focus();
  await page.keyboard.press("Delete");
  await expect(from).toHaveValue("");
  await page.getByRole("button", { name: "Everything", exact: true }).click();
  expect(await from.evaluate((input: HTMLInputElement) => input.validity.badInput)).toBe(false);
});

test("a month's button keeps the focus when it is pressed repeatedly with the keyboard", async ({ page }) => {
  await open(page);
  const next = calendar(page).getByRole("button", { name: "Next month" });
  await next.focus();
  for (const month of ["January", "February", "March"]) {
    await page.keyboard.press("Enter");
    await expect(calendar(page).getByRole("heading").last()).toHaveText(`${month} 2026`);
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    await expect(next).toBeFocused();
  }
  // The Tab stop of the grid moves with the month.
  await expect(calendar(page).locator("[data-day][tabindex='0']")).toHaveAttribute("data-day", "2026-03-16");
  // A click beside the controls keeps the focus in the dialog.
  await calendar(page).getByRole("columnheader").last().click();
  await page.keyboard.press("Escape");
  await expectSelection(page, "", "");
});

test("buttons change month and year, and a click outside closes the calendar", async ({ page }) => {
  await open(page);
  await calendar(page).getByRole("button", { name: "Previous month" }).click();
  const first = isNarrow(page) ? "November" : "October";
  await expect(calendar(page).getByRole("heading").first()).toHaveText(`${first} 2025`);
  await calendar(page).getByRole("button", { name: "Next year" }).click();
  await expect(calendar(page).getByRole("heading").first()).toHaveText(`${first} 2026`);
  await page.mouse.click(5, 5);
  await expectSelection(page, "", "");
});

test("controls do not move when counts load, when a message appears, or when the month changes", async ({ page }) => {
  let release = () => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  await page.route("**/api/v1/preview?*", async (route) => {
    await held;
    await route.continue();
  });
  await open(page);
  const buttons = ["Previous year", "Previous month", "Next month", "Next year", "Close", "Everything"];
  const targets = buttons.map((name) => calendar(page).getByRole("button", { name }));
  const positions = () => Promise.all([...targets, day(page, "2025-12-17")].map((target) => target.boundingBox()));
  const before = await positions();
  await day(page, "2025-12-01").click();
  await expect(calendar(page).getByRole("status")).toContainText("Now choose the last day.");
  expect(await positions()).toEqual(before);
  release();
  await expect(calendar(page)).toContainText("There are events from");
  expect(await positions()).toEqual(before);
  // These include months of four, five and six weeks.
  for (let months = 1; months <= 12; months++) {
    await calendar(page).getByRole("button", { name: "Next month" }).click();
    expect(await Promise.all(targets.map((target) => target.boundingBox()))).toEqual(before.slice(0, -1));
  }
});

test("a key that is pressed before the calendar is painted goes to the calendar", async ({ page }) => {
  await open(page);
  await calendar(page).getByRole("button", { name: "Close" }).click();
  await page.evaluate(() => {
    window.requestAnimationFrame = () => 0;
  });
  await opener(page).click();
  await page.keyboard.press("Escape");
  await expect(calendar(page)).toHaveCount(0);
  await expect(opener(page)).toBeFocused();
});

test("a double click on the button opens the calendar and does not close it", async ({ page }) => {
  await open(page);
  await page.keyboard.press("Escape");
  await expect(calendar(page)).toHaveCount(0);
  await opener(page).dblclick();
  // Waits for the effects of the clicks.
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  await expect(calendar(page)).toBeVisible();
});

test("a preset stays relative, in the address and after midnight", async ({ page }) => {
  await open(page);
  await calendar(page).getByRole("button", { name: "Last 7 days" }).click();
  const chip = page.locator(".date-range").getByRole("button", { name: "Last 7 days" });
  const to = page.getByLabel("To", { exact: true });
  await expect(chip).toHaveAttribute("aria-pressed", "true");
  await expect(to).toHaveValue("2025-12-16");
  await page.clock.setFixedTime(new Date(Date.parse(NOW) + 86_400_000));
  await page.evaluate(() => window.dispatchEvent(new Event("focus")));
  await expect(to).toHaveValue("2025-12-17");
  await expect(chip).toHaveAttribute("aria-pressed", "true");
  await expect(page).toHaveURL(/start_date=-6d&end_date=today/);
  // A typed date makes the other one fixed too.
  await page.getByLabel("From", { exact: true }).fill("2025-12-01");
  await expect(chip).toHaveAttribute("aria-pressed", "false");
  await expect(page).toHaveURL(/start_date=2025-12-01&end_date=2025-12-17/);
});

test("dates get times of day, which select a part of a day", async ({ page }) => {
  await page.goto("/settings?start_date=2025-12-10&end_date=2025-12-11&timezone=UTC");
  await expect(page.locator("[data-hydrated]")).toHaveCount(1);
  const [from, to] = [page.getByLabel("From", { exact: true }), page.getByLabel("To", { exact: true })];
  await page.getByLabel("Times of day").check();
  await expect(from).toHaveValue("2025-12-10T00:00");
  await expect(to).toHaveValue("2025-12-12T00:00");
  await from.fill("2025-12-10T08:30");
  await expect(page).toHaveURL(/start_date=2025-12-10T08%3A30&end_date=2025-12-12T00%3A00/);
  await page.reload();
  await expect(from).toHaveValue("2025-12-10T08:30");
  await page.getByLabel("Times of day").uncheck();
  await expect(from).toHaveValue("2025-12-10");
  await expect(to).toHaveValue("2025-12-11");
});

for (const [locale, first] of [
  ["en-US", "Sun"],
  ["en-GB", "Mon"],
]) {
  test.describe(locale, () => {
    test.use({ locale });

    test("weeks begin on the locale's first day", async ({ page }) => {
      await open(page);
      await expect(calendar(page).getByRole("columnheader").first()).toHaveText(first);
      await expect(calendar(page).getByRole("heading").last()).toHaveText("December 2025");
    });
  });
}

test.describe("on a phone", () => {
  test.use({ viewport: { width: 360, height: 740 }, hasTouch: true });

  test("one month is shown, and taps or a swipe select a range", async ({ page }) => {
    await open(page);
    await expect(calendar(page).getByRole("heading")).toHaveText(["December 2025"]);
    await day(page, "2025-12-01").tap();
    await day(page, "2025-12-03").tap();
    await expectSelection(page, "2025-12-01", "2025-12-03");
    await opener(page).tap();
    // Playwright's touchscreen can only tap. These are the events of a moving finger.
    const touch = await page.context().newCDPSession(page);
    const middle = async (date: string) => {
      const box = (await day(page, date).boundingBox())!;
      return [{ x: box.x + box.width / 2, y: box.y + box.height / 2 }];
    };
    await touch.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints: await middle("2025-12-09") });
    await touch.send("Input.dispatchTouchEvent", { type: "touchMove", touchPoints: await middle("2025-12-10") });
    await touch.send("Input.dispatchTouchEvent", { type: "touchMove", touchPoints: await middle("2025-12-17") });
    await touch.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
    await expectSelection(page, "2025-12-09", "2025-12-17");
  });
});
