let held = false;
addEventListener("submit", (event) => {
  if (document.readyState !== "loading") return;
  event.preventDefault();
  if (held) return;
  held = true;
  addEventListener("DOMContentLoaded", () => event.target.requestSubmit(event.submitter));
}, true);
// What the page does not handle yet is done here. Once a part is hydrated, its handlers prevent the browser's action, and
// the event is ignored here.
const byId = (id) => document.getElementById(id);
const replayed = new Set();
const fillIn = (preset) => {
  const zones = byId("timezone");
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  // As after hydration: the browser's own zone unless the address or the user has chosen one.
  const ownOption = zones?.querySelector(`[value="${own}"],[data-alias~="${own}"]`);
  if (ownOption && !location.search && zones.selectedOptions[0]?.defaultSelected) zones.value = ownOption.value;
  // Swedish dates are written YYYY-MM-DD.
  const today = new Date().toLocaleDateString("sv-SE", { timeZone: zones?.value || own });
  const first = new Date(today);
  const days = preset.match(/\d+/);
  if (days) first.setUTCDate(first.getUTCDate() + 1 - days[0]);
  if (preset === "this-month") first.setUTCDate(1);
  const isAll = preset === "all";
  const [start, end] = [byId("start-date"), byId("end-date")];
  start.type = end.type = "date";
  start.value = isAll ? "" : first.toISOString().slice(0, 10);
  end.value = isAll ? "" : today;
  start.dataset.preset = preset;
};
// The other presets load the page again, with their dates.
const known = ["today", "last-7-days", "last-30-days", "this-month", "all"];
document.addEventListener("click", (event) => {
  if (event.defaultPrevented) return;
  const preset = event.target.closest("[name=preset]");
  const opener = event.target.closest(".date-range__open");
  if (known.includes(preset?.value)) {
    event.preventDefault();
    fillIn(preset.value);
  } else if (opener) {
    const [start, end] = [byId("start-date"), byId("end-date")];
    const field = start.value && !end.value ? end : start;
    field.focus();
    try {
      field.showPicker();
    } catch {
      replayed.add(opener);
    }
  }
});
document.addEventListener("keydown", (event) => {
  const picker = event.key === "Escape" && event.target.closest("details.picker[open]");
  if (!picker) return;
  picker.open = false;
  picker.querySelector("summary").focus();
});
for (const type of ["dragover", "drop"]) {
  document.addEventListener(type, (event) => {
    const zone = event.target.closest?.(".drop");
    if (event.defaultPrevented || !zone) return;
    event.preventDefault();
    // The page verifies the chosen file when it is hydrated.
    if (type === "drop") zone.querySelector("input").files = event.dataTransfer.files;
  });
}
new MutationObserver(() => {
  for (const button of replayed) button.click();
  replayed.clear();
}).observe(document, { subtree: true, attributeFilter: ["data-hydrated"] });
const load = async () => {
  // The path of the public address, which the server adds to the document.
  const files = (document.documentElement.dataset.base ?? "") + "PKG";
  const wasm = fetch(`${files}.wasm`);
  const page = await import(`${files}.js`);
  await page.default({ module_or_path: wasm });
  page.hydrate();
};
const afterFrame = () => requestAnimationFrame(() => requestAnimationFrame(load));
addEventListener("DOMContentLoaded", () => (document.hidden ? load() : afterFrame()));
