// The test function of all specs: a page that says anything on its console, or throws, fails its test.
import { readFileSync } from "node:fs";

import { test as base, type Download, expect, type Locator } from "@playwright/test";

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
    expect(messages.filter((message) => !expectedMessages.some((expected) => expected.test(message)))).toEqual([]);
  },
});

export { expect };

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

/** The bytes of a file that the page saved. */
export async function bytes(download: Download): Promise<Buffer> {
  return readFileSync(await download.path());
}
