// Enhancements for pages that work without a script: buttons that copy a field, or check many boxes at once.
document.addEventListener("click", async ({ target }) => {
  const copies = target.closest("[data-copies]");
  if (copies) {
    const field = document.getElementById(copies.dataset.copies);
    const status = copies.nextElementSibling;
    try {
      await navigator.clipboard.writeText(field.value);
      status.textContent = copies.dataset.copied;
    } catch {
      // Browsers offer no clipboard to pages that came over plain HTTP from another machine.
      field.select();
      status.textContent = copies.dataset.selected;
    }
  }
  const ticks = target.closest("[data-ticks]");
  if (ticks) {
    for (const box of document.querySelectorAll(`input[type=checkbox][name=${ticks.dataset.ticks}]`)) {
      box.checked = "on" in ticks.dataset;
    }
  }
});
// The server can only guess whether a page was opened over HTTPS.
for (const notice of document.querySelectorAll("[data-https]")) notice.hidden = location.protocol === "https:";
// A double click submits a form once. It can be submitted again later, if the first request had no effect.
const sent = new WeakSet();
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (sent.has(form)) return event.preventDefault();
  sent.add(form);
  setTimeout(() => sent.delete(form), 2_000);
});
// Tests wait for this before they click.
document.body.dataset.hydrated = "";
