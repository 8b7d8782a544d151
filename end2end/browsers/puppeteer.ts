// Browsers that puppeteer drives.
import type { Browser, ElementHandle, KeyInput } from "puppeteer-core";

import type { Driver } from "./driver";

export async function pageDriver(browser: Browser, downloads: string): Promise<Driver> {
  const page = await browser.newPage();
  const find = async (selector: string) => (await page.waitForSelector(selector, { visible: true }))!;
  return {
    narrowest: 320,
    downloads,
    open: async (url) => void (await page.goto(url)),
    resize: (width, height) => page.setViewport({ width, height }),
    evaluate: (script, ...values) => page.evaluate(script as never, ...(values as unknown as never[])) as never,
    click: async (selector) => (await find(selector)).click(),
    type: async (selector, text) => {
      const field = await find(selector);
      await field.click({ count: 3 });
      await field.type(text);
    },
    press: (key) => page.keyboard.press(key as KeyInput),
    upload: async (selector, file) => {
      const field = (await page.$(selector)) as ElementHandle<HTMLInputElement> | null;
      await field!.uploadFile(file);
    },
    screenshot: async (file) => void (await page.screenshot({ path: file as `${string}.png`, fullPage: true })),
    close: () => browser.close(),
  };
}
