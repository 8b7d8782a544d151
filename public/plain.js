// Enhancements for pages that work without a script. `src/app/common.js` has those of all pages.
document.addEventListener("click", ({ target }) => {
  const ticks = target.closest("[data-ticks]");
  if (!ticks) return;
  for (const box of document.querySelectorAll(`input[type=checkbox][name=${ticks.dataset.ticks}]`)) {
    box.checked = "on" in ticks.dataset;
  }
});
// The server can only guess whether a page was opened over HTTPS.
for (const notice of document.querySelectorAll("[data-https]")) notice.hidden = location.protocol === "https:";
// Tests wait for this before they click.
document.body.dataset.hydrated = "";
