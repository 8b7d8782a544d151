// Debian's WebKitGTK: its WebDriver and MiniBrowser, in a window of Xvfb.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import WebDriver from "webdriver";

import type { Driver } from "./driver";

const KEYS: Record<string, string> = { Enter: "\uE007", Escape: "\uE00C", Tab: "\uE004", ArrowLeft: "\uE012", ArrowUp: "\uE013", ArrowRight: "\uE014", ArrowDown: "\uE015", " ": " " };
const ELEMENT = "element-6066-11e4-a52e-4f735466cecf";

function miniBrowser(): string {
  const folder = "/usr/lib/x86_64-linux-gnu";
  const versions = readdirSync(folder).filter((name) => name.startsWith("webkit2gtk-4")).sort();
  return process.env.MINIBROWSER ?? path.join(folder, versions.at(-1) ?? "webkit2gtk-4.1", "MiniBrowser");
}

export async function webkit(): Promise<Driver> {
  const home = mkdtempSync(path.join(tmpdir(), "webkit-"));
  const downloads = path.join(home, "downloads");
  mkdirSync(downloads);
  mkdirSync(path.join(home, ".config"));
  writeFileSync(path.join(home, ".config/user-dirs.dirs"), `XDG_DOWNLOAD_DIR="${downloads}"\n`);
  const xvfb = spawn("Xvfb", ["-displayfd", "1", "-screen", "0", "2700x1700x24"], { stdio: ["ignore", "pipe", "ignore"] });
  const [display] = (await once(xvfb.stdout, "data")) as [Buffer];
  const env = { ...process.env, DISPLAY: `:${display.toString().trim()}`, HOME: home, XDG_CONFIG_HOME: path.join(home, ".config") };
  const port = 20_000 + (process.pid % 20_000);
  const driver: ChildProcess = spawn("WebKitWebDriver", [`--port=${port}`, "--host=127.0.0.1"], { env, stdio: "ignore" });
  const browserOptions = { binary: miniBrowser(), args: ["--automation"] };
  const client = await retry(() =>
    WebDriver.newSession({
      hostname: "127.0.0.1",
      port,
      path: "/",
      logLevel: "error",
      capabilities: { alwaysMatch: { "webkitgtk:browserOptions": browserOptions } as WebdriverIO.Capabilities, firstMatch: [{}] },
    }),
  );
  const find = async (selector: string) => {
    const found = await retry(async () => {
      const element = (await client.findElement("css selector", selector)) as Record<string, string>;
      if (!element[ELEMENT]) throw new Error(`there is no ${selector}`);
      return element;
    });
    return found[ELEMENT];
  };
  const evaluate = async (script: (...values: never[]) => unknown, ...values: unknown[]) =>
    client.executeAsyncScript(
      `const done = arguments[arguments.length - 1];
       Promise.resolve((${script})(...Array.prototype.slice.call(arguments, 0, -1))).then((value) => done({ value }), (error) => done({ error: String(error) }));`,
      values as never,
    ).then((answer: { value?: unknown; error?: string }) => {
      if (answer.error) throw new Error(answer.error);
      return answer.value as never;
    });
  return {
    // MiniBrowser's tool bar takes no less.
    narrowest: 450,
    downloads,
    open: async (url) => void (await client.navigateTo(url)),
    resize: async (width, height) => {
      await client.setWindowRect(null, null, width, height + 40);
      await retry(async () => {
        const now = (await client.executeScript("return innerWidth", [])) as number;
        if (now !== width) throw new Error(`the window is ${now} px wide, and not ${width}`);
      });
    },
    evaluate: evaluate as Driver["evaluate"],
    click: async (selector) => client.elementClick(await find(selector)),
    type: async (selector, text) => {
      const element = await find(selector);
      await client.elementClear(element);
      await client.elementSendKeys(element, text);
    },
    press: async (key) => {
      const active = (await client.getActiveElement()) as unknown as Record<string, string>;
      await client.elementSendKeys(active[ELEMENT]!, KEYS[key] ?? key);
    },
    upload: async (selector, file) => client.elementSendKeys(await find(selector), file),
    screenshot: async (file) => writeFileSync(file, Buffer.from(await client.takeScreenshot(), "base64")),
    close: async () => {
      await client.deleteSession();
      driver.kill();
      xvfb.kill();
    },
  };
}

/** Tries until it works, for ten seconds. */
async function retry<T>(action: () => Promise<T>): Promise<T> {
  for (let left = 100; ; left -= 1) {
    try {
      return await action();
    } catch (error) {
      if (left === 0) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
