"""Forms that are filled and sent with the keyboard alone: Tab to each field, words typed into it, Enter on the button."""

from __future__ import annotations

from dataclasses import dataclass, field

from playwright.sync_api import Page, Response, expect

MOST_STOPS = 150
REFUSED = (200, 422)  # the same page once more, which says what to correct

# The button of the first form of the page that asks for something; it is marked, and what stands before the form has the focus.
BEGIN = """() => {
  const main = document.querySelector("main");
  for (const form of main.querySelectorAll("form")) {
    if (form.method !== "post") continue;
    const fields = [...form.elements].filter(each => each.checkVisibility() && each.matches("input, select, textarea"));
    const button = [...form.elements].find(each => each.checkVisibility() && !each.disabled && each.matches("button:not([type=button])"));
    if (!fields.length || !button) continue;
    button.dataset.sends = "yes";
    main.tabIndex = -1;
    main.focus();
    return true;
  }
  return false;
}"""
FOCUSED = """() => {
  const it = document.activeElement, form = document.querySelector("[data-sends]").form;
  if (it.dataset.sends) return "send";
  if (it.form !== form || it.readOnly) return "";
  if (it.matches("select")) return it.value ? "" : "select";
  if (it.matches("[type=checkbox]")) return it.required && !it.checked ? "tick" : "";
  if (it.matches("input, textarea")) return it.value ? "" : it.inputMode === "decimal" || it.inputMode === "numeric" ? "number" : it.type;
  return "";
}"""
TYPED = {
    "number": "1",
    "email": "keys@keys.example",
    "date": "01122026",
    "password": "copper kettle on the hill",
    "url": "https://keys.example/",
    "tel": "+442079460123",
}


@dataclass
class Sent:
    """What came of the forms: pages whose form was saved, pages whose form was refused with what to correct, and what was wrong."""

    saved: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def send(self, page: Page, path: str) -> None:
        """Fill and send the page's form, if it has one."""
        answer = page.goto(path)
        if answer is None or answer.status != 200 or not page.evaluate(BEGIN):
            return
        for _stop in range(MOST_STOPS):
            page.keyboard.press("Tab")
            kind = page.evaluate(FOCUSED)
            if kind == "send":
                self._press(page, path)
                return
            _fill(page, kind)
        self.wrong.append(f"{path}: Tab never comes to the button that sends the form")

    def _press(self, page: Page, path: str) -> None:
        with page.expect_response(lambda response: response.request.method == "POST") as answered:
            page.keyboard.press("Enter")
        if answered.value.request.is_navigation_request():
            page.wait_for_function("!document.querySelector('[data-sends]')")  # the next page is there
            page.wait_for_load_state()
        self._tell(page, path, answered.value)

    def _tell(self, page: Page, path: str, answer: Response) -> None:
        if answer.status in (302, 303) or (answer.status == 200 and not page.locator("main form").count()):
            expect(page.get_by_role("heading", level=1)).to_be_visible()
            self.saved.append(path)
        elif answer.status in REFUSED and page.locator("main :is([role=alert], [aria-invalid=true])").count():
            self.refused.append(path)
        else:
            self.wrong.append(f"{path}: the form was answered {answer.status} and nothing is told")


def _fill(page: Page, kind: str) -> None:
    """Write into what has the focus, as its kind asks."""
    if kind == "select":
        page.keyboard.press("ArrowDown")
    elif kind == "tick":
        page.keyboard.press("Space")
    elif kind not in ("", "file", "radio", "hidden"):
        page.keyboard.type(TYPED.get(kind, "Keys"))
