// The server under test and its data.
import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import path from "node:path";

const root = path.resolve(__dirname, "..");
const folder = path.join(root, "target/end2end");

export const SERVER = path.join(root, "target/debug/motion-export");
export const ADDRESS = `http://127.0.0.1:${process.env.END2END_PORT ?? 3457}`;
export const serverEnvironment = { DATABASE_URL: `sqlite://${folder}/end2end.db`, MOTION_EXPORT_SERVER_LOG: "warn" };

/** Events of the year before this moment; made by `prepareDatabase`. */
export const NOW = "2025-12-16T12:00:00Z";
export const CAMERAS = 8;

/** Runs a command of the binary on the database under test and gives what it printed. */
export function run(...args: string[]): Buffer {
  const env = { ...process.env, ...serverEnvironment };
  return execFileSync(SERVER, args, { cwd: root, env, maxBuffer: 1 << 30 });
}

export function prepareDatabase(): void {
  rmSync(folder, { recursive: true, force: true });
  run("demo", "--events", "20000", "--cameras", String(CAMERAS), "--seed", "1", "--until", NOW);
}
