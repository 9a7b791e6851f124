"""Tags and filters of our pages: icons, fields, amounts, times. Components live in `templates/components/`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, cast

from django import template
from django.forms import BaseForm, BoundField, CheckboxInput, CheckboxSelectMultiple, RadioSelect, Select
from django.template import Context
from django.template.base import Parser, Token
from django.template.defaulttags import CsrfTokenNode
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from billing_portal.web import display, icons, registry
from billing_portal.web.forms import ChoiceCards, MoneyField
from billing_portal.web.history import Event
from billing_portal.web.listing import SIZES, Listing
from billing_portal.web.viewer import ANONYMOUS, Viewer

register = template.Library()

NOTICE_ICONS = {"info": "info-circle", "good": "circle-check", "warn": "alert-triangle", "bad": "alert-circle"}
CRUMBS = "crumbs begun"
MESSAGE_KINDS = {"success": "good", "warning": "warn", "error": "bad"}


# --- icons and forms ---------------------------------------------------------------------------------------------------
@register.simple_tag
def icon(name: str, size: str = "") -> SafeString:
    return icons.drawn(name, size)


class FramedCsrfNode(CsrfTokenNode):
    """Django's token, and beside it the frame the form is drawn in (semantics 34), so that no form can forget it.

    A form that goes to an address with a customer's account number adds the customer's id: the number may have become another's when it comes.
    """

    def render(self, context: Context) -> str:
        viewer: Viewer = context.get("viewer") or ANONYMOUS
        if not viewer.signed_in:
            return super().render(context)
        held = [("frame", viewer.frame)]
        customer, goes_to = context.get("customer"), str(context.get("goes_to") or getattr(context.get("request"), "path", ""))
        if customer is not None and f"/{customer.account_number}/" in goes_to:
            held.append(("drawn_for", str(customer.pk)))
        return super().render(context) + format_html_join("", '<input type="hidden" name="{}" value="{}">', held)


@register.tag
def csrf_token(parser: Parser, token: Token) -> FramedCsrfNode:
    return FramedCsrfNode()


@register.inclusion_tag("components/error_summary.html")
def error_summary(*forms: BaseForm) -> dict[str, Any]:
    """What to correct, each with a link to its field."""
    shown = [form for form in forms if form.is_bound and form.errors]
    fields = [bound for form in shown for bound in form if bound.errors]
    general = [error for form in shown for error in form.non_field_errors()]
    return {"fields": fields, "general": general, "count": len(fields) + len(general)}


@register.inclusion_tag("components/field.html")
def field(bound: BoundField, **options: Any) -> dict[str, Any]:
    """A field with its label, hint, error and unit. Options: wide, label, hint, unit, check (an address), optional."""
    inner = bound.field
    hint = options.get("hint", bound.help_text)
    check = options.get("check", "")
    attrs: dict[str, Any] = {"data-check-url": check} if check else {}
    described = [f"{bound.auto_id}_helptext"] * bool(hint) + [f"{bound.auto_id}_error"] * bool(bound.errors) + [f"{bound.auto_id}_check"] * bool(check)
    attrs["aria-describedby"] = " ".join(described) or None
    return {
        "bound": bound,
        "kind": kind_of(bound),
        "control": bound.as_widget(attrs={name: value for name, value in attrs.items() if value}),
        "label": options.get("label", bound.label),
        "hint": hint,
        "unit": options.get("unit", getattr(inner, "currency", "") if isinstance(inner, MoneyField) else ""),
        "wide": options.get("wide", False),
        "check": check,
        "optional": options.get("optional", kind_of(bound) == "input" and not inner.required and not isinstance(inner.widget, Select)),
    }


def kind_of(bound: BoundField) -> str:
    widget = bound.field.widget
    if isinstance(widget, ChoiceCards):
        return "cards"
    if isinstance(widget, RadioSelect | CheckboxSelectMultiple):
        return "choices"
    return "checkbox" if isinstance(widget, CheckboxInput) else "input"


@register.simple_tag
def card_hint(bound: BoundField, value: object) -> str:
    """The line under a choice drawn as a card."""
    hints: Mapping[str, Any] = getattr(bound.field.widget, "hints", {})
    return str(hints.get(str(value), ""))


# --- page furniture ----------------------------------------------------------------------------------------------------
@register.simple_tag(takes_context=True)
def crumb(context: Context, label: object, url_name: str = "", *args: Any, **kwargs: Any) -> SafeString:
    """A step of the breadcrumb: first the group of the menu, then links, at last, without an address, the current page."""
    first = not context.render_context.get(CRUMBS)
    context.render_context[CRUMBS] = True
    if url_name:
        return format_html('<li><a href="{}">{}</a></li>', reverse(url_name, args=args, kwargs=kwargs), label)
    return format_html("<li>{}</li>" if first else '<li aria-current="page">{}</li>', label)


@register.inclusion_tag("components/chips.html")
def chips(listing: Listing, everything: str = "All", label: str = "By status") -> dict[str, Any]:
    return {"chips": listing.shown_chips(everything), "label": label}


@register.inclusion_tag("components/list_tools.html")
def list_tools(listing: Listing, placeholder: str, label: str = "Search this list") -> dict[str, Any]:
    """The search box of a list, keeping chip and order."""
    kept = {name: value for name, value in listing.state().items() if name != "q"}
    return {"listing": listing, "placeholder": placeholder, "label": label, "kept": kept}


@register.simple_tag
def sort_head(listing: Listing, name: str, label: str, right: bool = False, roomy: bool = False) -> SafeString:
    """The head of a column that sorts."""
    css = " ".join(["bp-r"] * right + ["bp-roomy"] * roomy)
    sorted_ = format_html(' aria-sort="{}"', "descending" if listing.descending else "ascending") if listing.sort == name else ""
    class_ = format_html(' class="{}"', css) if css else ""
    return format_html('<th scope="col"{}{}><a href="{}">{}</a></th>', class_, sorted_, listing.query_for_sort(name), label)


@register.inclusion_tag("components/pager.html")
def pager(listing: Listing) -> dict[str, Any]:
    page = listing.page
    numbers = page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)
    links = [(str(number), listing.query(page=number) if isinstance(number, int) else "", number == page.number) for number in numbers]
    return {
        "page": page,
        "links": links,
        "previous": listing.query(page=page.previous_page_number()) if page.has_previous() else "",
        "next": listing.query(page=page.next_page_number()) if page.has_next() else "",
        "sizes": [(size, size == listing.size) for size in SIZES],
        "kept": {name: value for name, value in listing.state().items() if name != "size"},
        "several": page.paginator.count > SIZES[0],
    }


@register.inclusion_tag("components/empty_state.html")
def empty_state(title: str, text: str = "", url: str = "", action: str = "") -> dict[str, Any]:
    return {"title": title, "text": text, "url": url, "action": action, "icon": "plus"}


@register.inclusion_tag("components/empty_state.html")
def no_match(listing: Listing) -> dict[str, Any]:
    return {"title": display.NO_MATCH, "text": display.NO_MATCH_TEXT, "url": "?", "action": display.CLEAR, "icon": ""}


@register.simple_tag
def state(kind: str, label: object) -> SafeString:
    """A state in a word: good is a dot, warn and bad are pills, off has a lock, now moves, plain is grey."""
    css = f" bp-state-{kind}" if kind != "plain" else ""
    return format_html('<span class="bp-state{}">{}{}</span>', css, icons.drawn("lock", "s") if kind == "off" else "", label)


@register.inclusion_tag("components/customer_tabs.html", takes_context=True)
def customer_tabs(context: Context, account: str, current: str) -> dict[str, Any]:
    viewer: Viewer = context["viewer"]
    return {"tabs": [(tab.label, reverse(tab.url_name, kwargs={"account": account}), tab.url_name == current) for tab in registry.customer_tabs.of(viewer)]}


@register.inclusion_tag("components/history.html", takes_context=True)
def history(context: Context, events: Sequence[Event]) -> dict[str, Any]:
    return {"events": events, "zone": context["viewer"].zone}


@register.inclusion_tag("components/meter.html")
def meter(value: Decimal | int, maximum: Decimal | int, label: str, kind: str = "") -> dict[str, Any]:
    return {"value": max(value, 0), "max": maximum, "label": label, "kind": kind}


@register.inclusion_tag("components/runbar.html")
def runbar(total: int, done: int, failed: int = 0, skipped: int = 0) -> dict[str, Any]:
    """How far a job is: done, failed, skipped and left, also in words."""
    return {
        "total": max(total, 1),
        "done": done,
        "failed": failed,
        "skipped": skipped,
        "left": max(total - done - failed - skipped, 0),
        "skip_x": done + failed,
    }


@register.inclusion_tag("components/post_button.html", takes_context=True)
def post_button(context: Context, url: str, label: str, **options: Any) -> dict[str, Any]:
    """A button that posts: options icon, kind (primary, danger, quiet), small, name, value, confirm."""
    css = {"primary": " btn-primary", "danger": " bp-danger", "quiet": " bp-quiet"}.get(options.get("kind", ""), "")
    return _posting(context, url, label, options, f"btn{css}{' btn-sm' if options.get('small') else ''}", "s" if options.get("small") else "")


@register.inclusion_tag("components/post_button.html", takes_context=True)
def post_item(context: Context, url: str, label: str, **options: Any) -> dict[str, Any]:
    """The same as an entry of a menu."""
    return _posting(context, url, label, options, f"bp-item{' bp-danger' if options.get('danger') else ''}", "")


def _posting(context: Context, url: str, label: str, options: Mapping[str, Any], css: str, size: str) -> dict[str, Any]:
    shared = {name: context.get(name) for name in ("csrf_token", "request", "customer")} | {"viewer": context.get("viewer") or ANONYMOUS}
    given = {name: options.get(name, "") for name in ("icon", "name", "value", "confirm")}
    return {**shared, **given, "url": url, "goes_to": url, "label": label, "css": css, "size": size}


@register.inclusion_tag("components/copy.html")
def copy(text: str, label: str = "Copy") -> dict[str, Any]:
    return {"text": text, "label": label}


@register.simple_block_tag
def notice(content: str, kind: str = "info", link: str = "", label: str = "") -> str:
    """Something to know, where it concerns: info, good, warn or bad, with at most one link."""
    values = {"inner": content, "kind": kind, "link": link, "label": label, "icon": NOTICE_ICONS[kind], "role": "alert" if kind == "bad" else "status"}
    return render_to_string("components/notice.html", values)


@register.simple_block_tag(takes_context=True)
def post_form(context: Context, content: str, form: BaseForm) -> str:
    """A form that is sent to the page it stands on: its token and hidden fields, and what to correct before the fields."""
    held = cast("dict[str, Any]", context.flatten())
    return render_to_string("components/post_form.html", held | {"inner": content, "form": form})


@register.simple_block_tag
def row_menu(content: str, label: str) -> str:
    """The menu of a row, named for what the row is."""
    return render_to_string("components/row_menu.html", {"inner": content, "label": label})


# --- amounts, times, numbers -------------------------------------------------------------------------------------------
@register.filter
def message_kind(tags: str) -> str:
    return next((MESSAGE_KINDS[tag] for tag in tags.split() if tag in MESSAGE_KINDS), "info")


@register.filter
def money(value: object, currency: str) -> str:
    """An amount with its code, as figures that line up."""
    number = display.as_decimal(value)
    return "–" if number is None else display.with_code(display.amount(number, currency), currency)


@register.filter
def amount(value: object, currency: str) -> str:
    number = display.as_decimal(value)
    return "–" if number is None else format_html('<span class="bp-money">{}</span>', display.amount(number, currency))


@register.filter
def exact_money(value: object, currency: str) -> str:
    """An amount to its last digit, with its code."""
    number = display.as_decimal(value)
    return "–" if number is None else display.with_code(display.exact_amount(number, currency), currency)


@register.filter
def margin(value: object, currency: str) -> str:
    number = display.as_decimal(value)
    return "–" if number is None else display.with_code(display.margin(number), currency)


@register.filter
def rate(value: object, currency: str = "") -> str:
    number = display.as_decimal(value)
    if number is None:
        return "–"
    text = display.price(number)
    return display.with_code(text, currency) if currency else format_html('<span class="bp-money">{}</span>', text)


@register.filter
def balance(value: object, currency: str) -> str:
    """A signed balance and, under it, owes, has or settled."""
    number = display.as_decimal(value)
    if number is None:
        return "–"
    return format_html("{}<small>{}</small>", display.with_code(display.exact_amount(number, currency), currency), display.owing(number, currency))


@register.filter
def owing(value: object, currency: str = "GBP") -> str:
    number = display.as_decimal(value)
    return "" if number is None else display.owing(number, currency)


@register.filter
def local(at: datetime | None, zone: str) -> str:
    return display.short(at, zone, timezone.now()) if at else "–"


@register.filter
def local_moment(at: datetime | None, zone: str) -> str:
    return display.moment(at, zone, timezone.now()) if at else "–"


@register.filter
def local_date(at: datetime | None, zone: str) -> str:
    return display.day_in(at, zone, timezone.now()) if at else "–"


@register.filter
def local_exact(at: datetime | None, zone: str) -> str:
    return display.exact(at, zone) if at else "–"


@register.filter
def local_instant(at: datetime, zone: str) -> str:
    """As an input of date and time holds it."""
    return display.instant(at, zone)


@register.filter
def local_clock(at: datetime | None, zone: str) -> str:
    return display.clock(at, zone) if at else "–"


@register.filter
def day(value: date | None) -> str:
    return display.short_date(value, timezone.now().date()) if value else "–"


@register.filter
def full_day(value: date | None) -> str:
    return display.full_date(value) if value else "–"


@register.filter
def phone(digits: str) -> str:
    return display.number(digits)


@register.filter
def duration(seconds: int | None) -> str:
    return display.duration(seconds) if seconds is not None else "–"


@register.filter
def percent(value: object) -> str:
    number = display.as_decimal(value)
    return "–" if number is None else display.percent(number)


@register.filter
def number(value: int | None) -> str:
    return f"{value:,}" if value is not None else "–"
