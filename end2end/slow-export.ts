// Exports that run long enough to be followed and cancelled: their clients read slowly.
import http from "node:http";
import type { AddressInfo } from "node:net";

import { ADDRESS } from "./server";

/** How long a client waits before it reads the next chunk. */
const PAUSE_MILLISECONDS = 2_000;

function readSlowly(answer: http.IncomingMessage, pause: () => number): void {
  answer.on("data", () => {
    answer.pause();
    setTimeout(() => answer.resume(), pause());
  });
}

/** An export of a script, which reads slowly. */
export class SlowExport {
  private constructor(
    readonly id: string,
    /** Resolves to whether the file arrived completely. */
    readonly ended: Promise<boolean>,
    private readonly request: http.ClientRequest,
    private readonly pace: { pause: number },
  ) {}

  static start(token: string, query: string): Promise<SlowExport> {
    const headers = { Authorization: `Bearer ${token}` };
    return new Promise((started, failed) => {
      const request = http.get(`${ADDRESS}/api/v1/motion-events/export?${query}`, { headers, agent: false }, (answer) => {
        if (answer.statusCode !== 200) return failed(new Error(`status ${answer.statusCode}`));
        const ended = new Promise<boolean>((resolve) => answer.on("close", () => resolve(answer.complete)));
        answer.on("error", () => {});
        const pace = { pause: PAUSE_MILLISECONDS };
        readSlowly(answer, () => pace.pause);
        started(new SlowExport(String(answer.headers["x-export-id"]), ended, request, pace));
      });
      request.on("error", failed);
    });
  }

  /** Reads what is left as fast as it can: what the buffers of the network hold takes a minute otherwise. */
  hurry(): void {
    this.pace.pause = 0;
  }

  /** Closes the connection. */
  stop(): void {
    this.request.destroy();
  }
}

/** A proxy that reads the files of exports slowly, and counts the open streams of events. */
export async function startSlowProxy() {
  const streams = { open: 0, most: 0 };
  let pause = PAUSE_MILLISECONDS;
  const server = http.createServer((request, response) => {
    const { method, headers } = request;
    const isExport = request.url!.includes("/export?");
    // A compressed file would fit into the buffers of the network.
    if (isExport) delete headers["accept-encoding"];
    const upstream = http.request(new URL(request.url!, ADDRESS), { method, headers, agent: false }, (answer) => {
      response.writeHead(answer.statusCode!, answer.headers);
      answer.on("error", () => response.destroy());
      if (isExport) {
        // A pipe would resume it too early.
        answer.on("data", (chunk: Buffer) => response.write(chunk));
        answer.on("end", () => response.end());
        readSlowly(answer, () => pause);
      } else {
        answer.pipe(response);
      }
      if (!request.url!.endsWith("/exports/events") || method !== "GET") return;
      streams.most = Math.max(streams.most, ++streams.open);
      response.on("close", () => streams.open--);
    });
    upstream.on("error", () => response.destroy());
    response.on("close", () => upstream.destroy());
    request.pipe(upstream);
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    streams,
    /** Reads what is left as fast as it can, so that the browser sees the end. */
    hurry: () => (pause = 0),
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
