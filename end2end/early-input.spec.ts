// Input before hydration is complete. It is not lost, and an export started meanwhile exports what the form shows.
import http from "node:http";
import type { AddressInfo } from "node:net";

import type { Page } from "@playwright/test";

import { ADDRESS, run } from "./server";
import { bytes, cameraId, chooseCameras, expect, expectSame, exportButton, test } from "./test";

test("input before hydration is kept", async ({ page }) => {
  let release = () => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  await page.route("**/*.wasm", async (route) => {
    await held;
    await route.continue();
  });
  await page.goto("/settings");
  await page.getByLabel("From", { exact: true }).fill("2025-12-15");
  await page.getByLabel("To", { exact: true }).fill("2025-12-15");
  await chooseCameras(page, "Garage");
  await page.getByLabel("Time zone").selectOption("Asia/Tokyo");
  await page.getByLabel("Excel-compatible").uncheck({ force: true });
  const camera = await cameraId(page, "Garage");
  release();
  await expect(page.locator("body[data-hydrated]")).toBeAttached();
  await expect(page.locator(".date-range [aria-pressed=true]")).toHaveCount(0);
  const downloading = page.waitForEvent("download");
  await exportButton(page).click();
  const expected = run("export", "--start-date", "2025-12-15", "--end-date", "2025-12-15", "--camera-id", camera, "--timezone", "Asia/Tokyo");
  expectSame(await bytes(await downloading), expected);
});

/** Holds the tasks of the page, so that a test decides when each part is hydrated. Each part has its own task. */
async function holdTasks(page: Page) {
  await page.addInitScript(() => {
    const tasks: (() => void)[] = [];
    const originalSetTimeout = window.setTimeout;
    const hold = (task: () => void, delay?: number, ...rest: unknown[]) => (delay ? originalSetTimeout(task, delay, ...rest) : tasks.push(task));
    Object.assign(window, { setTimeout: hold, runTask: () => tasks.shift()?.(), waiting: () => tasks.length });
  });
  const call = (name: string) => page.evaluate((name) => (window as unknown as Record<string, () => number>)[name](), name);
  return {
    /** Runs the next `count` tasks. */
    run: async (count: number) => {
      await expect.poll(() => call("waiting")).toBeGreaterThan(0);
      for (let task = 0; task < count; task++) await call("runTask");
    },
    /** Returns the number of held tasks. */
    waiting: () => call("waiting"),
    /** Runs all remaining tasks. */
    finish: async () => {
      while (await call("waiting")) await call("runTask");
      await expect(page.locator("body[data-hydrated]")).toBeAttached();
    },
  };
}

test("input between the hydration of any two parts is kept", async ({ page }) => {
  test.slow();
  const tasks = await holdTasks(page);
  for (let done = 1; ; done++) {
    await page.goto("/settings");
    await tasks.run(done);
    await page.getByLabel("From", { exact: true }).fill("2025-12-15");
    await page.getByLabel("To", { exact: true }).fill("2025-12-15");
    await page.getByLabel("Time zone").selectOption("Asia/Tokyo");
    await page.getByLabel("Excel-compatible").uncheck({ force: true });
    await page.locator(".picker li input:not([value=''])").first().evaluate((box: HTMLInputElement) => box.click());
    const wasHydrated = await page.locator("body[data-hydrated]").count();
    await tasks.finish();
    await expect(page).toHaveURL(/start_date=2025-12-15&end_date=2025-12-15&camera_id=[^&]+&timezone=Asia%2FTokyo$/);
    if (wasHydrated) {
      expect(done).toBeGreaterThan(8);
      break;
    }
  }
});

test("input that one part takes over changes other parts only after their hydration", async ({ page }) => {
  const tasks = await holdTasks(page);
  await page.goto("/settings");
  await tasks.run(1);
  await page.getByLabel("From", { exact: true }).fill("2025-12-16");
  await page.getByLabel("To", { exact: true }).fill("2025-12-15");
  await tasks.finish();
  await expect(page.getByLabel("From", { exact: true })).toHaveAccessibleDescription("“From” must not be after “To”.");
  await expect(page.locator(".preview")).toContainText("“From” must not be after “To”");
  await page.getByLabel("To", { exact: true }).fill("2025-12-16");
  await expect(page.locator(".preview")).toContainText("events");
});

