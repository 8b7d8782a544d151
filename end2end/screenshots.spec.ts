// Not a test: takes the README's screenshots (`make screenshots`).
import { NOW } from "./server";
import { expect, settled, test } from "./test";

for (const colorScheme of ["light", "dark"] as const) {
  for (const [size, viewport] of Object.entries({ wide: { width: 1120, height: 700 }, phone: { width: 390, height: 844 } })) {
    test.describe(() => {
      test.use({ colorScheme, viewport });

      test(`${size}, ${colorScheme}`, async ({ page }) => {
        await page.clock.setFixedTime(new Date(NOW));
        await page.goto("/settings");
        await expect(page.locator("body[data-hydrated]")).toBeAttached();
        await page.getByRole("button", { name: "This month" }).click();
        await page.getByRole("button", { name: "Export CSV" }).click();
        await page.locator("h1").hover();
        await settled(page.locator(".toast--success"));
        await page.screenshot({ path: `../docs/screenshots/${size}-${colorScheme}.png` });
      });
    });
  }
}
