// What pages do beyond reading and posting. Everything works without it.

const FIELDS = "input, textarea, select, [contenteditable]";
const said = document.getElementById("bp-said");
const wait = (ms) => new Promise((done) => setTimeout(done, ms));
const remembered = (key) => {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
};
const remember = (key, value) => {
  try {
    localStorage.setItem(key, value);
  } catch {
    // storage may be forbidden; the choice then lasts as long as the page
  }
};

/* theme */
document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-theme]")) return;
  const root = document.documentElement;
  const dark = root.dataset.bsTheme ? root.dataset.bsTheme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.bsTheme = dark ? "light" : "dark";
  remember("theme", root.dataset.bsTheme);
});

/* menus: details elements that close on Escape and on a click elsewhere */
const openMenus = () => [...document.querySelectorAll("details.bp-menu[open], details.bp-why[open]")];
let closing = false; // a click that closes a menu does nothing else
document.addEventListener("click", (event) => {
  const left = openMenus().filter((menu) => !menu.contains(event.target));
  closing = left.length > 0;
  for (const menu of left) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of openMenus()) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
  if (location.hash === "#menu") location.hash = "#main";
});
// A menu in the last rows opens upwards when there is no room below it.
document.addEventListener(
  "toggle",
  (event) => {
    const menu = event.target;
    if (!(menu instanceof HTMLDetailsElement) || !menu.classList.contains("bp-menu") || menu.classList.contains("bp-me-menu")) return;
    menu.classList.remove("bp-upward");
    if (!menu.open) return;
    const sheet = menu.querySelector(".bp-sheet");
    if (sheet && sheet.getBoundingClientRect().bottom > innerHeight && menu.getBoundingClientRect().top > sheet.offsetHeight + 60) menu.classList.add("bp-upward");
  },
  true,
);

/* single-key shortcuts, which can be turned off on the help page */
const shortcutsOn = () => remembered("shortcuts") !== "off";
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || !shortcutsOn() || event.target.closest(FIELDS)) return;
  const go = { "/": focusSearch, n: () => document.querySelector("[data-new]")?.click(), "?": () => location.assign(document.body.dataset.helpUrl) }[event.key];
  if (!go || !document.body.dataset.helpUrl) return;
  event.preventDefault();
  go();
});
function focusSearch() {
  const box = document.getElementById("search");
  if (box?.checkVisibility()) box.focus();
  else location.assign(document.body.dataset.searchUrl);
}
for (const box of document.querySelectorAll("[data-shortcuts]")) {
  box.checked = shortcutsOn();
  box.addEventListener("change", () => remember("shortcuts", box.checked ? "on" : "off"));
}

/* rows that lead where their first link leads */
document.addEventListener("click", (event) => {
  const row = event.target.closest("tr[data-row-link]");
  if (!row || closing || event.target.closest("a, button, label, summary, details, " + FIELDS) || String(getSelection())) return;
  const link = row.querySelector("a[href]");
  if (!link) return;
  if (event.ctrlKey || event.metaKey) window.open(link.href, "_blank", "noopener");
  else link.click();
});

/* select all rows of the page */
document.addEventListener("change", (event) => {
  const table = event.target.closest("table");
  if (!table || event.target.type !== "checkbox") return;
  const all = table.querySelector("[data-select-all]");
  const boxes = [...table.querySelectorAll("tbody input[type=checkbox]")];
  if (event.target === all) for (const box of boxes) box.checked = all.checked;
  const chosen = boxes.filter((box) => box.checked);
  for (const box of boxes) box.closest("tr").setAttribute("aria-selected", String(box.checked));
  if (all) {
    all.checked = chosen.length > 0 && chosen.length === boxes.length;
    all.indeterminate = chosen.length > 0 && chosen.length < boxes.length;
  }
  const bar = document.querySelector(".bp-bulk");
  if (bar) {
    bar.hidden = chosen.length === 0;
    const count = bar.querySelector("[data-count]");
    if (count) count.textContent = String(chosen.length);
  }
});

/* copy buttons */
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
  } catch {
    const field = document.createElement("textarea");
    field.value = button.dataset.copy;
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
    button.focus();
  }
  button.classList.add("bp-copied");
  if (said) said.textContent = "Copied";
  await wait(1600);
  button.classList.remove("bp-copied");
  if (said) said.textContent = "";
});

/* tabs and chips that are wider than the screen show the current one */
for (const current of document.querySelectorAll(".bp-tabs [aria-current], .bp-chips [aria-current]")) {
  const strip = current.parentElement;
  const hidden = current.getBoundingClientRect().right - strip.getBoundingClientRect().right;
  if (hidden > 0) strip.scrollLeft += hidden + 16;
}

/* the section of a long page that is being read */
const index = document.querySelector(".bp-index");
if (index && "IntersectionObserver" in window) {
  const links = new Map([...index.querySelectorAll("a[href^='#']")].map((link) => [link.hash.slice(1), link]));
  const seen = new Set();
  const watch = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) seen[entry.isIntersecting ? "add" : "delete"](entry.target.id);
      const current = [...links.keys()].find((id) => seen.has(id));
      if (!current) return;
      for (const [id, link] of links) {
        if (id === current) link.setAttribute("aria-current", "true");
        else link.removeAttribute("aria-current");
      }
    },
    { rootMargin: "-80px 0px -60% 0px" },
  );
  for (const id of links.keys()) {
    const part = document.getElementById(id);
    if (part) watch.observe(part);
  }
}
