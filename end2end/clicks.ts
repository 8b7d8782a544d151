// Counts the clicks of a task, and compares their number with the table in docs/web-ui.md.
import { readFileSync } from "node:fs";
import path from "node:path";

import { expect, type Locator } from "@playwright/test";

export class Clicks {
  private count = 0;

  /** Clicks an element. */
  async on(element: Locator): Promise<void> {
    await element.click();
    this.count += 1;
  }

  /** Checks that the documentation has this number of clicks for the task that begins like this. */
  expectDocumented(task: string): void {
    const table = readFileSync(path.resolve(__dirname, "../docs/web-ui.md"), "utf8");
    const row = table.split("\n").find((line) => line.startsWith(`| ${task}`));
    expect(row, `a row of docs/web-ui.md that begins with “${task}”`).toBeDefined();
    expect(Number(row!.split("|").at(-2))).toBe(this.count);
  }
}
