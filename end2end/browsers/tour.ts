// What is done in every browser: the main job, verification, history, calendar, "Copy link", and the layout at all widths.
// `make browsers` runs it in Firefox, WebKitGTK and Chromium.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";

import { expect, test as base } from "@playwright/test";

import { layoutProblems, PAGES, WIDTHS } from "../layout";
import { ADDRESS, ADMIN, PASSWORD, run } from "../server";
import { chromium } from "./chromium";
import type { Driver } from "./driver";
import { firefox } from "./firefox";
import { webkit } from "./webkit";

const LAUNCH = { chromium, firefox, webkit };

const test = base.extend<object, { driver: Driver }>({
  driver: [
    async ({}, use, { project }) => {
      const driver = await LAUNCH[project.name as keyof typeof LAUNCH]();
      await driver.resize(1280, 900);
      await driver.open(`${ADDRESS}/settings`);
      await driver.type("#name", ADMIN);
      await driver.type("#password", PASSWORD);
      await driver.press("Enter");
      // While the browser leaves a page, nothing can be evaluated in it.
      await expect(async () => expect(await driver.evaluate(() => location.pathname)).toBe("/settings")).toPass({ timeout: 30_000 });
      await hydrated(driver);
      await use(driver);
      await driver.close();
    },
    { scope: "worker", timeout: 120_000 },
  ],
});

test.afterEach(async ({ driver }, info) => {
  if (info.status !== info.expectedStatus) await driver.screenshot(info.outputPath("page.png"));
});

/** Waits until the page is hydrated. */
const hydrated = (driver: Driver) => expect.poll(() => driver.evaluate(() => !!document.querySelector("body[data-hydrated]"))).toBe(true);

async function open(driver: Driver, address: string): Promise<void> {
  await driver.open(ADDRESS + address);
  await hydrated(driver);
}

const text = (driver: Driver, selector: string) => driver.evaluate((selector) => document.querySelector<HTMLElement>(selector)?.innerText ?? "", selector);

const value = (driver: Driver, selector: string) => driver.evaluate((selector) => document.querySelector<HTMLInputElement>(selector)?.value ?? "", selector);

/** Sets a field of the page as a script does, for native pickers, which drivers cannot open. */
const set = (driver: Driver, selector: string, value: string) =>
  driver.evaluate(
    (selector, value) => {
      const field = document.querySelector<HTMLInputElement>(selector)!;
      field.value = value;
      field.dispatchEvent(new Event("input", { bubbles: true }));
      field.dispatchEvent(new Event("change", { bubbles: true }));
    },
    selector,
    value,
  );

/** Exports what is selected, and gives the path of the file that the browser saved. */
async function exported(driver: Driver): Promise<string> {
  const before = new Set(readdirSync(driver.downloads));
  const saved = () => readdirSync(driver.downloads).filter((name) => !before.has(name) && name.endsWith(".csv"));
  await driver.click(".export-button");
  await expect.poll(() => text(driver, ".toast"), { timeout: 30_000 }).toContain("Export complete");
  await expect.poll(saved, { timeout: 30_000 }).toHaveLength(1);
  return path.join(driver.downloads, saved()[0]!);
}

const sha256 = (file: Buffer) => createHash("sha256").update(file).digest("hex");

test("a selection is exported, verified, and in the history", async ({ driver }) => {
  await open(driver, "/settings");
  await set(driver, "#start-date", "2025-12-01");
  await set(driver, "#end-date", "2025-12-03");
  await set(driver, "#timezone", "Europe/Berlin");
  await expect.poll(() => driver.evaluate(() => location.search)).toContain("start_date=2025-12-01");
  const file = await exported(driver);
  const asked = ["--start-date", "2025-12-01", "--end-date", "2025-12-03", "--timezone", "Europe/Berlin", "--bom"];
  await expect.poll(() => readFileSync(file).length).toBe(run("export", ...asked).length);
  const digest = sha256(readFileSync(file));
  expect(digest).toBe(sha256(run("export", ...asked)));

  await open(driver, "/settings/verify");
  await driver.upload("input[type=file]", file);
  await expect.poll(() => text(driver, "main")).toContain("is complete and unchanged");
  expect(await value(driver, "#file")).toContain(path.basename(file));

  await open(driver, "/settings/exports");
  const row = await driver.evaluate((digest) => document.querySelector<HTMLInputElement>(`input[value="${digest}"]`)?.closest("tr")?.textContent ?? "", digest);
  expect(row).toContain("Complete");
});

