// Debian's Firefox, over WebDriver BiDi.
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import puppeteer from "puppeteer-core";

import type { Driver } from "./driver";
import { pageDriver } from "./puppeteer";

export async function firefox(): Promise<Driver> {
  const downloads = mkdtempSync(path.join(tmpdir(), "firefox-downloads-"));
  const browser = await puppeteer.launch({
    browser: "firefox",
    executablePath: process.env.FIREFOX ?? "/usr/bin/firefox-esr",
    extraPrefsFirefox: {
      "browser.download.folderList": 2,
      "browser.download.dir": downloads,
      "browser.download.alwaysOpenPanel": false,
      "intl.accept_languages": "en-US",
    },
  });
  return pageDriver(browser, downloads);
}
