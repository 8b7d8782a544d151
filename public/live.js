// Keeps the exports on the page up to date: on the export page and in the history, whichever tab, script or server runs them.
// All tabs of a browser share one connection: the visible tab that holds the lock has it, and passes on what it receives.
// Pages over plain HTTP from another machine have no locks: there each visible tab has a connection of its own.
const { events: address, waits, newer, limit } = document.querySelector("script[data-events]").dataset;
const RECONNECT_MILLISECONDS = 10_000;
const REFRESH_GAP_MILLISECONDS = 500;
const language = document.documentElement.lang;
const shared = navigator.locks && self.BroadcastChannel ? new BroadcastChannel("exports") : null;
const ownRunning = new Set();
// What was not announced yet, by the ids of the exports.
const ended = new Map();
let source, timer, waiting, release, refreshing;
let isLeader = false;
let isConnected = false;

// ---- The connection ----

const send = (message) => {
  receive(message);
  shared?.postMessage(message);
};

const close = () => {
  clearTimeout(timer);
  source?.close();
};

const open = () => {
  close();
  source = new EventSource(address);
  for (const type of ["snapshot", "update"]) {
    source.addEventListener(type, ({ data }) => send({ type, exports: JSON.parse(data) }));
  }
  source.onerror = () => {
    send({ type: "lost" });
    // After a broken connection the browser connects again, but not after a refusal.
    if (source.readyState === EventSource.CLOSED) timer = setTimeout(retry, RECONNECT_MILLISECONDS);
  };
};

const retry = async () => {
  const response = await fetch(address, { method: "HEAD" }).catch(() => null);
  // Without a session there is nothing to follow.
  if (isLeader && response?.status !== 401) open();
};

const lead = () => {
  isLeader = true;
  open();
  return new Promise((resolve) => (release = resolve));
};

const start = () => {
  if (!shared) return lead();
  waiting = new AbortController();
  navigator.locks.request("exports", { signal: waiting.signal }, lead).catch(() => {});
  // Asks the tab that has the connection for a snapshot.
  shared.postMessage({ type: "hello" });
};

const stop = () => {
  waiting?.abort();
  isLeader = false;
  close();
  release?.();
};

// ---- The page ----

const rows = () => [...document.querySelectorAll(".records tbody tr, .recent li")];
const isRunning = (row) => row.querySelector(".state--running") !== null;
const idOf = (row) => row.querySelector("button[name=export]")?.value;
// The times of the page have the offset of the reader, those of records are in UTC.
const startedAt = (row) => Date.parse(row?.querySelector("time")?.dateTime) || 0;

const size = (bytes) => {
  const units = ["kB", "MB", "GB", "TB"];
  let unit = -1;
  for (; bytes >= 1_000 && unit < 3; unit++) bytes /= 1_000;
  const digits = { minimumFractionDigits: 1, maximumFractionDigits: 1 };
  return `${bytes.toLocaleString(language, digits)} ${units[unit]}`;
};

/** Shows the progress of a running export. */
const progress = (row, record) => {
  // Smaller sizes have words.
  if (record.bytes < 1_000) return;
  const count = record.rows.toLocaleString(language);
  const summary = row.querySelector(".recent__size");
  if (summary) {
    summary.textContent = summary.textContent.replace(/^[\d.,]+/, count).replace(/[\d.,]+ \S+$/, size(record.bytes));
  } else {
    const [events, bytes] = row.querySelectorAll(".number");
    events.textContent = count;
    bytes.textContent = size(record.bytes);
  }
};

const parse = async (path) => {
  const response = await fetch(path);
  if (!response.ok) return null;
  // The content security policy would report the styles of a parsed document.
  const html = (await response.text()).replace(/<style[^]*?<\/style>/g, "");
  return new DOMParser().parseFromString(html, "text/html");
};

/** Takes over from the server which exports are listed and how they have ended. */
const refresh = async () => {
  const recent = document.querySelector(".recent");
  const note = (row) => {
    // Not the hidden words before the selection.
    const selection = row.querySelector("a, .selection, span").lastChild.textContent;
    ended.set(row.dataset.export, `${selection}: ${row.querySelector(".state").textContent}`);
  };
  if (recent) {
    const current = (await parse(location.pathname))?.querySelector(".recent");
    if (!current) return;
    const running = new Set(rows().filter(isRunning).map((row) => row.dataset.export));
    const focused = document.activeElement?.id;
    recent.innerHTML = current.innerHTML;
    rows().filter((row) => !isRunning(row) && running.has(row.dataset.export)).forEach(note);
    if (focused) (document.getElementById(focused) ?? recent.querySelector("a"))?.focus();
  } else {
    // A filter may no longer select an export that has ended.
    const pages = [await parse(location.href), await parse(location.pathname)];
    for (const row of rows().filter(isRunning)) {
      const id = row.dataset.export;
      const current = pages.map((page) => page?.querySelector(`tr[data-export="${id}"]`)).find(Boolean);
      if (!current) continue;
      const hadFocus = row.contains(document.activeElement);
      // The last cell has links and buttons with behaviour.
      [...row.cells].slice(0, -1).forEach((cell, index) => (cell.innerHTML = current.cells[index].innerHTML));
      // Such a button would need the page's WASM.
      row.querySelector(".copyable button:not([data-copies])")?.remove();
      if (isRunning(current) && idOf(current)) continue;
      row.querySelector("button[name=export]")?.closest("form").remove();
      if (hadFocus) row.querySelector("a")?.focus();
      if (!isRunning(current)) note(row);
    }
  }
  announce();
};

