// The test function of all specs: a page that says anything on its console, or throws, fails its test.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

import { test as base, type Download, expect, type Locator, type Page } from "@playwright/test";

type Fixtures = {
  /** Messages that a test expects; a browser logs every answer with a status of 400 or more by itself. */
  expectedMessages: RegExp[];
};

export const test = base.extend<Fixtures>({
  expectedMessages: [[], { option: true }],
  page: async ({ page, expectedMessages }, use) => {
    const messages: string[] = [];
    page.on("console", (message) => messages.push(`${message.type()}: ${message.text()}`));
    page.on("pageerror", (error) => messages.push(`thrown: ${error.message}`));
    await use(page);
    // What the page still asked for at the end of its test is nobody's business any more.
    await page.unrouteAll({ behavior: "ignoreErrors" });
    expect(messages.filter((message) => !expectedMessages.some((expected) => expected.test(message)))).toEqual([]);
  },
});

export { expect };

/** What makes the file. */
export const exportButton = (page: Page): Locator => page.getByRole("button", { name: "Export CSV" });

/** Chooses cameras by their names, with script and without. */
export async function chooseCameras(page: Page, ...names: string[]): Promise<void> {
  const cameras = page.locator(".picker");
  await cameras.locator("summary").click();
  for (const name of names) await cameras.getByRole("checkbox", { name }).check();
  await cameras.locator("summary").press("Escape");
  // Without script the key does nothing, and what is unfolded lies over what is below it.
  if (await cameras.evaluate((details: HTMLDetailsElement) => details.open)) await cameras.locator("summary").click();
}

/** The id of a camera. */
export async function cameraId(page: Page, name: string): Promise<string> {
  // Also while they are not unfolded.
  return page.locator(".picker li").filter({ hasText: name }).locator("input").inputValue();
}

/** Waits until a toast has slid in: half-way, its colours are not those that one sees. */
export async function settled(toast: Locator): Promise<void> {
  await expect(async () => {
    const opacities = await toast.evaluate((element) => {
      const chain = [];
      for (let at: Element | null = element; at; at = at.parentElement) chain.push(getComputedStyle(at).opacity);
      return [...new Set(chain), document.getAnimations().length];
    });
    expect(opacities).toEqual(["1", 0]);
  }).toPass();
}

/** Compares files by what tells them apart: to show where two large ones differ takes longer than a test may. */
export function expectSame(file: Buffer, expected: Buffer): void {
  const told = (bytes: Buffer) => `${bytes.length} bytes, SHA-256 ${createHash("sha256").update(bytes).digest("hex")}`;
  expect(told(file)).toBe(told(expected));
}

/** The bytes of a file that the page saved. */
export async function bytes(download: Download): Promise<Buffer> {
  return readFileSync(await download.path());
}

/** Whether the window is as narrow as a phone's. */
export function isNarrow(page: Page): boolean {
  return (page.viewportSize()?.width ?? 0) <= 760;
}

/**
 * A day on or before this one, another in each project, repetition and retry: these run at the same time, and as the same
 * person. No other test may export from one of the days before.
 */
export function ownDay(date: string): string {
  const projects = ["desktop", "phone", "dark"];
  const { project, repeatEachIndex, retry } = test.info();
  // There are retries in CI only, which repeats nothing.
  const days = projects.indexOf(project.name) + projects.length * (repeatEachIndex + retry);
  return new Date(Date.parse(date) - 86_400_000 * days).toISOString().slice(0, 10);
}
