// Exporting with script: the test cases of the specification's P6-4.2 that are not in page.spec.ts, and failures of
// exports.
import http from "node:http";
import type { AddressInfo } from "node:net";

import type { Page } from "@playwright/test";

import { ADDRESS, NOW, run } from "./server";
import { bytes, cameraId, chooseCameras, expect, expectSame, exportButton, test } from "./test";

async function open(page: Page, address = ""): Promise<void> {
  await page.goto(`${address}/settings`);
  await expect(page.locator("body[data-hydrated]")).toBeAttached();
  // The browser's own zone is filled in after hydration.
  await expect(page.getByLabel("Time zone")).toHaveValue("America/Los_Angeles");
}

/** Holds the response of the export until the returned function is called. */
async function hold(page: Page): Promise<() => void> {
  let release = () => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  await page.route("**/motion-events/export?*", async (route) => {
    await held;
    await route.continue();
  });
  return release;
}

/** Collects the names of the files that the page saves. */
function downloads(page: Page): string[] {
  const names: string[] = [];
  page.on("download", (download) => names.push(download.suggestedFilename()));
  return names;
}

/** A proxy that modifies the files of exports, and ends their responses as if they were complete. */
async function startTamperingProxy(tamper: (file: Buffer) => Buffer) {
  const server = http.createServer((request, response) => {
    const { method, headers } = request;
    const isExport = request.url!.includes("/export?");
    if (isExport) delete headers["accept-encoding"];
    http.get(new URL(request.url!, ADDRESS), { method, headers }, (answer) => {
      response.writeHead(answer.statusCode!, answer.headers);
      if (!isExport) return answer.pipe(response);
      const chunks: Buffer[] = [];
      answer.on("data", (chunk: Buffer) => chunks.push(chunk));
      answer.on("end", () => response.end(tamper(Buffer.concat(chunks))));
    });
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close };
}

/** A proxy that stops in the middle of an export's file, and calls `inMidFile` with the client's response. */
async function startProxy(inMidFile: (response: http.ServerResponse) => void) {
  const disconnects: Promise<void>[] = [];
  const server = http.createServer((request, response) => {
    const { method, headers } = request;
    const upstream = http.get(new URL(request.url!, ADDRESS), { method, headers }, (answer) => {
      response.writeHead(answer.statusCode!, answer.headers);
      let bytes = 0;
      answer.on("data", (chunk: Buffer) => {
        response.write(chunk);
        bytes += chunk.length;
        if (!request.url!.includes("/export?") || bytes < 100_000) return;
        answer.pause();
        disconnects.push(new Promise((resolve) => response.on("close", resolve)));
        inMidFile(response);
      });
      answer.on("end", () => response.end());
    });
    // If a client disconnects before the response, Node reports an error for the request to the server.
    upstream.on("error", () => response.destroy());
    response.on("close", () => upstream.destroy());
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** Resolves when the client has disconnected from every stopped export. */
    clientDisconnected: () => Promise.all(disconnects),
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

test("Date range picker works", async ({ page }) => {
  await page.clock.setFixedTime(new Date(NOW));
  await open(page);
  const [from, to] = [page.getByLabel("From", { exact: true }), page.getByLabel("To", { exact: true })];
  const preset = (name: string) => page.getByRole("button", { name, exact: true });
  await expect(preset("Everything")).toHaveAttribute("aria-pressed", "true");
  for (const [name, first, last] of [
    ["Today", "2025-12-16", "2025-12-16"],
    ["Yesterday", "2025-12-15", "2025-12-15"],
    ["Last 24 hours", "2025-12-15T04:00", ""],
    ["Last 7 days", "2025-12-10", "2025-12-16"],
    ["Last 30 days", "2025-11-17", "2025-12-16"],
    ["This month", "2025-12-01", "2025-12-16"],
    ["Last month", "2025-11-01", "2025-11-30"],
    ["This year", "2025-01-01", "2025-12-16"],
    ["Everything", "", ""],
  ]) {
    await preset(name).click();
    await expect(from).toHaveValue(first);
    await expect(to).toHaveValue(last);
    await expect(page.locator(".date-range [aria-pressed=true]")).toHaveText(name);
  }
  // An hour before midnight in Los Angeles, the next day has begun in Tokyo.
  await page.clock.setFixedTime(new Date("2025-12-17T07:00:00Z"));
  await preset("Today").click();
  await expect(from).toHaveValue("2025-12-16");
  await page.getByLabel("Time zone").selectOption("Asia/Tokyo");
  await expect(from).toHaveValue("2025-12-17");
  await expect(page).toHaveURL(/start_date=today&end_date=today/);
  // After a date is typed, no preset is pressed.
  await from.fill("2025-12-03");
  await expect(page.locator(".date-range [aria-pressed=true]")).toHaveCount(0);
});

test("Click triggers download", async ({ page }) => {
  await open(page);
  await page.getByLabel("From", { exact: true }).fill("2025-11-30");
  await page.getByLabel("To", { exact: true }).fill("2025-12-15");
  await chooseCameras(page, "Küche");
  const camera = await cameraId(page, "Küche");
  const downloading = page.waitForEvent("download");
  await exportButton(page).click();
  const download = await downloading;
  expect(download.suggestedFilename()).toBe("motion-events-2025-11-30-2025-12-15.csv");
  const expected = run("export", "--start-date", "2025-11-30", "--end-date", "2025-12-15", "--camera-id", camera, "--timezone", "America/Los_Angeles", "--bom");
  expect(expected.length).toBeGreaterThan(10_000);
  expectSame(await bytes(download), expected);
});

test("the file has no byte-order mark if Excel-compatible is off", async ({ page }) => {
  await open(page);
  await page.getByLabel("Excel-compatible").uncheck({ force: true });
  const downloading = page.waitForEvent("download");
  await exportButton(page).click();
  expectSame(await bytes(await downloading), run("export", "--timezone", "America/Los_Angeles"));
});

test("Loading spinner during export and disabled state while loading", async ({ page }) => {
  await open(page);
  const release = await hold(page);
  const spinner = exportButton(page).getByRole("progressbar");
  const bar = page.getByRole("progressbar", { name: "Export: Everything, all cameras" });
  await expect(page.getByText("20,000", { exact: true })).toBeVisible();
  await expect(spinner).toHaveCount(0);
  await expect(bar).toHaveCount(0);
  await exportButton(page).click();
  await expect(spinner).toBeVisible();
  await expect(bar).toBeVisible();
  await expect(exportButton(page)).toBeDisabled();
  await expect(exportButton(page)).toHaveAttribute("disabled");
  await expect(page.locator(".job output")).toHaveText(/^0 of 20,000 events, 0 bytes/);
  await expect(page.locator(".job").getByRole("button", { name: "Cancel" })).toBeVisible();
  const downloading = page.waitForEvent("download");
  release();
  await downloading;
  await expect(spinner).toHaveCount(0);
  await expect(bar).toHaveCount(0);
  await expect(exportButton(page)).toBeEnabled();
});

test("Success toast on completion", async ({ page }) => {
  await open(page);
  await page.getByLabel("To", { exact: true }).fill("2025-12-15");
  await exportButton(page).click();
  const toast = page.locator(".toast--success");
  await expect(toast).toContainText("Export complete");
  await expect(toast).toContainText(
    /motion-events-earliest-2025-12-15\.csv: 19,\d+ events, \d+\.\d MB\. It matches the server's record\. SHA-256 [0-9a-f]{8}…/,
  );
  await expect(page.getByRole("status").filter({ hasText: "Export complete. motion-events-earliest-2025-12-15.csv" })).toHaveCount(1);
  await toast.getByRole("button", { name: "Dismiss" }).click();
  await expect(toast).toHaveCount(0);
});

test.describe("failures", () => {
  test.use({ expectedMessages: [/Failed to load resource/] });

  test("Error toast on failure: it shows the server's message, the form is unchanged, and nothing is saved", async ({ page }) => {
    await open(page);
    const saved = downloads(page);
    await page.getByLabel("From", { exact: true }).fill("2025-12-01");
    // A camera that no longer exists.
    await page.goto(`/settings?start_date=2025-12-01&camera_id=long-gone&timezone=UTC`);
    await expect(page.locator("body[data-hydrated]")).toBeAttached();
    await exportButton(page).click();
    const toast = page.locator(".toast--error");
    await expect(toast).toContainText("Export failed");
    await expect(toast).toContainText("There is no camera “long-gone”.");
    await expect(page.getByRole("alert")).toContainText("There is no camera “long-gone”.");
    await expect(exportButton(page)).toBeEnabled();
    await expect(page.getByLabel("From", { exact: true })).toHaveValue("2025-12-01");
    await expect(page.locator(".picker summary")).toHaveText("long-gone (no longer exists)");
    expect(saved).toEqual([]);
  });

  test("an ended session shows an error with a link to the sign-in, and the form is unchanged", async ({ page }) => {
    await open(page);
    const saved = downloads(page);
    await page.getByLabel("From", { exact: true }).fill("2025-12-01");
    await page.context().clearCookies();
    await exportButton(page).click();
    const toast = page.locator(".toast--error");
    await expect(toast).toContainText("You are signed out");
    await expect(toast.getByRole("link", { name: "Sign in in a new tab" })).toHaveAttribute("href", /^\/login\?next=%2Fsettings/);
    await expect(page.getByLabel("From", { exact: true })).toHaveValue("2025-12-01");
    expect(saved).toEqual([]);
  });

  test("a device without a network shows an error, and exports once it is back", async ({ page }) => {
    await open(page);
    const saved = downloads(page);
    // While the size of the file is unknown, the page asks where to save it.
    await expect(page.getByRole("region", { name: "Preview" })).toContainText("20,000");
    await page.context().setOffline(true);
    await exportButton(page).click();
    await expect(page.locator(".toast--error")).toContainText("This device is offline, so nothing was saved.");
    await page.context().setOffline(false);
    const downloading = page.waitForEvent("download");
    await exportButton(page).click();
    await downloading;
    expect(saved).toEqual(["motion-events-all.csv"]);
  });

  test("a connection that breaks during an export saves nothing", async ({ page }) => {
    const proxy = await startProxy((response) => response.destroy());
    try {
      await open(page, proxy.address);
      const saved = downloads(page);
      await exportButton(page).click();
      // Whether the server noticed in time and recorded it or not: the reader is the client.
      await expect(page.locator(".toast--error")).toContainText(
        "The connection to the server was lost before the file was complete, so nothing was saved. Check the network connection, then export again.",
      );
      await expect(exportButton(page)).toBeEnabled();
      expect(saved).toEqual([]);
    } finally {
      proxy.close();
    }
  });
});

for (const [change, tamper, message] of [
  ["truncated after a row", (file: Buffer) => file.subarray(0, file.lastIndexOf("\n", 100_000) + 1), /events \(\d+ bytes\) arrived, but the server sent 20,000 /],
  ["with a changed digit", (file: Buffer) => Buffer.from(file.toString().replace("MOG2", "MOG3")), /the SHA-256 differs/],
  ["with an additional row", (file: Buffer) => Buffer.concat([file, file.subarray(file.lastIndexOf("\n", -2) + 1)]), /20,001 events/],
] as const) {
  test(`a file ${change} whose response ends normally shows an error and is not saved`, async ({ page }) => {
    const proxy = await startTamperingProxy(tamper);
    try {
      await open(page, proxy.address);
      const saved = downloads(page);
      await exportButton(page).click();
      const toast = page.locator(".toast--error");
      await expect(toast).toContainText("What arrived is not the file that the server sent, so nothing was saved");
      await expect(toast).toContainText(message);
      expect(saved).toEqual([]);
    } finally {
      proxy.close();
    }
  });
}

test.describe("a record that cannot be loaded", () => {
  test.use({ expectedMessages: [/Failed to load resource/] });

  test("shows an error, and the unverified file is not saved", async ({ page }) => {
    await open(page);
    const saved = downloads(page);
    await page.route("**/api/v1/exports/*", (route) => route.abort());
    await exportButton(page).click();
    await expect(page.locator(".toast--error")).toContainText("did not answer the check that it is complete");
    expect(saved).toEqual([]);
  });
});

test("the preview is shown before the export, and updated when the selection changes", async ({ page }) => {
  await open(page);
  const preview = page.getByRole("region", { name: "Preview" });
  await expect(preview).toContainText("20,000");
  await expect(preview).toContainText(/Estimated size\s*\d\.\d MB/);
  await expect(preview.getByRole("slider", { name: /^Events per period\. Most: / })).toBeVisible();
  await page.getByLabel("From", { exact: true }).fill("2025-12-07");
  await page.getByLabel("To", { exact: true }).fill("2025-12-11");
  const file = run("export", "--start-date", "2025-12-07", "--end-date", "2025-12-11", "--timezone", "America/Los_Angeles");
  await expect(preview.locator("dd").first()).toHaveText(String(file.toString().split("\n").length - 2));
  await expect(preview.getByRole("slider", { name: /^Events per day\. Most: \d+ Dec 2025: \d+ events\.$/ })).toBeVisible();
  await page.getByLabel("From", { exact: true }).fill("2030-01-01");
  await expect(preview).toContainText("“From” must not be after “To”.");
  await page.getByLabel("To", { exact: true }).fill("2030-01-02");
  await expect(preview).toContainText("There are no events in this selection.");
});

test("the preview of the previous selection is cancelled", async ({ page }) => {
  await open(page);
  const preview = page.getByRole("region", { name: "Preview" });
  await expect(preview).toContainText("20,000");
  let cancelled = 0;
  page.on("requestfailed", (request) => (cancelled += Number(/api\/v1\/preview.*2025-12-10/.test(request.url()))));
  await page.route(/api\/v1\/preview.*2025-12-10/, () => {});
  const request = page.waitForRequest(/api\/v1\/preview.*2025-12-10/);
  await page.getByLabel("From", { exact: true }).fill("2025-12-10");
  await request;
  await page.getByLabel("From", { exact: true }).fill("2025-12-11");
  await expect(preview).toContainText("11 Dec 2025");
  expect(cancelled).toBe(1);
});

test("dates in the wrong order show an error at once, and again when exporting", async ({ page }) => {
  await open(page);
  const saved = downloads(page);
  await page.getByLabel("From", { exact: true }).fill("2025-12-02");
  await page.getByLabel("To", { exact: true }).fill("2025-12-01");
  await expect(page.getByLabel("From", { exact: true })).toHaveAttribute("aria-invalid", "true");
  await expect(page.getByLabel("From", { exact: true })).toHaveAccessibleDescription("“From” must not be after “To”.");
  await exportButton(page).click();
  await expect(page.locator(".toast--error")).toContainText("The export cannot start");
  await page.getByLabel("To", { exact: true }).fill("2025-12-03");
  await expect(page.getByLabel("From", { exact: true })).not.toHaveAttribute("aria-invalid");
  expect(saved).toEqual([]);
});

test("Cancel before the response begins saves nothing", async ({ page }) => {
  await open(page);
  const saved = downloads(page);
  const release = await hold(page);
  await exportButton(page).click();
  await page.locator(".job").getByRole("button", { name: "Cancel" }).click();
  await expect(page.locator(".toast--info")).toContainText("Export cancelled");
  await expect(exportButton(page)).toBeEnabled();
  release();
  expect(saved).toEqual([]);
});

test("Cancel during the file disconnects from the server and saves nothing", async ({ page }) => {
  const proxy = await startProxy(() => {});
  try {
    await open(page, proxy.address);
    const saved = downloads(page);
    await exportButton(page).click();
    await expect(page.locator(".job output")).toHaveText(/^[1-9][\d,]* (of 20,000 )?events, \d+\.\d kB/);
    await page.locator(".job").getByRole("button", { name: "Cancel" }).click();
    await expect(page.locator(".toast--info")).toContainText("Export cancelled");
    await proxy.clientDisconnected();
    await expect(exportButton(page)).toBeEnabled();
    expect(saved).toEqual([]);
  } finally {
    proxy.close();
  }
});

test("a selection without events shows a message", async ({ page }) => {
  await open(page);
  await page.getByLabel("From", { exact: true }).fill("2030-01-01");
  const downloading = page.waitForEvent("download");
  await exportButton(page).click();
  expect((await bytes(await downloading)).length).toBe(82);
  await expect(page.locator(".toast--success")).toContainText("This selection has no events");
});

test("the program's name links to the settings", async ({ page }) => {
  await open(page);
  await page.getByRole("link", { name: "Motion Export" }).click();
  await expect(page).toHaveURL(/\/settings$/);
  await expect(page.getByRole("heading", { name: "Data Export" })).toBeVisible();
});

test("the export page works with only the keyboard", async ({ page }) => {
  await open(page);
  const press = async (...keys: string[]) => {
    for (const key of keys) await page.keyboard.press(key);
  };
  await page.getByLabel("From", { exact: true }).focus();
  await press("1", "2", "0", "1", "2", "0", "2", "5");
  await expect(page.getByLabel("From", { exact: true })).toHaveValue(/2025-(12-01|01-12)/);
  await page.getByRole("button", { name: "Choose dates in a calendar" }).focus();
  await press("Enter");
  await expect(page.getByRole("dialog")).toBeVisible();
  await press("Escape");
  await expect(page.getByRole("button", { name: "Choose dates in a calendar" })).toBeFocused();
  await page.locator(".picker summary").focus();
  await press("Enter", "Tab");
  await expect(page.getByLabel("Search cameras")).toBeFocused();
  await page.keyboard.type("küch");
  await expect(page.getByText("1 camera found")).toBeVisible();
  await page.getByRole("checkbox", { name: "Küche" }).focus();
  await press("Space", "Escape");
  await expect(page.locator(".picker summary")).toBeFocused();
  await expect(page.locator(".picker summary")).toHaveText("Küche");
  await page.getByLabel("Excel-compatible").focus();
  await press("Tab");
  await expect(page.getByLabel("Date column")).toBeFocused();
  await exportButton(page).focus();
  const downloading = page.waitForEvent("download");
  await press("Enter");
  await downloading;
  await expect(exportButton(page)).toBeFocused();
});