/** Announces the ends of exports, except for those that the page runs: it does so itself. Waits until
    its exports have ended, because a short one may end before the page has its response, and with it its id. */
const announce = () => {
  if (document.querySelector(".jobs:not([hidden])")) return;
  const others = [...ended].filter(([id]) => !document.body.dataset.exports?.includes(id));
  ended.clear();
  if (others.length) news.textContent = others.map(([, text]) => text).join(". ");
};

/** Refreshes the page soon, and not more often than is readable. */
const refreshSoon = () => {
  refreshing ??= setTimeout(async () => {
    await refresh().catch(() => {});
    refreshing = undefined;
  }, REFRESH_GAP_MILLISECONDS);
};

/** Says below the form why the button cannot start another export, unless the page's own line says it. */
const showWaits = () => {
  const card = document.querySelector(".card--action");
  const own = card?.querySelector(".export-waits:not([hidden])")?.textContent;
  if (card && !card.contains(wait)) card.append(wait);
  wait.textContent = ownRunning.size >= Number(limit) && !own ? waits : "";
};

/** Takes over a message of the server, from this tab's connection or another one's. */
const receive = ({ type, exports = [] }) => {
  isConnected = type !== "lost";
  if (type !== "update") ownRunning.clear();
  const listed = rows();
  for (const { mine, export: record } of exports) {
    const isLive = record.state === "running";
    if (mine && isLive) ownRunning.add(record.id);
    else ownRunning.delete(record.id);
    const row = listed.find((row) => row.dataset.export === record.id);
    if (row && isRunning(row) && isLive && !record.cancel_requested === Boolean(idOf(row))) progress(row, record);
    else if (row ? isRunning(row) : mine && isListedHere && startedAt(listed[0]) <= Date.parse(record.started_at)) refreshSoon();
    else if (!row && isNewestPage && startedAt(listed[0]) < Date.parse(record.started_at)) offerNewer();
  }
  // An export that was running and is not in a snapshot has ended.
  const isGone = (row) => isRunning(row) && !exports.some(({ export: { id } }) => id === row.dataset.export);
  if (type === "snapshot" && listed.some(isGone)) refreshSoon();
  showWaits();
};

const offerNewer = () => {
  const table = document.querySelector(".records")?.closest(".card");
  if (!table || document.querySelector(".newer")) return;
  const link = document.createElement("a");
  link.href = location.pathname;
  link.textContent = newer;
  link.className = "newer";
  table.before(link);
};

const line = (className) => {
  const element = document.createElement("p");
  element.className = className;
  element.setAttribute("role", "status");
  return element;
};

const isListedHere = document.querySelector(".recent") !== null;
const isNewestPage = !isListedHere && !location.search;
const wait = line("hint export-waits-elsewhere");
const news = line("visually-hidden");

/** Cancels an export without leaving the page, which may have exports of its own. */
const cancel = async (event) => {
  const button = event.submitter;
  if (button?.name !== "export" || !isConnected) return;
  event.preventDefault();
  button.disabled = true;
  const response = await fetch(`${address.replace(/events$/, button.value)}/cancel`, { method: "POST" }).catch(() => null);
  button.disabled = false;
  // The server's page says what is wrong. An export that has ended (409) is shown as such.
  if (response?.ok || response?.status === 409) refreshSoon();
  else button.form.submit();
};

/** Begins once the page is hydrated: until then, its parts must be as the server has sent them. */
const begin = () => {
  if (!("hydrated" in document.body.dataset)) return setTimeout(begin, 100);
  document.body.append(news);
  const jobs = document.querySelector(".jobs");
  if (jobs) new MutationObserver(announce).observe(jobs, { attributeFilter: ["hidden"] });
  document.addEventListener("submit", cancel);
  if (shared) {
    shared.onmessage = ({ data }) => {
      if (data.type !== "hello") receive(data);
      else if (isLeader) open();
    };
  }
  document.addEventListener("visibilitychange", () => (document.hidden ? stop() : start()));
  if (!document.hidden) start();
};
begin();
