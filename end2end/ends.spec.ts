// How an export ends on a bad line, or when something changes while it runs: each end has its own words and its own next
// step. Each test that changes an account has its own.
import { createServer, connect, type AddressInfo, type Socket } from "node:net";

import type { Page } from "@playwright/test";

import { ADDRESS, addUser, PASSWORD, run } from "./server";
import { expect, exportButton, test } from "./test";

const SIGNED_OUT = { storageState: { cookies: [], origins: [] } };

/** A line to the server that holds the file of an export in its middle. */
async function startLine() {
  const sockets = new Set<Socket>();
  let held: Socket | undefined;
  let isHeld = () => {};
  const holds = new Promise<void>((resolve) => (isHeld = resolve));
  const server = createServer((client) => {
    const upstream = connect(Number(new URL(ADDRESS).port), "127.0.0.1");
    let bytes = Number.NEGATIVE_INFINITY;
    client.on("data", (request) => {
      if (request.includes("/motion-events/export?")) bytes = 0;
      upstream.write(request);
    });
    upstream.on("data", (chunk) => {
      client.write(chunk);
      bytes += chunk.length;
      if (bytes < 50_000 || held) return;
      held = upstream;
      upstream.pause();
      isHeld();
    });
    for (const [socket, other] of [[client, upstream], [upstream, client]] as const) {
      sockets.add(socket);
      socket.on("error", () => other.destroy());
      socket.on("close", () => other.destroy());
    }
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  const close = () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** Resolves when the file is held. */
    holds,
    /** Lets the rest of the file through. */
    resume: () => held!.resume(),
    /** Cuts the connection of the file. */
    cut: () => held!.destroy(),
    /** Cuts all connections and accepts no more. */
    close,
  };
}

type Line = Awaited<ReturnType<typeof startLine>>;

/** Signs in as an account of this test. */
async function signIn(page: Page, ...options: string[]): Promise<string> {
  const { project, testId, retry } = test.info();
  const name = `${project.name}-${testId.slice(-12)}-${retry}`;
  addUser(name, ...options);
  await page.goto("/login");
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.locator(".account-name")).toContainText(name);
  return name;
}

/** Starts an export over a line, waits until its file is held, and calls `then`. */
async function whileHeld(page: Page, then: (line: Line) => Promise<void>): Promise<void> {
  const line = await startLine();
  try {
    await page.goto(`${line.address}/settings?start_date=2025-01-01&timezone=UTC`);
    await expect(page.locator("body[data-hydrated]")).toBeAttached();
    await exportButton(page).click();
    await line.holds;
    await then(line);
  } finally {
    line.close();
  }
}

test.describe("of an own account", () => {
  // The answers 401, the broken files, and the focus that a test takes before the page does.
  test.use({ ...SIGNED_OUT, expectedMessages: [/Failed to load resource|Autofocus processing was blocked/] });

  test("signing out elsewhere ends an export with a link to the sign-in, which returns to the selection", async ({ page, context }) => {
    await signIn(page, "--admin");
    const elsewhere = await context.newPage();
    await elsewhere.goto("/settings/account");
    await whileHeld(page, async (line) => {
      await elsewhere.getByRole("button", { name: "Sign out" }).click();
      await expect(elsewhere).toHaveURL(/\/login/);
      line.resume();
      const toast = page.locator(".toast--error");
      await expect(toast).toContainText("You are signed out");
      await expect(toast).toContainText("Nothing was saved.");
      const href = await toast.getByRole("link", { name: "Sign in in a new tab" }).getAttribute("href");
      expect(new URL(href!, ADDRESS).searchParams.get("next")).toBe("/settings?start_date=2025-01-01&timezone=UTC");
      await expect(page.locator(".job")).toHaveCount(0);
    });
  });

  test("an account that is removed during an export is signed out", async ({ page }) => {
    const name = await signIn(page, "--admin");
    await whileHeld(page, async (line) => {
      run("user", "remove", name);
      line.resume();
      await expect(page.locator(".toast--error")).toContainText("You are signed out");
    });
  });
});

test("a line that stalls shows for how long no data arrived, and no remaining time", async ({ page }) => {
  await whileHeld(page, async () => {
    const progress = page.locator(".job output");
    await expect(progress).toHaveText(/^[1-9][\d,]* of [\d,]+ events, [\d.]+ [kM]B, no data for \d+ seconds$/);
    await page.locator(".job").getByRole("button", { name: "Cancel" }).click();
    await expect(page.locator(".toast--info")).toContainText("Export cancelled");
  });
});

test.describe("of a broken line", () => {
  test.use({ expectedMessages: [/Failed to load resource/] });

  test("a cut says that the connection to the server was lost", async ({ page }) => {
    await whileHeld(page, async (line) => {
      line.cut();
      await expect(page.locator(".toast--error")).toContainText("The connection to the server was lost before the file was complete");
      await expect(page.locator(".toast--error")).toContainText("Check the network connection, then export again.");
    });
  });

  test("a reason of the server is shown with what to do", async ({ page }) => {
    const text = "Access to a camera of this selection was revoked. Choose from the cameras that you can see now.";
    await page.route("**/api/v1/exports/*", async (route) => {
      // The record as it is once the server has ended the export.
      const record = await (await route.fetch()).json();
      await route.fulfill({ json: { ...record, state: "failed", sha256: null, reason: { code: "camera_revoked", params: {}, text } } });
    });
    await whileHeld(page, async (line) => {
      line.cut();
      await expect(page.locator(".toast--error")).toContainText(`The transfer stopped before the file was complete, so nothing was saved. ${text}`);
    });
  });

  test("a server that no longer answers is said to be restarting", async ({ page }) => {
    await whileHeld(page, async (line) => {
      line.close();
      await expect(page.locator(".toast--error")).toContainText("The server stopped answering before the file was complete");
      await expect(page.locator(".toast--error")).toContainText("wait a minute, then export again");
    });
  });

  test("a preview and a file without a session have a link to the sign-in that returns to the page", async ({ page }) => {
    await page.goto("/settings?start_date=2025-12-01&timezone=UTC");
    await expect(page.locator("body[data-hydrated]")).toBeAttached();
    const cookies = await page.context().cookies();
    await page.context().clearCookies();
    await page.getByLabel("From", { exact: true }).fill("2025-12-02");
    const preview = page.getByRole("region", { name: "Preview" });
    await expect(preview).toContainText("You are signed out.");
    await page.context().addCookies(cookies);
    await preview.getByRole("link", { name: "Sign in" }).click();
    // With a session, the sign-in leads straight back.
    await expect(page).toHaveURL(/\/settings\?.*start_date=2025-12-02/);

    await page.goto("/settings/verify");
    await expect(page.locator("body[data-hydrated]")).toBeAttached();
    await page.context().clearCookies();
    await page.getByLabel("Drop a CSV here, or choose it").setInputFiles({ name: "a.csv", mimeType: "text/csv", buffer: Buffer.from("a") });
    await expect(page.getByRole("status")).toContainText("You are signed out.");
    await expect(page.getByRole("status").getByRole("link", { name: "Sign in" })).toHaveAttribute("href", "/login?next=%2Fsettings%2Fverify");
  });
});