test("elements that were opened before hydration are filled after it", async ({ page }) => {
  const tasks = await holdTasks(page);
  await page.goto("/settings");
  await tasks.run(0);
  await page.getByText("Use in other tools").click();
  await page.locator(".picker summary").click();
  await page.getByLabel("Search cameras").fill("gar");
  // The field belongs to no form, so Enter submits none.
  await page.getByLabel("Search cameras").press("Enter");
  await tasks.finish();
  await expect(page.locator(".picker li:not([hidden]) .picker__name")).toHaveText(["All Cameras", "Garage", /Garden/]);
  await expect(page.locator(".picker__count").last()).not.toBeEmpty();
  await expect(page.locator(".snippet textarea")).toHaveValue(/motion-events\/export/);
});

test("a form that is submitted during hydration is submitted by the browser, as without script", async ({ page }) => {
  const tasks = await holdTasks(page);
  await page.goto("/settings");
  await tasks.run(6);
  // Only the dates are hydrated.
  await page.getByRole("button", { name: "Today", exact: true }).click();
  await expect(page.getByLabel("From", { exact: true })).not.toHaveValue("");
  await page.getByLabel("From", { exact: true }).fill("2025-12-15");
  await page.getByLabel("To", { exact: true }).fill("2025-12-16");
  expect(await tasks.waiting()).toBeGreaterThan(0);
  const downloading = page.waitForEvent("download");
  await exportButton(page).click();
  const { searchParams } = new URL((await downloading).url());
  expect([searchParams.get("start_date"), searchParams.get("end_date")]).toEqual(["2025-12-15", "2025-12-16"]);
  await expect(page.locator("body[data-hydrated]")).not.toBeAttached();
  await expect(page.locator(".job")).toHaveCount(0);
});

test("a form that is submitted while the page loads does not stop it from loading", async ({ page }) => {
  let release = () => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  // Sends the page up to its button, and the rest after `release`.
  const server = http.createServer((request, response) => {
    const { method, headers } = request;
    const isPage = request.url === "/settings";
    if (isPage) delete headers["accept-encoding"];
    const upstream = http.get(new URL(request.url!, ADDRESS), { method, headers }, async (answer) => {
      response.writeHead(answer.statusCode!, answer.headers);
      if (!isPage) return answer.pipe(response);
      let text = "";
      for await (const chunk of answer.setEncoding("utf8")) text += chunk;
      const half = text.indexOf("</button>", text.indexOf("export-button"));
      response.write(text.slice(0, half));
      await held;
      response.end(text.slice(half));
    });
    upstream.on("error", () => response.destroy());
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  try {
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/settings`, { waitUntil: "commit" });
    await page.getByLabel("From", { exact: true }).fill("2025-12-15");
    const downloading = page.waitForEvent("download");
    await exportButton(page).click();
    await exportButton(page).click();
    release();
    const { searchParams } = new URL((await downloading).url());
    expect(searchParams.get("start_date")).toBe("2025-12-15");
    await expect(page.locator("body[data-hydrated]")).toBeAttached();
    await expect(page.locator(".preferences")).toBeVisible();
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

test("going back before hydration selects what the address says", async ({ page }) => {
  await page.goto("/settings?start_date=2025-12-15");
  await expect(page.locator("body[data-hydrated]")).toBeAttached();
  await page.getByLabel("From", { exact: true }).fill("2025-12-02");
  await expect(page).toHaveURL(/start_date=2025-12-02/);
  const tasks = await holdTasks(page);
  await page.reload();
  await tasks.run(3);
  await expect(page.getByLabel("From", { exact: true })).toHaveValue("2025-12-02");
  await page.goBack();
  await expect(page).toHaveURL(/\?start_date=2025-12-15$/);
  await tasks.finish();
  await expect(page.getByLabel("From", { exact: true })).toHaveValue("2025-12-15");
  await expect(page).toHaveURL(/\?start_date=2025-12-15$/);
});
