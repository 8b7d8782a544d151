// The server under test and its data.
import { execFileSync } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import path from "node:path";

import { SLOWNESS } from "./slowness";

const root = path.resolve(__dirname, "..");
const folder = path.join(root, "target/end2end");

/** The browser for tests: the headless shell, or else the whole browser, unless the environment names another one. */
export const CHROMIUM =
  process.env.CHROMIUM ?? ["/usr/bin/chromium-headless-shell", "/usr/bin/chromium"].find((file) => existsSync(file));
export const SERVER = path.join(root, "target/debug/motion-export");
export const ADDRESS = `http://127.0.0.1:${process.env.END2END_PORT ?? 3457}`;
export const serverEnvironment = {
  DATABASE_URL: `sqlite://${folder}/end2end.db`,
  MOTION_EXPORT_SERVER_LOG: "warn",
  MOTION_EXPORT_SERVER_TRUSTED_PROXIES: "127.0.0.1",
};

/** How Playwright starts the server under test. */
export const webServer = {
  command: `${SERVER} serve --listen ${new URL(ADDRESS).host}`,
  cwd: "..",
  env: serverEnvironment,
  url: `${ADDRESS}/healthz`,
  timeout: 60_000 * SLOWNESS,
};

/** The end of the events that `prepareDatabase` generates; they cover the year before. */
export const NOW = "2025-12-16T12:00:00Z";
export const CAMERAS = 8;

/** The account on the server under test. */
export const ADMIN = "admin";
export const PASSWORD = "correct horse battery";
/** The session of `ADMIN`. Tests use it by default; session.setup.ts creates it. */
export const SESSION = path.join(folder, "session.json");

/** Runs a command of the binary on the database under test, and returns its standard output. */
export function run(...args: string[]): Buffer {
  return runWith({ DATABASE_URL: serverEnvironment.DATABASE_URL }, args);
}

/** Runs a command of the binary with additional environment variables and a standard input. */
export function runWith(environment: Record<string, string>, args: string[], input = ""): Buffer {
  const env = { ...process.env, MOTION_EXPORT_SERVER_LOG: "warn", ...environment };
  return execFileSync(SERVER, args, { cwd: root, env, input, maxBuffer: 1 << 30 });
}

export function addUser(name: string, ...options: string[]): void {
  runWith({ DATABASE_URL: serverEnvironment.DATABASE_URL }, ["user", "add", name, "--password-stdin", ...options], PASSWORD);
}

/** Returns a port that is free at the moment, for a test with a server of its own. */
export async function freePort(): Promise<number> {
  const listener = createServer();
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const { port } = listener.address() as { port: number };
  await new Promise((resolve) => listener.close(resolve));
  return port;
}

export function prepareDatabase(): void {
  rmSync(folder, { recursive: true, force: true });
  run("demo", "--events", "20000", "--cameras", String(CAMERAS), "--seed", "1", "--until", NOW);
  addUser(ADMIN, "--admin");
}
