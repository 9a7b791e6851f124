"""Numbers of documents: one locked row per series, 1…n without gap (reliability 33)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import audit
from billing_portal.kernel.errors import require
from billing_portal.tenancy.models import Reseller
from invoicing.models import Document, Series
from rateplans.models import BillingTerms

FALLBACK = "INV"
LETTERS = 3
DIGITS = 4
KIND_LETTERS: dict[str, str] = {Document.DocumentKind.RECEIPT: "R", Document.DocumentKind.CREDIT_NOTE: "C"}


def series_name(terms: BillingTerms, seller: Reseller, issued_on: date, kind: str = Document.DocumentKind.INVOICE) -> str:
    """The series of a document of that day: the reseller's prefix, the year, and a letter for each kind but invoices, "ACM-2026-" and "ACM-2026-R".

    No prefix of invoices can make the name of another kind's series, because theirs end in the year and a dash.
    """
    return f"{terms.document_prefix or default_prefix(seller.name)}-{issued_on.year}-{KIND_LETTERS.get(kind, '')}"


def default_prefix(name: str) -> str:
    """Without a prefix of its own a reseller numbers by the letters of its name: "Acme" ACM, "Harbour Voice" HV."""
    words = ["".join(letter for letter in word if letter.isalnum()) for word in name.split()]
    words = [word for word in words if word]
    if not words:
        return FALLBACK
    return (words[0][:LETTERS] if len(words) == 1 else "".join(word[0] for word in words[:LETTERS])).upper()


def take(names: Sequence[str]) -> list[tuple[Series, int]]:
    """The next number of each named series, in this order. The series stay locked until the transaction ends, so this comes last in it."""
    wanted = Counter(names)
    Series.objects.bulk_create([Series(name=name) for name in sorted(wanted)], ignore_conflicts=True)
    series = {row.name: row for row in Series.objects.select_for_update().filter(name__in=wanted).order_by("name")}
    taken = []
    for name in names:
        taken.append((series[name], series[name].next_number))
        series[name].next_number += 1
    Series.objects.bulk_update(series.values(), ["next_number"])
    return taken


def number(series: Series, sequence: int) -> str:
    """ "ACM-2026-0001", "ACM-2026-R0001"."""
    return f"{series.name}{sequence:0{DIGITS}}"


@transaction.atomic
def skip(name: str, *, past: int, actor: Actor, at: datetime) -> int:
    """Never give a series' numbers up to `past` out again, because customers hold them already: after a restore (reliability 97). The next number.

    The gap is wanted, so it is written into the audit trail. Raises `number_was_given` when the series is past it.
    """
    series = Series.objects.select_for_update().get_or_create(name=name)[0]
    said = _("The next number of %(name)s is %(next)d already.") % {"name": name, "next": series.next_number}
    require(series.next_number <= past, "number_was_given", said)
    changes = {"next number": (series.next_number, past + 1)}
    series.next_number = past + 1
    series.save(update_fields=["next_number"])
    audit.record(actor, "series.skipped", subject=("series", series.pk, name), changes=changes, at=at)
    return series.next_number
