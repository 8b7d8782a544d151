// A server that a spec starts for itself, with its own database and settings.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { ADMIN, NOW, PASSWORD, runWith, SERVER } from "./server";

export class OwnServer {
  private constructor(
    /** What it printed when it was ready. */
    readonly greeting: string,
    private readonly folder: string,
    private readonly process: ChildProcess,
  ) {}

  /** Starts a server with 2,000 events and the account `ADMIN`. */
  static async start(listen: string, settings: Record<string, string>): Promise<OwnServer> {
    const folder = mkdtempSync(path.join(tmpdir(), "motion-export-"));
    const environment = { DATABASE_URL: `sqlite://${folder}/test.db`, ...settings };
    runWith(environment, ["demo", "--events", "2000", "--seed", "1", "--until", NOW]);
    runWith(environment, ["user", "add", ADMIN, "--admin", "--password-stdin"], PASSWORD);
    const env = { ...process.env, MOTION_EXPORT_SERVER_LOG: "warn", ...environment };
    const cwd = path.resolve(__dirname, "..");
    const server = spawn(SERVER, ["serve", "--listen", listen], { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    let log = "";
    server.stderr.on("data", (text) => (log += text));
    const greeting = await new Promise<string>((resolve, reject) => {
      let printed = "";
      server.stdout.on("data", (text) => {
        printed += text;
        if (printed.includes("ready at") && printed.endsWith("\n\n")) resolve(printed);
      });
      server.on("exit", () => reject(new Error(`the server has ended: ${log}`)));
    });
    return new OwnServer(greeting, folder, server);
  }

  /** Runs a command of the binary on the server's database, and returns its standard output. */
  run(...args: string[]): Buffer {
    return runWith({ DATABASE_URL: `sqlite://${this.folder}/test.db` }, args);
  }

  stop(): void {
    this.process.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
