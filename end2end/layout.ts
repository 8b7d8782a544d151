// What is wrong with the layout of a page at the width that its window has, as text; nothing if all is well. Runs in the
// page, in every browser, so it uses nothing from outside of itself.

/** The widths that are tried, in CSS pixels: phones, tablets held upright, half a window, desktops, and 4K at 150 %. */
export const WIDTHS = [320, 360, 420, 480, 560, 640, 700, 760, 761, 800, 820, 900, 1000, 1001, 1080, 1180, 1280, 1440, 1799, 1800, 1920, 2560];

/** The pages of the settings. */
export const PAGES = ["/settings", "/settings/exports", "/settings/verify", "/settings/tokens", "/settings/account", "/settings/import", "/settings/people", "/settings/retention", "/settings/sources"];

export function layoutProblems(): string[] {
  const name = (element: Element) => `${element.tagName.toLowerCase()}${element.id ? `#${element.id}` : ""}${[...element.classList].slice(0, 2).map((name) => `.${name}`).join("")}`;
  const problems = new Set<string>();
  const html = document.documentElement;
  const isClipped = (element: Element | null): boolean => !!element && (getComputedStyle(element).clipPath !== "none" || isClipped(element.parentElement));
  const isSeen = (element: Element) => {
    const { width, height } = element.getBoundingClientRect();
    // Text for screen readers is clipped, and what is scrolled may be cut.
    return width > 2 && height > 2 && element.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && !element.closest(".scroll, details:not([open]) > :not(summary)") && !isClipped(element);
  };
  if (html.scrollWidth > html.clientWidth) {
    const widest = [...document.querySelectorAll("body *")].filter((element) => isSeen(element) && element.getBoundingClientRect().right > html.clientWidth + 0.5);
    problems.add(`the page is ${html.scrollWidth - html.clientWidth} px wider than the window: ${widest.slice(-2).map(name).join(", ")}`);
  }
  const selector = "input:not([type=hidden], [type=checkbox], [type=radio]), select, button, summary, label, h1, h2, p, th, td, dt, dd, a, output, time";
  // The button's card floats over the page on purpose.
  const elements = [...document.querySelectorAll(selector)].filter((element) => isSeen(element) && !element.closest(".card--action"));
  elements.forEach((first, index) => {
    const one = first.getBoundingClientRect();
    for (const second of elements.slice(index + 1)) {
      if (first.contains(second)) continue;
      const other = second.getBoundingClientRect();
      const width = Math.min(one.right, other.right) - Math.max(one.left, other.left);
      const height = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
      if (width > 1.5 && height > 3) problems.add(`${name(first)} and ${name(second)} overlap by ${width.toFixed()} × ${height.toFixed()} px`);
    }
  });
  for (const element of elements) {
    const { width } = element.getBoundingClientRect();
    if (element.matches("input[type=date], select")) {
      // As wide as its text, or what is chosen in it, needs it to be.
      const copy = element.cloneNode(true) as HTMLInputElement | HTMLSelectElement;
      if (copy instanceof HTMLSelectElement) copy.replaceChildren(new Option((element as HTMLSelectElement).selectedOptions[0]?.text));
      copy.style.cssText = "position: absolute; visibility: hidden; flex: none; width: max-content; min-width: 0";
      element.after(copy);
      const needed = copy.getBoundingClientRect().width;
      copy.remove();
      if (needed > width + 1) problems.add(`${name(element)} is ${width.toFixed()} px wide and needs ${needed.toFixed()}`);
    } else if (!element.matches("input") && getComputedStyle(element).display !== "inline" && element.scrollWidth > element.clientWidth + 1) {
      problems.add(`the text of ${name(element)} is cut: ${element.scrollWidth} px in ${element.clientWidth}`);
    }
  }
  return [...problems];
}
