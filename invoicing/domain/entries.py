"""Charges, credits and adjustments written by hand (semantics 5)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.db import models, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import audit
from billing_portal.kernel import money
from billing_portal.kernel.errors import require
from billing_portal.tenancy.models import new_id
from customers.domain import caps, ledger, once, standing
from customers.models import AccountKind, Customer, Kind, Standing, Transfer
from invoicing.domain import payments


class Entry(models.TextChoices):
    """What somebody may write by hand; an adjustment goes either way and is never taxed."""

    CHARGE = "charge", gettext_lazy("Charge")
    CREDIT = "credit", gettext_lazy("Credit")
    RAISE = "raise", gettext_lazy("Adjustment, up")
    LOWER = "lower", gettext_lazy("Adjustment, down")


class Scope(models.TextChoices):
    """For what it is: which taxes are on it (semantics 7)."""

    CHARGE = "charge", gettext_lazy("Other charges")
    PRODUCT = "product", gettext_lazy("Products")
    FEE = "fee", gettext_lazy("Account fees")
    FEATURE = "feature", gettext_lazy("Features")
    CALL = "call", gettext_lazy("Calls")


KINDS = {Entry.CHARGE: Kind.CHARGE, Entry.CREDIT: Kind.CREDIT, Entry.RAISE: Kind.ADJUSTMENT, Entry.LOWER: Kind.ADJUSTMENT}
TAKES = (Entry.CHARGE, Entry.LOWER)
CHARGED = (Scope.CHARGE, Scope.PRODUCT)


@transaction.atomic
def write(customer: Customer, entry: str, amount: Decimal, *, note: str, actor: Actor, at: datetime, key: str, scope: str = Scope.CHARGE) -> Transfer:
    """Charge or credit a customer, or adjust its balance; on the receivable it is a line of the next document, taxed by its scope (semantics 5, 10).

    `amount` is net, above 0, in the customer's currency and minor unit; `note` is what the customer reads. A wallet pays only what it may spend.
    The same `key` again answers with what stands. Raises `note_missing`, `scope_unknown`, `amount_not_positive`, `amount_too_fine`, `key_reused`,
    `taken_back`, `no_funds`, and above the actor's cap what `caps.require_amount` raises.
    """
    payments.check_amount(amount, customer.currency)
    require(note.strip(), "note_missing", _("Write what this is for; the customer reads it."), "note")
    wanted = Entry(entry)
    require(wanted != Entry.CHARGE or scope in CHARGED, "scope_unknown", _("A charge is for a product or for something else."), "scope")
    row = standing.lock(customer)
    kind, known = KINDS[wanted], Transfer.objects.filter(key=_key(key)).first()
    once.same(_key(key), customer.pk, entry, amount, note.strip(), scope, stands=known is not None)
    if known is not None:
        once.require_standing(known)
        return known
    caps.require_amount(actor, amount, customer.currency, at=at)
    if wanted in TAKES:
        _require_funds(kind, row, amount, customer)
    signed = -amount if wanted == Entry.LOWER else amount
    about = ("adjustment" if kind == Kind.ADJUSTMENT else Scope(scope).value, new_id())
    made = ledger.post(kind, customer, signed, at=at, actor=actor, key=_key(key), note=note.strip(), about=about)
    said = {"amount": ("", money.text(amount, customer.currency)), "entry": ("", str(wanted.label))}
    subject = ("customer", customer.pk, customer.name)
    audit.record(actor, "entry.written", subject=subject, customer_id=customer.pk, changes=said, note=note.strip(), at=at)
    return made


def _key(key: str) -> str:
    return f"entry:{key}"


def _require_funds(kind: Kind, row: Standing, amount: Decimal, customer: Customer) -> None:
    """What is owed may always grow; a wallet pays only what is there with its credit limit, live calls not counted."""
    available = row.available
    if ledger.account_of(kind, row.billing_type) != AccountKind.WALLET or available is None:
        return
    there = money.text(money.to_minor(max(available, Decimal(0)), customer.currency), customer.currency)
    require(amount <= available, "no_funds", _("The balance allows %(amount)s.") % {"amount": there}, "amount")
