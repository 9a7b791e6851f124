// The form of a new reseller: short name and host follow the name until somebody writes them. The server does the same for what is left empty.

const { name, short_name: shortName, host, plan, currency } = document.querySelector("form[data-guard]").elements;
const written = new Set([shortName, host].filter((field) => field.value));

for (const field of [shortName, host]) field.addEventListener("input", ({ isTrusted }) => isTrusted && written.add(field));

name.addEventListener("input", () => {
  if (!written.has(shortName)) shortName.value = short(name.value);
  follow();
});
shortName.addEventListener("input", follow);

plan.addEventListener("change", ({ target }) => {
  const code = target.selectedOptions[0]?.dataset.currency;
  if (code) currency.value = code;
  owes();
});
currency.addEventListener("change", owes);

function owes() {
  for (const unit of document.querySelectorAll("form[data-guard] .bp-unit")) unit.textContent = currency.value;
}

function short(text) {
  return text.normalize("NFKD").toLowerCase().replace(/[^a-z0-9]/g, "").replace(/^[0-9]+/, "").slice(0, 41);
}

function follow() {
  if (!written.has(host)) host.value = shortName.value ? `${shortName.value}.${host.dataset.after}` : "";
}
