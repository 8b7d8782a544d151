// Debian's Chromium, by the same driver as Firefox.
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import puppeteer from "puppeteer-core";

import { ADDRESS, CHROMIUM } from "../server";
import type { Driver } from "./driver";
import { pageDriver } from "./puppeteer";

export async function chromium(): Promise<Driver> {
  const downloads = mkdtempSync(path.join(tmpdir(), "chromium-downloads-"));
  const browser = await puppeteer.launch({
    executablePath: CHROMIUM,
    args: ["--no-sandbox", "--disable-quic", "--disable-background-networking", "--disable-component-update", "--lang=en-US"],
    downloadBehavior: { policy: "allow", downloadPath: downloads },
  });
  await browser.defaultBrowserContext().overridePermissions(ADDRESS, ["clipboard-write", "clipboard-sanitized-write"]);
  return pageDriver(browser, downloads);
}
