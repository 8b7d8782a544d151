// Enhancements for pages that work without a script. `src/app/common.js` has those of all pages.
document.addEventListener("click", ({ target }) => {
  const ticks = target.closest("[data-ticks]");
  if (!ticks) return;
  for (const box of boxes(ticks.dataset.ticks)) {
    // Only what the search shows.
    if (!box.closest("[hidden]")) box.checked = "on" in ticks.dataset;
  }
  countBoxes();
});
const boxes = (name) => [...document.querySelectorAll(`input[type=checkbox][name=${name}]`)];
// How many boxes are checked, also those that a search hides.
const countBoxes = () => {
  for (const output of document.querySelectorAll("[data-counts][data-text]")) {
    const count = boxes(output.dataset.counts).filter((box) => box.checked).length;
    output.textContent = output.dataset.text.replace("{}", count.toLocaleString(document.documentElement.lang));
  }
};
document.addEventListener("change", countBoxes);
// A list is searched while its user types, if the server has left out nothing.
for (const form of document.querySelectorAll("form[data-filters][data-complete]")) {
  const field = form.elements.search;
  const rows = [...document.getElementById(form.dataset.filters).querySelectorAll("tbody tr, label.check")];
  const names = rows.map((row) => row.querySelector("th, span").textContent.toLowerCase());
  const filter = () => {
    const search = field.value.trim().toLowerCase();
    rows.forEach((row, index) => (row.hidden = !names[index].includes(search)));
    const found = rows.filter((row) => !row.hidden).length.toLocaleString(document.documentElement.lang);
    form.querySelector("[role=status]").textContent = search && form.dataset.found.replace("{}", found);
  };
  field.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  // The browser may have restored what was typed and checked before.
  addEventListener("pageshow", () => (filter(), countBoxes()));
}
// The server can only guess whether a page was opened over HTTPS.
for (const notice of document.querySelectorAll("[data-https]")) notice.hidden = location.protocol === "https:";
// An upload shows its progress, and the page follows an import without being loaded again.
const FOLLOW_MILLISECONDS = 1_000;
const showImport = (html) => {
  // The content security policy would report the styles of a parsed document.
  const page = new DOMParser().parseFromString(html.replace(/<style[^]*?<\/style>/g, ""), "text/html");
  const next = page.getElementById("import");
  // A session that has ended leads to another page.
  if (!next) return location.reload();
  for (const noscript of next.querySelectorAll("noscript")) noscript.remove();
  document.getElementById("import").replaceWith(next);
  const news = next.querySelector("[data-news] h2, #outcome");
  document.getElementById("import-news").textContent = news?.textContent ?? "";
  followImport();
};
const followImport = () => {
  if (!document.querySelector("[data-running]")) return;
  setTimeout(async () => {
    const response = await fetch(location.pathname).catch(() => null);
    if (response?.ok) showImport(await response.text());
    else followImport();
  }, FOLLOW_MILLISECONDS);
};
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || !form.matches("[data-upload]")) return;
  event.preventDefault();
  const [bar, status, button] = ["progress", "[role=status]", "button"].map((selector) => form.querySelector(selector));
  const isSending = (sending) => {
    button.disabled = sending;
    bar.hidden = !sending;
    status.hidden = false;
  };
  const request = new XMLHttpRequest();
  request.upload.onprogress = ({ loaded, total }) => {
    const percent = Math.floor((loaded / total) * 100);
    bar.value = percent;
    status.textContent = form.dataset.sending.replace("{}", percent);
  };
  request.onload = () => showImport(request.responseText);
  request.onerror = () => {
    isSending(false);
    status.textContent = form.dataset.lost;
  };
  request.open("POST", form.action);
  isSending(true);
  request.send(new FormData(form));
});
followImport();
// Tests wait for this before they click.
document.body.dataset.hydrated = "";
