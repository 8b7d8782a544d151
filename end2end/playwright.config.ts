// The server under test is the debug build. It has its own folder, with generated events that are the same each time.
import { defineConfig, devices } from "@playwright/test";

import { SLOWNESS } from "./slowness";
import { ADDRESS, CHROMIUM, prepareDatabase, SESSION, webServer } from "./server";

// Every worker loads this file too. Only the main process creates the database, before the server starts.
if (process.env.TEST_WORKER_INDEX === undefined) prepareDatabase();

const chromium = {
  ...devices["Desktop Chrome"],
  launchOptions: {
    executablePath: CHROMIUM,
    // Chromium has no sandbox as root. The other flags stop requests to Google, which a test machine may not reach.
    args: ["--no-sandbox", "--disable-quic", "--disable-background-networking", "--disable-component-update"],
  },
};

/** Specs that the projects with script do not run. */
const notWithScript = /(noscript|screenshots)\.spec\.ts|\.setup\.ts/;

/** The desktop is enough: these set their own widths or colours, or are about connections, files and numbers of clicks. */
const once = /(widths|phone|home-network|languages|ends|excel-date|slow-line|sub-path|early-input|live|sources|stories)\.spec\.ts/;

export default defineConfig({
  testDir: ".",
  forbidOnly: !!process.env.CI,
  fullyParallel: true,
  // A test that passes only when it is retried is reported as flaky. It must be fixed nevertheless.
  retries: process.env.CI ? 1 : 0,
  workers: 2,
  timeout: 60_000 * SLOWNESS,
  expect: { timeout: 15_000 * SLOWNESS },
  reporter: [["list"]],
  use: { baseURL: ADDRESS, timezoneId: "America/Los_Angeles", locale: "en-GB", trace: process.env.CI ? "on-first-retry" : "retain-on-failure" },
  webServer,
  projects: [
    { name: "session", use: chromium, testMatch: /session\.setup\.ts/ },
    ...[
      { name: "desktop", use: chromium, testIgnore: notWithScript },
      { name: "phone", use: { ...chromium, viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true }, testIgnore: [notWithScript, once] },
      // What differs in the dark are the colours, so these are the tests of contrast and colours.
      { name: "dark", use: { ...chromium, colorScheme: "dark" as const }, testMatch: /(dates|history|hydration|selection)\.spec\.ts/, grep: /axe|colour/ },
      // noscript.spec.ts tests without script what the other specs test with it.
      { name: "no script", use: { ...chromium, javaScriptEnabled: false }, testMatch: /(noscript|page|accounts|crowd|languages|sources|sub-path)\.spec\.ts/ },
      ...(process.env.SCREENSHOTS ? [{ name: "screenshots", use: chromium, testMatch: /screenshots\.spec\.ts/ }] : []),
    ].map((project, index) => ({
      ...project,
      use: {
        ...project.use,
        storageState: SESSION,
        // Each project has its own address, because sign-ins from one address are rate-limited.
        extraHTTPHeaders: { "X-Forwarded-For": `198.51.100.${index + 1}` },
      },
      dependencies: ["session"],
    })),
  ],
});
