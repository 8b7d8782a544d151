// Measures what is promised in seconds, and prints a table. No duration is asserted, because another machine or a busy one
// has others; a step that does not end fails by the timeout of the test.
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { expect, test } from "@playwright/test";
import puppeteer, { type Browser, type CookieData, type Page } from "puppeteer-core";

import { ADDRESS, ADMIN, CHROMIUM, PASSWORD, run } from "../server";
import { SlowExport } from "../slow-export";

/** A line of the browser's network tools: bits per second, and the milliseconds of a round trip. The processor is slowed down too. */
const LINES = {
  "no limit": undefined,
  "slow 4G": { down: 1_600_000, up: 750_000, latency: 150, processor: 4 },
  "3G": { down: 400_000, up: 400_000, latency: 400, processor: 4 },
};

let browser: Browser;
let cookies: CookieData[];
/** What was measured, by condition. */
const table: Record<string, Record<string, string>> = {};

function note(what: string, condition: string, milliseconds: number): void {
  (table[what] ??= {})[condition] = `${(milliseconds / 1_000).toFixed(2)} s`;
}

test.beforeAll(async () => {
  browser = await puppeteer.launch({
    executablePath: CHROMIUM,
    args: ["--no-sandbox", "--disable-quic", "--disable-background-networking", "--disable-component-update", "--lang=en-US"],
    downloadBehavior: { policy: "allow", downloadPath: mkdtempSync(path.join(tmpdir(), "seconds-")) },
  });
  const page = await browser.newPage();
  await page.goto(`${ADDRESS}/login`);
  await page.type("#name", ADMIN);
  await page.type("#password", PASSWORD);
  await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
  cookies = (await browser.defaultBrowserContext().cookies()) as CookieData[];
  await page.close();
});

test.afterAll(async () => {
  console.table(table);
  await browser.close();
});

/** Opens a page of a browser that has nothing in its cache. */
async function firstVisit(line: keyof typeof LINES): Promise<Page> {
  const context = await browser.createBrowserContext({ downloadBehavior: { policy: "allow", downloadPath: mkdtempSync(path.join(tmpdir(), "seconds-")) } });
  await context.setCookie(...cookies);
  const page = await context.newPage();
  await page.setViewport({ width: 1280, height: 900 });
  const limits = LINES[line];
  if (limits) {
    const session = await page.createCDPSession();
    const { down, up, latency, processor } = limits;
    await session.send("Network.enable");
    await session.send("Network.emulateNetworkConditions", { offline: false, latency, downloadThroughput: down / 8, uploadThroughput: up / 8 });
    await session.send("Emulation.setCPUThrottlingRate", { rate: processor });
  }
  // The native picker is not a part of the page, and cannot be seen by a script.
  await page.evaluateOnNewDocument(() => {
    HTMLInputElement.prototype.showPicker = () => void (document.documentElement.dataset.picker = "");
  });
  return page;
}

const now = (page: Page) => page.evaluate(() => performance.now());

for (const line of Object.keys(LINES) as (keyof typeof LINES)[]) {
  test(`a first visit, ${line}`, async () => {
    let page = await firstVisit(line);
    let visit = page.goto(`${ADDRESS}/settings`);
    await page.waitForSelector("[name=preset][value=last-7-days]", { visible: true });
    await page.click("[name=preset][value=last-7-days]");
    await page.waitForFunction(() => !!document.querySelector<HTMLInputElement>("#start-date")?.value);
    note("preset sets dates", line, await now(page));
    await visit;
    note("first paint", line, await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? NaN));
    await page.waitForSelector("body[data-hydrated]");
    note("hydrated", line, await now(page));
    await page.browserContext().close();

    page = await firstVisit(line);
    visit = page.goto(`${ADDRESS}/settings`);
    await page.waitForSelector(".date-range__open", { visible: true });
    await page.click(".date-range__open");
    await page.waitForFunction(() => "picker" in document.documentElement.dataset || !!document.querySelector(".calendar"));
    note("calendar's button opens a picker", line, await now(page));
    await visit;
    await page.browserContext().close();

    page = await firstVisit(line);
    visit = page.goto(`${ADDRESS}/settings`);
    await page.waitForSelector(".export-button", { visible: true });
    const exported = page.waitForResponse((response) => response.url().includes("/export?"));
    await page.click(".export-button");
    await exported;
    note("export answers", line, await now(page).catch(() => NaN));
    await visit.catch(() => {});
    await page.browserContext().close();
  });
}

test("exports and their list", async () => {
  const here = (what: string, begin: number) => note(what, "no limit", Date.now() - begin);
  const page = await firstVisit("no limit");
  await page.goto(`${ADDRESS}/settings`);
  await page.waitForSelector("body[data-hydrated]");

  let begin = Date.now();
  await page.click(".export-button");
  await page.waitForSelector(".toast--success");
  here("20,000 events exported and checked", begin);

  await page.goto(`${ADDRESS}/settings?start_date=2025-12-16`);
  await page.waitForSelector("body[data-hydrated]");
  begin = Date.now();
  await page.click("[name=preset][value=all]");
  await page.waitForFunction(() => document.querySelector(".tiles dd")?.textContent === "20,000");
  here("preview of a year", begin);

  const token = run("token", "create", ADMIN, "seconds").toString().match(/mexp_\w+/)![0];
  await page.goto(`${ADDRESS}/settings/exports`);
  await page.waitForSelector("body[data-hydrated]");
  const listed = (id: string) => page.waitForSelector(`tr[data-export="${id}"]`);
  begin = Date.now();
  const slow = await SlowExport.start(token, "timezone=Africa/Nairobi");
  await page.waitForSelector(".newer");
  here("a script's export is announced in the history", begin);
  await page.goto(`${ADDRESS}/settings/exports`);
  await page.waitForSelector("body[data-hydrated]");
  await listed(slow.id);
  begin = Date.now();
  await page.click(`tr[data-export="${slow.id}"] button[name=export]`);
  await page.waitForFunction((id) => !document.querySelector(`tr[data-export="${id}"] .state--running`), {}, slow.id);
  here("cancelled in the history", begin);
  slow.hurry();
  expect(await slow.ended).toBe(false);
  here("the cancelled export's connection is broken", begin);
  await page.browserContext().close();
});
