// The form of a customer: free names fill the field, the currency follows the plan, the summary follows the form. Nothing here is needed to save.

const form = document.querySelector("form.bp-form");

for (const button of form.querySelectorAll("[data-fill]")) {
  button.addEventListener("click", (event) => {
    event.preventDefault();
    const field = document.getElementById(button.dataset.fill);
    field.value = button.value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.focus();
  });
}

const told = (name) => form.querySelector(`[data-sum="${name}"]`);
const say = (name, text) => {
  if (told(name)) told(name).textContent = text;
};
const chosen = (select) => select?.selectedOptions[0]?.textContent.trim() ?? "";
const labels = (name) => [...form.querySelectorAll(`[name="${name}"]:checked`)].map((input) => input.closest("label"));

function currency() {
  return form.elements.currency?.value ?? form.querySelector(".bp-unit")?.textContent ?? "";
}

form.elements.plan?.addEventListener("change", ({ target }) => {
  const code = target.selectedOptions[0]?.dataset.currency;
  const { currency } = form.elements;
  if (code && currency && !currency.readOnly) currency.value = code;
});

form.addEventListener("input", summarise);
form.addEventListener("change", summarise);

function summarise() {
  const { account_number, plan, credit_limit, credit_unlimited, daily_limited, daily_limit, time_zone } = form.elements;
  for (const unit of form.querySelectorAll(".bp-unit")) unit.textContent = currency();
  say("account_number", account_number.value || "–");
  say("plan", chosen(plan));
  say("time_zone", chosen(time_zone));
  say("billing_type", labels("billing_type").map((label) => label.querySelector("b")?.textContent ?? "").join());
  say("credit_limit", credit_unlimited.checked ? told("credit_limit")?.dataset.unlimited : `${credit_limit.value} ${currency()}`);
  say("daily_limit", daily_limited.checked && daily_limit.value ? `${daily_limit.value} ${currency()}` : told("daily_limit")?.dataset.none);
  say("taxes", labels("taxes").map((label) => label.textContent.trim()).join("; ") || told("taxes")?.dataset.none);
}
