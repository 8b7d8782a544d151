// The page between its first byte and being alive: what somebody does meanwhile is not lost, and exports nothing else.
import http from "node:http";
import type { AddressInfo } from "node:net";

import type { Page } from "@playwright/test";

import { ADDRESS, run } from "./server";
import { bytes, cameraId, chooseCameras, expect, expectSame, exportButton, test } from "./test";

test("what was filled in before the page came alive stays", async ({ page }) => {
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

/** Has the parts of the page come alive when the test says so: each does in a task of its own. */
async function holdTasks(page: Page) {
  await page.addInitScript(() => {
    const tasks: (() => void)[] = [];
    const later = window.setTimeout;
    const hold = (task: () => void, pause?: number, ...rest: unknown[]) => (pause ? later(task, pause, ...rest) : tasks.push(task));
    Object.assign(window, { setTimeout: hold, runTask: () => tasks.shift()?.(), waiting: () => tasks.length });
  });
  const call = (name: string) => page.evaluate((name) => (window as unknown as Record<string, () => number>)[name](), name);
  return {
    /** Runs so many of them. */
    run: async (count: number) => {
      await expect.poll(() => call("waiting")).toBeGreaterThan(0);
      for (let task = 0; task < count; task++) await call("runTask");
    },
    /** How many tasks wait. */
    waiting: () => call("waiting"),
    /** Runs those that are left. */
    finish: async () => {
      while (await call("waiting")) await call("runTask");
      await expect(page.locator("body[data-hydrated]")).toBeAttached();
    },
  };
}

test("what is filled in while the page comes alive, part by part, stays", async ({ page }) => {
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
    const wasAlive = await page.locator("body[data-hydrated]").count();
    await tasks.finish();
    await expect(page).toHaveURL(/start_date=2025-12-15&end_date=2025-12-15&camera_id=[^&]+&timezone=Asia%2FTokyo$/);
    if (wasAlive) {
      expect(done).toBeGreaterThan(8);
      break;
    }
  }
});

test("what a part takes over changes no other part before that one is alive", async ({ page }) => {
  const tasks = await holdTasks(page);
  await page.goto("/settings");
  await tasks.run(1);
  await page.getByLabel("From", { exact: true }).fill("2025-12-16");
  await page.getByLabel("To", { exact: true }).fill("2025-12-15");
  await tasks.finish();
  await expect(page.getByLabel("From", { exact: true })).toHaveAccessibleDescription(/2025-12-16, is after the end, 2025-12-15/);
  await expect(page.locator(".preview")).toContainText("“From” must not be after “To”");
  await page.getByLabel("To", { exact: true }).fill("2025-12-16");
  await expect(page.locator(".preview")).toContainText("events");
});

test("what was unfolded before the page came alive is filled once it has", async ({ page }) => {
  const tasks = await holdTasks(page);
  await page.goto("/settings");
  await tasks.run(0);
  await page.getByText("Use in other tools").click();
  await page.locator(".picker summary").click();
  await page.getByLabel("Search cameras").fill("gar");
  // Of no form, so that this sends none.
  await page.getByLabel("Search cameras").press("Enter");
  await tasks.finish();
  await expect(page.locator(".picker li:not([hidden]) .picker__name")).toHaveText(["All Cameras", "Garage", /Garden/]);
  await expect(page.locator(".picker__count").last()).not.toBeEmpty();
  await expect(page.locator(".snippet textarea")).toHaveValue(/motion-events\/export/);
});

test("a form that is sent while the page comes alive is sent by the browser, as it is without script", async ({ page }) => {
  const tasks = await holdTasks(page);
  await page.goto("/settings");
  await tasks.run(6);
  // The dates are alive, the rest is not.
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

test("a form that is sent while the page still arrives does not keep it from arriving", async ({ page }) => {
  let release = () => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  // The page as far as its button, and the rest when the test says so.
  const server = http.createServer((request, response) => {
    const { method, headers } = request;
    const isPage = request.url === "/settings";
    if (isPage) delete headers["accept-encoding"];
    const upstream = http.get(new URL(request.url!, ADDRESS), { method, headers }, async (answer) => {
      response.writeHead(answer.statusCode!, answer.headers);
      if (!isPage) return answer.pipe(response);
      let text = "";
      for await (const chunk of answer.setEncoding("utf8")) text += chunk;
      const half = text.indexOf('id="bom-hint"');
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

test("whoever goes back before the page is alive gets what the address says", async ({ page }) => {
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
