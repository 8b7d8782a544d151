(() => {
  let held = false;
  addEventListener("submit", (event) => {
    if (document.readyState !== "loading") return;
    event.preventDefault();
    if (held) return;
    held = true;
    addEventListener("DOMContentLoaded", () => event.target.requestSubmit(event.submitter));
  }, true);
  const load = async () => {
    const wasm = fetch("PKG.wasm");
    const page = await import("PKG.js");
    await page.default({ module_or_path: wasm });
    page.hydrate();
  };
  const afterFrame = () => requestAnimationFrame(() => requestAnimationFrame(load));
  addEventListener("DOMContentLoaded", () => (document.hidden ? load() : afterFrame()));
})();
