// Forms: focus on what is wrong, checks when a field is left, a guard for unsaved changes. The server stays the judge.

/* the error summary is read first */
document.querySelector("[data-focus]")?.focus();
for (const link of document.querySelectorAll("[data-focus] a[href^='#']")) {
  link.addEventListener("click", (event) => {
    const part = document.getElementById(link.hash.slice(1));
    const control = part?.matches("input, select, textarea") ? part : part?.querySelector("input, select, textarea");
    if (!control) return;
    event.preventDefault();
    control.focus();
  });
}

/* unsaved changes */
const guarded = [...document.querySelectorAll("form[data-guard]")];
let unsaved = guarded.some((form) => form.querySelector("[data-focus]"));
for (const form of guarded) {
  form.addEventListener("input", () => (unsaved = true));
  form.addEventListener("submit", () => (unsaved = false));
  for (const cancel of form.querySelectorAll("[data-discard]")) cancel.addEventListener("click", () => (unsaved = false));
}
if (guarded.length) {
  addEventListener("beforeunload", (event) => {
    if (unsaved) event.preventDefault();
  });
}

/* one click sends a form once; a page taken from the back-forward cache starts again */
document.addEventListener("submit", (event) => {
  const form = event.target;
  const question = event.submitter?.dataset.confirm;
  if (question && !confirm(question)) {
    event.preventDefault();
    return;
  }
  if (form.method !== "post" || event.defaultPrevented) return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
  setTimeout(() => delete form.dataset.sent, 10000);
});
addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sent;
});

/* selects that act when chosen with the pointer; by keyboard the button beside them does */
let byPointer = false;
document.addEventListener("pointerdown", (event) => (byPointer = Boolean(event.target.closest("select, option"))));
document.addEventListener("keydown", () => (byPointer = false));
for (const select of document.querySelectorAll("select[data-autosubmit]")) {
  select.addEventListener("change", () => {
    if (byPointer && select.form.checkValidity()) select.form.requestSubmit();
  });
}

/* checks when a field is left: never while typing */
for (const field of document.querySelectorAll("[data-check-url]")) {
  let asked = field.value;
  field.addEventListener("input", () => forget(field));
  field.addEventListener("blur", () => {
    if (field.value.trim() && field.value !== asked) check(field);
    asked = field.value;
  });
}

const region = (field) => document.getElementById(`${field.id}_check`);

function forget(field) {
  region(field)?.replaceChildren();
  document.getElementById(`${field.id}_error`)?.replaceChildren();
  field.removeAttribute("aria-invalid");
}

async function check(field) {
  const url = new URL(field.dataset.checkUrl, location.href);
  url.searchParams.set("value", field.value);
  const value = field.value;
  try {
    const answer = await fetch(url, { headers: { Accept: "application/json" }, credentials: "same-origin" });
    if (!answer.ok) return;
    const said = await answer.json();
    if (field.value === value) show(field, said);
  } catch {
    // without an answer nothing is claimed; the server checks at save
  }
}

function show(field, { error = "", suggestions = [] }) {
  forget(field);
  if (!error) return;
  field.setAttribute("aria-invalid", "true");
  const line = document.createElement("p");
  line.className = "bp-error";
  const text = document.createElement("span");
  text.textContent = error;
  line.append(document.getElementById("bp-error-icon").content.cloneNode(true), text);
  region(field).replaceChildren(line);
  if (suggestions.length) region(field).append(offer(field, suggestions));
}

function offer(field, suggestions) {
  const row = document.createElement("p");
  row.className = "bp-suggest";
  row.append("Free: ");
  for (const suggestion of suggestions) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn btn-sm";
    button.textContent = suggestion;
    button.addEventListener("click", () => {
      field.value = suggestion;
      field.dispatchEvent(new Event("input", { bubbles: true }));
      field.focus();
    });
    row.append(button);
  }
  return row;
}
