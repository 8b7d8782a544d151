// What a script adds to pages that need none: buttons that copy what a field holds, and that tick many boxes at once.
document.addEventListener("click", async ({ target }) => {
  const copies = target.closest("[data-copies]");
  if (copies) {
    const field = document.getElementById(copies.dataset.copies);
    const told = copies.nextElementSibling;
    try {
      await navigator.clipboard.writeText(field.value);
      told.textContent = copies.dataset.copied;
    } catch {
      // Over plain HTTP from another machine there is no clipboard for pages.
      field.select();
      told.textContent = copies.dataset.selected;
    }
  }
  const ticks = target.closest("[data-ticks]");
  if (ticks) {
    for (const box of document.querySelectorAll(`input[type=checkbox][name=${ticks.dataset.ticks}]`)) {
      box.checked = "on" in ticks.dataset;
    }
  }
});
// The server only guesses whether a page was opened over HTTPS.
for (const notice of document.querySelectorAll("[data-https]")) notice.hidden = location.protocol === "https:";
// Who clicks everything twice sends a form once. Sending it again later, because nothing came of it, is possible.
const sent = new WeakSet();
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (sent.has(form)) return event.preventDefault();
  sent.add(form);
  setTimeout(() => sent.delete(form), 2_000);
});
// For tests: from here on, the page answers to clicks.
document.body.dataset.hydrated = "";
