// Passkeys: a form with data-passkey asks the browser to make ("create") or to show ("get") one, and posts what it answers.
// What needs a passkey stays hidden where there is no script or no support for them.

const keys = globalThis.webauthnJSON;
const supported = Boolean(keys?.supported());
for (const part of document.querySelectorAll("[data-needs-passkeys]")) part.hidden = !supported;
for (const part of document.querySelectorAll("[data-no-passkeys]")) part.hidden = supported;

async function optionsOf(form) {
  if (form.dataset.options) return JSON.parse(form.dataset.options);
  const answer = await fetch(form.action, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(`the options were answered with ${answer.status}`);
  return answer.json();
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const problem = form.querySelector("[data-passkey-problem]");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    problem.hidden = true;
    try {
      form.elements.answer.value = JSON.stringify(await keys[form.dataset.passkey](await optionsOf(form)));
      form.submit();
    } catch {
      problem.hidden = false; // the person may have said no, or has no passkey here: which of these, the browser does not tell
    }
  });
}
