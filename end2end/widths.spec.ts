// The layout between the widths of the projects, in both languages. browsers/ does the same in Firefox and WebKit.
import { layoutProblems, PAGES, WIDTHS } from "./layout";
import { ADDRESS } from "./server";
import { expect, test } from "./test";

for (const language of ["en", "de"]) {
  for (const path of PAGES) {
    test(`nothing overflows, overlaps or is cut at any width of ${path} in ${language}`, async ({ page, context }) => {
      await context.addCookies([{ name: "language", value: language, url: ADDRESS }]);
      if (path === "/settings/exports") {
        const zone = "America/Argentina/ComodRivadavia";
        const exported = await page.request.get(`/api/v1/motion-events/export?format=csv&start_date=2025-12-01&timezone=${zone}`);
        expect(exported.status()).toBe(200);
      }
      await page.goto(path);
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