test("the calendar is opened, moved in by keys, and sets the dates", async ({ driver }) => {
  await open(driver, "/settings?start_date=2025-11-05&end_date=2025-11-20");
  await driver.click(".date-range__open");
  await expect.poll(() => driver.evaluate(() => document.activeElement?.classList.contains("day"))).toBe(true);
  await driver.press("Escape");
  await expect.poll(() => driver.evaluate(() => !!document.querySelector(".calendar"))).toBe(false);
  await driver.click(".date-range__open");
  await expect.poll(() => driver.evaluate(() => document.activeElement?.classList.contains("day"))).toBe(true);
  const focused = await driver.evaluate(() => document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent);
  await driver.press("ArrowRight");
  await expect.poll(() => driver.evaluate(() => document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent)).not.toBe(focused);
  await driver.press("Enter");
  await driver.press("ArrowDown");
  await driver.press("Enter");
  await expect.poll(() => driver.evaluate(() => !!document.querySelector(".calendar"))).toBe(false);
  const [start, end] = [await value(driver, "#start-date"), await value(driver, "#end-date")];
  expect(Date.parse(end) - Date.parse(start)).toBe(7 * 86_400_000);
});

test("“Copy link” copies a link that exports without a sign-in", async ({ driver }) => {
  await open(driver, "/settings?start_date=2025-12-01&timezone=Europe/Berlin");
  await driver.click(".use-from > summary");
  await driver.click(".copyable > button");
  await expect.poll(() => text(driver, ".use-from .stack")).toMatch(/link/i);
  await expect.poll(() => value(driver, "#signed-link")).toContain("/export?");
  expect(await text(driver, ".use-from .stack")).toContain("Link copied");
  const answer = await fetch(await value(driver, "#signed-link"));
  expect(answer.status).toBe(200);
  expect(sha256(Buffer.from(await answer.arrayBuffer()))).toBe(sha256(run("export", "--start-date", "2025-12-01", "--timezone", "Europe/Berlin")));
});

test("buttons, fields and toasts have the typeface of the page", async ({ driver }) => {
  await open(driver, "/settings");
  const other = await driver.evaluate(() => {
    const family = getComputedStyle(document.querySelector("h1")!).fontFamily;
    const elements = [...document.querySelectorAll("button, input, select, .toasts *")];
    return elements.filter((element) => getComputedStyle(element).fontFamily !== family).map((element) => element.className || element.id);
  });
  expect(other).toEqual([]);
});

for (const language of ["en", "de"]) {
  for (const page of PAGES) {
    test(`nothing overflows, overlaps or is cut at any width of ${page} in ${language}`, async ({ driver }) => {
      await open(driver, "/settings");
      await driver.evaluate((language) => void (document.cookie = `language=${language}; path=/`), language);
      await driver.open(ADDRESS + page);
      expect(await driver.evaluate(() => document.documentElement.lang)).toBe(language);
      if (["/settings", "/settings/exports", "/settings/verify"].includes(page)) await hydrated(driver);
      const problems: Record<number, string[]> = {};
      for (const width of WIDTHS.filter((width) => width >= driver.narrowest)) {
        await driver.resize(width, 900);
        const found = await driver.evaluate(layoutProblems);
        if (found.length > 0) problems[width] = found;
      }
      await driver.resize(1280, 900);
      await driver.evaluate(() => void (document.cookie = "language=en; path=/"));
      expect(problems).toEqual({});
    });
  }
}
