// The server under test is the debug build, with made-up events that are the same each time, in a folder of its own.
import { defineConfig, devices } from "@playwright/test";

import { SLOWNESS } from "./slowness";
import { ADDRESS, prepareDatabase, SERVER, serverEnvironment, SESSION } from "./server";

// This file is loaded by every worker as well; the database is made by the first to come, before the server starts.
if (process.env.TEST_WORKER_INDEX === undefined) prepareDatabase();

const chromium = {
  ...devices["Desktop Chrome"],
  launchOptions: {
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    // As root there is no sandbox. The rest keeps Chromium from looking for Google, which a test machine may not reach.
    args: ["--no-sandbox", "--disable-quic", "--disable-background-networking", "--disable-component-update"],
  },
};

/** Of no project with script. */
const notScripted = /(noscript|screenshots)\.spec\.ts|\.setup\.ts/;

export default defineConfig({
  testDir: ".",
  forbidOnly: !!process.env.CI,
  fullyParallel: true,
  // One that passes at its second try is told as flaky, and is to be mended all the same.
  retries: process.env.CI ? 1 : 0,
  workers: 2,
  timeout: 60_000 * SLOWNESS,
  expect: { timeout: 15_000 * SLOWNESS },
  reporter: [["list"]],
  use: { baseURL: ADDRESS, timezoneId: "America/Los_Angeles", locale: "en-GB", trace: "retain-on-failure" },
  webServer: {
    command: `${SERVER} serve --listen ${new URL(ADDRESS).host}`,
    cwd: "..",
    env: serverEnvironment,
    url: `${ADDRESS}/healthz`,
    timeout: 60_000 * SLOWNESS,
  },
  projects: [
    { name: "session", use: chromium, testMatch: /session\.setup\.ts/ },
    ...[
      { name: "desktop", use: chromium, testIgnore: notScripted },
      { name: "phone", use: { ...chromium, viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true }, testIgnore: notScripted },
      { name: "dark", use: { ...chromium, colorScheme: "dark" as const }, testIgnore: notScripted },
      // What the other specs do with script, noscript.spec.ts does without.
      { name: "no script", use: { ...chromium, javaScriptEnabled: false }, testMatch: /(noscript|page|accounts|languages)\.spec\.ts/ },
      ...(process.env.SCREENSHOTS ? [{ name: "screenshots", use: chromium, testMatch: /screenshots\.spec\.ts/ }] : []),
    ].map((project, index) => ({
      ...project,
      use: {
        ...project.use,
        storageState: SESSION,
        // Each project comes from an address of its own, so that one that is fast is not taken for somebody who guesses.
        extraHTTPHeaders: { "X-Forwarded-For": `198.51.100.${index + 1}` },
      },
      dependencies: ["session"],
    })),
  ],
});
