// What a thumb reaches on a phone: the export at all times, and the pages in one line. Sets its own widths, so one project is
// enough.
import { PAGES } from "./layout";
import { expect, exportButton, test } from "./test";

for (const javaScriptEnabled of [true, false]) {
  test.describe(javaScriptEnabled ? "with script" : "without script", () => {
    test.use({ viewport: { width: 360, height: 740 }, javaScriptEnabled });

    test("the export is in view wherever the page is scrolled to, and covers neither its end nor the focus", async ({ page }) => {
      await page.goto("/settings");
      if (javaScriptEnabled) await expect(page.locator("body[data-hydrated]")).toBeAttached();
      const button = exportButton(page).last();
      const { scrollHeight } = await page.evaluate(() => ({ scrollHeight: document.documentElement.scrollHeight }));
      expect(scrollHeight).toBeGreaterThan(1_000);
      for (const top of [0, scrollHeight / 2, scrollHeight]) {
        await page.evaluate((top) => scrollTo(0, top), top);
        await expect(button).toBeInViewport({ ratio: 1 });
        const box = (await button.boundingBox())!;
        // In the lower quarter, and as high as a finger is wide.
        expect(box.y).toBeGreaterThan(740 * 0.75);
        expect(box.height).toBeGreaterThanOrEqual(40);
      }
      const bar = page.locator(".card--action");
      const barTop = (await bar.boundingBox())!.y;
      const last = (await page.getByRole("button", { name: "Deutsch" }).boundingBox())!;
      expect(last.y + last.height).toBeLessThanOrEqual(barTop);
      const covered = await bar.evaluate((bar) => {
        const controls = [...document.querySelectorAll<HTMLElement>("a, button, input:not([type=hidden]), select, summary, [role=slider]")];
        return controls
          .filter((control) => {
            if (bar.contains(control) || !control.checkVisibility({ visibilityProperty: true }) || control.tabIndex < 0) return false;
            control.focus();
            const { bottom, width } = control.getBoundingClientRect();
            return width > 2 && bottom > bar.getBoundingClientRect().top + 1;
          })
          .map((control) => control.outerHTML.slice(0, 120));
      });
      expect(covered).toEqual([]);
      await button.focus();
      await page.keyboard.press("Shift+Tab");
      await page.keyboard.press("Tab");
      await expect(button).toBeFocused();
      expect(await button.evaluate((button) => getComputedStyle(button).outlineStyle)).not.toBe("none");
    });

    test("the pages are in one line, and each is reached", async ({ page }) => {
      for (const path of PAGES) {
        await page.goto(path);
        const links = page.locator(".shell nav a");
        await expect(links).toHaveCount(PAGES.length);
        const tops = await links.evaluateAll((links) => [...new Set(links.map((link) => link.getBoundingClientRect().top))]);
        expect(tops).toHaveLength(1);
        if (javaScriptEnabled) await expect(page.locator(".shell nav a[aria-current]")).toBeInViewport({ ratio: 1 });
      }
      await page.getByRole("link", { name: "People" }).click();
      await expect(page).toHaveURL(/\/settings\/people$/);
    });

    test("the export downloads the file", async ({ page }) => {
      await page.goto("/settings?start_date=2025-12-16&timezone=UTC");
      if (javaScriptEnabled) await expect(page.locator("body[data-hydrated]")).toBeAttached();
      const downloading = page.waitForEvent("download");
      await exportButton(page).last().click();
      expect((await downloading).suggestedFilename()).toMatch(/^motion-events-2025-12-16/);
    });
  });
}
