// The layout between the widths of the projects, in both languages. browsers/ does the same in Firefox and WebKit.
import { layoutProblems, PAGES, WIDTHS } from "./layout";
import { ADDRESS } from "./server";
import { addressOf, expect, exportButton, RECORD_PAGE, test, waitForAnimations } from "./test";

for (const language of ["en", "de"]) {
  for (const path of [...PAGES, RECORD_PAGE]) {
    test(`nothing overflows, overlaps or is cut at any width of ${path} in ${language}`, async ({ page, context }) => {
      await context.addCookies([{ name: "language", value: language, url: ADDRESS }]);
      if (path === "/settings/exports") {
        const zone = "America/Argentina/ComodRivadavia";
        const exported = await page.request.get(`/api/v1/motion-events/export?format=csv&start_date=2025-12-01&timezone=${zone}`);
        expect(exported.status()).toBe(200);
      }
      await page.goto(await addressOf(page, path));
      await expect(page.locator("html")).toHaveAttribute("lang", language);
      if (["/settings", "/settings/exports", "/settings/verify"].includes(path)) {
        await expect(page.locator("body[data-hydrated]")).toBeAttached();
      }
      const problems: Record<number, string[]> = {};
      for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: 900 });
        const found = await page.evaluate(layoutProblems);
        if (found.length > 0) problems[width] = found;
      }
      expect(problems).toEqual({});
    });
  }
}

for (const width of [360, 820, 1280, 2560]) {
  test(`a toast covers no control at ${width} px, and the button stays in view`, async ({ page }) => {
    await page.setViewportSize({ width, height: 900 });
    await page.goto("/settings?start_date=2025-12-15");
    await expect(page.locator("body[data-hydrated]")).toBeAttached();
    await expect(page.locator(".chart")).toBeVisible();
    const downloading = page.waitForEvent("download");
    await exportButton(page).click();
    await downloading;
    const toast = page.locator(".toast--success");
    await expect(toast).toBeInViewport({ ratio: 1 });
    await expect(exportButton(page)).toBeInViewport({ ratio: 1 });
    await waitForAnimations(toast);
    expect(await toast.evaluate(coveredControls)).toEqual([]);
  });
}

/** Names the controls that a toast covers, at least in part, although the browser has scrolled to them. */
function coveredControls(toast: Element): string[] {
  const controls = [...document.querySelectorAll<HTMLElement>("a, button, input:not([type=hidden]), select, summary, textarea, [role=slider]")];
  const covered = controls.filter((control) => {
    if (toast.contains(control) || !control.checkVisibility({ visibilityProperty: true })) return false;
    control.focus();
    const { left, right, top, bottom, width, height } = control.getBoundingClientRect();
    const area = toast.getBoundingClientRect();
    const overlaps = Math.min(area.right, right) > Math.max(area.left, left) && Math.min(area.bottom, bottom) > Math.max(area.top, top);
    return width > 2 && height > 2 && overlaps;
  });
  return covered.map((control) => control.outerHTML.slice(0, 120));
}
