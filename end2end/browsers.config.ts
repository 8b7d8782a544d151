// `make browsers`: the same tours in Firefox, WebKitGTK and Chromium, and durations in Chromium, with the server of the other
// browser tests.
import { defineConfig } from "@playwright/test";

import { SLOWNESS } from "./slowness";
import { prepareDatabase, webServer } from "./server";

if (process.env.TEST_WORKER_INDEX === undefined) prepareDatabase();

export default defineConfig({
  testDir: "browsers",
  workers: 1,
  timeout: 120_000 * SLOWNESS,
  expect: { timeout: 15_000 * SLOWNESS },
  reporter: [["list"]],
  webServer,
  projects: [
    ...["firefox", "webkit", "chromium"].map((name) => ({ name, testMatch: /tour\.ts/ })),
    { name: "seconds", testMatch: /seconds\.ts/ },
  ],
});
