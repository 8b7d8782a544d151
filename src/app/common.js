// The value of a field is copied by its button.
document.addEventListener("click", async ({ target }) => {
  const button = target.closest("[data-copies]");
  if (!button) return;
  const field = document.getElementById(button.dataset.copies);
  const status = button.nextElementSibling;
  try {
    await navigator.clipboard.writeText(field.value);
    status.textContent = button.dataset.copied;
  } catch {
    // Browsers offer no clipboard to pages that came over plain HTTP from another machine.
    field.select();
    status.textContent = button.dataset.selected;
  }
});
// The link to this page is in view, where the navigation is a line that scrolls.
document.addEventListener("DOMContentLoaded", () => {
  const current = document.querySelector("nav [aria-current]");
  const line = current?.parentElement;
  if (line) line.scrollLeft = current.offsetLeft - (line.clientWidth - current.offsetWidth) / 2;
});
// The browser submits a form or follows a link once for a double click. A form can be submitted again later.
const sent = new WeakSet();
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented) return;
  const form = event.target;
  if (sent.has(form)) return event.preventDefault();
  sent.add(form);
  setTimeout(() => sent.delete(form), 2_000);
});
document.addEventListener("click", (event) => {
  if (event.detail > 1 && event.target.closest("a")) event.preventDefault();
});
