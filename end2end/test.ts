// The test function of all specs. A test fails if its page logs to the console or throws.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

import { test as base, type Download, expect, type Locator, type Page } from "@playwright/test";

type Fixtures = {
  /** Console messages that a test expects; the browser logs each response with a status of 400 or more. */
  expectedMessages: RegExp[];
};

export const test = base.extend<Fixtures>({
  expectedMessages: [[], { option: true }],
  page: async ({ page, expectedMessages }, use) => {
    const messages: string[] = [];
    page.on("console", (message) => messages.push(`${message.type()}: ${message.text()}`));
    page.on("pageerror", (error) => messages.push(`thrown: ${error.message}`));
    await use(page);
    // Requests that are still pending at the end of a test must not fail it.
    await page.unrouteAll({ behavior: "ignoreErrors" });
    // Chromium logs what it deletes when somebody signs out.
    expectedMessages = [...expectedMessages, /^info: Clear-Site-Data header on .*\/logout': Cleared data types: "cache"/];
    expect(messages.filter((message) => !expectedMessages.some((expected) => expected.test(message)))).toEqual([]);
  },
});

export { expect };

/** The button that starts an export. */
export const exportButton = (page: Page): Locator => page.getByRole("button", { name: "Export CSV" });

/** The page of one export. Its id is known only when the test runs: `addressOf` sets it. */
export const RECORD_PAGE = "/settings/exports/ID";

/** Returns the address of a page; if it is that of one export, it is that of one just made. */
export async function addressOf(page: Page, path: string): Promise<string> {
  if (path !== RECORD_PAGE) return path;
  const exported = await page.request.get("/api/v1/motion-events/export?start_date=2025-12-15&timezone=America/Argentina/ComodRivadavia");
  return path.replace("ID", exported.headers()["x-export-id"]);
}

/** Checks cameras by name, with and without script. */
export async function chooseCameras(page: Page, ...names: string[]): Promise<void> {
  const cameras = page.locator(".picker");
  await cameras.locator("summary").click();
  for (const name of names) await cameras.getByRole("checkbox", { name }).check();
  await cameras.locator("summary").press("Escape");
  // Without script the key has no effect, and the open list would cover the elements below it.
  if (await cameras.evaluate((details: HTMLDetailsElement) => details.open)) await cameras.locator("summary").click();
}

/** Returns the id of a camera. */
export async function cameraId(page: Page, name: string): Promise<string> {
  // Works while the list is closed too.
  return page.locator(".picker li").filter({ hasText: name }).locator("input").inputValue();
}

/** Waits until a toast has slid in, because its colours are different during the animation. */
export async function waitForAnimations(toast: Locator): Promise<void> {
  await expect(async () => {
    const opacities = await toast.evaluate((element) => {
      const chain = [];
      for (let at: Element | null = element; at; at = at.parentElement) chain.push(getComputedStyle(at).opacity);
      return [...new Set(chain), document.getAnimations().length];
    });
    expect(opacities).toEqual(["1", 0]);
  }).toPass();
}

/** Compares sizes and digests, because printing the difference of large files takes longer than a test may. */
export function expectSame(file: Buffer, expected: Buffer): void {
  const summary = (bytes: Buffer) => `${bytes.length} bytes, SHA-256 ${createHash("sha256").update(bytes).digest("hex")}`;
  expect(summary(file)).toBe(summary(expected));
}

/** Returns the contents of a file that the page saved. */
export async function bytes(download: Download): Promise<Buffer> {
  return readFileSync(await download.path());
}

/** Returns whether the window is as narrow as a phone's. */
export function isNarrow(page: Page): boolean {
  return (page.viewportSize()?.width ?? 0) <= 760;
}

/**
 * Returns a different day, on or before `date`, for each project, repetition and retry, because these run at the same
 * time as the same user. No other test may export one of the days before `date`.
 */
export function ownDay(date: string): string {
  const projects = ["desktop", "phone", "dark"];
  const { project, repeatEachIndex, retry } = test.info();
  // Retries exist only in CI, which uses no repetitions.
  const days = projects.indexOf(project.name) + projects.length * (repeatEachIndex + retry);
  return new Date(Date.parse(date) - 86_400_000 * days).toISOString().slice(0, 10);
}

/** Returns a day as the pages show it in English: `1 Dec 2025`. */
export function shownDay(date: string): string {
  const [year, month, day] = date.split("-").map(Number);
  return `${day} ${["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"][month - 1]} ${year}`;
}
