// A server that others reach without a proxy: with a certificate of its own authority, which the user accepts, and with plain HTTP
// in a private network. The browser uses an address of this machine that is not loopback.
import { networkInterfaces } from "node:os";

import type { Page } from "@playwright/test";

import { OwnServer } from "./own-server";
import { ADMIN, freePort, PASSWORD } from "./server";
import { bytes, exportButton, expect, expectSame, test } from "./test";

const PRIVATE_NETWORKS = "10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, fd00::/8";
const isPrivate = (address: string): boolean => /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|fd)/.test(address);

/** Returns the addresses of this machine that others can reach, as they are in a URL; private ones of IPv4 first. */
function addresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const reachable = all.filter(({ internal, address }) => !internal && !address.startsWith("fe80:"));
  const rank = ({ address, family }: { address: string; family: string }) => (isPrivate(address) ? 0 : 2) + (family === "IPv6" ? 1 : 0);
  return reachable.sort((one, other) => rank(one) - rank(other)).map(({ address, family }) => (family === "IPv6" ? `[${address}]` : address));
}

async function signIn(page: Page): Promise<void> {
  await page.getByLabel("Name").fill(ADMIN);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("heading", { name: "Data Export" })).toBeVisible();
}

/** Exports everything, compares the file with that of the command line, and verifies it on its page. */
async function exportsAndVerifies(page: Page, server: OwnServer, address: string): Promise<void> {
  await expect(page.locator("body[data-hydrated]")).toBeAttached();
  const downloading = page.waitForEvent("download");
  await exportButton(page).click();
  const file = await bytes(await downloading);
  expectSame(file, server.run("export", "--bom", "--timezone", "America/Los_Angeles"));
  await page.goto(`${address}/settings/verify`);
  await expect(page.locator("body[data-hydrated]")).toBeAttached();
  await page.getByLabel("Drop a CSV here, or choose it").setInputFiles({ name: "mine.csv", mimeType: "text/csv", buffer: file });
  await expect(page.getByRole("status")).toContainText("mine.csv is complete and unchanged");
}

test.use({
  storageState: { cookies: [], origins: [] },
  ignoreHTTPSErrors: true,
  // Chromium says so of each page over plain HTTP; the header has an effect on loopback addresses and with TLS.
  expectedMessages: [/Cross-Origin-Opener-Policy header has been ignored/],
});

test("with a certificate of its own authority, a user who accepts it signs in, exports and verifies", async ({ page, context, browser }) => {
  test.skip(addresses().length === 0, "this machine has only its loopback address");
  const port = await freePort();
  const server = await OwnServer.start(`[::]:${port}`, { MOTION_EXPORT_SERVER_TLS: "self-signed" });
  try {
    const address = `https://${addresses()[0]}:${port}`;
    // Before it is accepted, the browser warns.
    const careful = await browser.newContext({ ignoreHTTPSErrors: false });
    await expect((await careful.newPage()).goto(`${address}/login`)).rejects.toThrow("ERR_CERT_AUTHORITY_INVALID");
    await careful.close();

    await page.goto(`${address}/settings`);
    await page.getByRole("link", { name: "What to do" }).click();
    await expect(page.getByRole("heading", { name: "Trust this server" })).toBeVisible();
    const fingerprint = await page.locator("code.fingerprint").textContent();
    expect(fingerprint).toMatch(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
    expect(server.greeting).toContain(fingerprint!);
    const downloading = page.waitForEvent("download");
    await page.getByRole("link", { name: "Download the certificate" }).click();
    const download = await downloading;
    expect(download.suggestedFilename()).toBe("motion-export-ca.crt");
    expect((await bytes(download)).toString()).toContain("BEGIN CERTIFICATE");

    await page.getByRole("link", { name: "Go to the sign-in" }).click();
    await signIn(page);
    expect(await page.evaluate(() => window.isSecureContext)).toBe(true);
    const cookies = await context.cookies();
    expect(cookies.filter(({ httpOnly }) => httpOnly).map(({ secure }) => secure)).toEqual([true]);
    await exportsAndVerifies(page, server, address);
  } finally {
    server.stop();
  }
});

test("with plain HTTP in a private network, a user signs in, exports and verifies", async ({ page, context }) => {
  const host = addresses().find((address) => isPrivate(address.replace("[", "")));
  test.skip(host === undefined, "this machine has no private address");
  const port = await freePort();
  const server = await OwnServer.start(`[::]:${port}`, { MOTION_EXPORT_SERVER_PLAIN_HTTP_NETWORKS: PRIVATE_NETWORKS });
  try {
    const address = `http://${host}:${port}`;
    await page.goto(`${address}/settings`);
    await expect(page.getByRole("link", { name: "What to do" })).toHaveCount(0);
    await signIn(page);
    expect(await page.evaluate(() => window.isSecureContext)).toBe(false);
    const cookies = await context.cookies();
    expect(cookies.filter(({ httpOnly }) => httpOnly).map(({ secure }) => secure)).toEqual([false]);
    await exportsAndVerifies(page, server, address);
  } finally {
    server.stop();
  }
});
