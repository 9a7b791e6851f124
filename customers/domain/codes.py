"""Account numbers and switch account codes: one namespace within a reseller (contracts, Names). What was given once is nobody's by itself again."""

import re
from collections.abc import Callable
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Exists, IntegerField, OuterRef, TextField
from django.db.models.functions import Cast
from django.utils.translation import gettext as _

from billing_portal.accounts.models import SignInName, User
from billing_portal.kernel.errors import DomainError, require
from billing_portal.kernel.folding import fold, is_plain, is_seen
from customers.models import AccountCode, Customer

FIRST = 100_001
LAST = 999_999
TRIES = 20
SIX_DIGITS = r"^[1-9][0-9]{5}$"
NUMBER = re.compile(r"[0-9]{3,20}")
CODE = re.compile(r"[^\s].{0,59}")

Asked = Callable[[str], bool]
_asked: list[Asked] = []


def register(waits_under: Asked) -> None:
    """Say at start-up how to find calls of nobody that wait under a number or code: calls live in a higher app."""
    if waits_under not in _asked:
        _asked.append(waits_under)


def next_number() -> str:
    """The lowest account number from 100001 on that nobody ever had; the database is the judge when it is taken."""
    if _is_free(str(FIRST)):
        return str(FIRST)
    known = AccountCode.objects.filter(folded__regex=SIX_DIGITS).annotate(number=Cast("folded", IntegerField()) + 1)
    held = AccountCode.objects.filter(folded=Cast(OuterRef("number"), TextField()))
    names = User.objects.filter(username=Cast(OuterRef("number"), TextField()))
    free = known.filter(~Exists(held), ~Exists(names), number__gte=FIRST, number__lte=LAST).order_by("number").values_list("number", flat=True).first()
    require(free, "account_numbers_used_up", _("All six-digit account numbers are taken: give one of your own."), "account_number")
    return str(free)


def take_number(customer: Customer, wanted: str, *, at: datetime) -> str:
    """Hold an account number for the customer: the one wanted, or the next that nobody had.

    Raises `account_number_invalid`, `account_number_taken`, `calls_wait_under_it`.
    """
    if wanted:
        require(NUMBER.fullmatch(wanted), "account_number_invalid", _("An account number is 3 to 20 digits."), "account_number")
        _require_quiet(customer, wanted, "account_number")
        require(_is_nobodys_name(wanted) and _hold(customer, wanted, at), "account_number_taken", _("Account number %s is taken.") % wanted, "account_number")
        return wanted
    for _try in range(TRIES):
        number = next_number()
        if _hold(customer, number, at):
            return number
    raise DomainError("account_numbers_busy", _("Many customers are being made right now. Save again."), "account_number")


def take_code(customer: Customer, wanted: str, *, at: datetime) -> str:
    """Hold a switch account code, the free text a switch sends for the customer, from now on.

    Raises `switch_account_code_invalid`, `switch_account_code_taken`, `calls_wait_under_it`.
    """
    field = "switch_account_code"
    if wanted:
        usable = CODE.fullmatch(wanted) and is_plain(wanted) and is_seen(wanted)
        require(usable, "switch_account_code_invalid", _("A switch account code has at most 60 characters that can be seen and read."), field)
        _require_quiet(customer, wanted, field)
        require(_hold(customer, wanted, at), "switch_account_code_taken", _("“%s” is an account number or code of another customer.") % wanted, field)
    return wanted


def give_up(customer: Customer, code: str, *, at: datetime) -> None:
    """From now on this number or code names nobody; calls answered before stay this customer's, whoever is given it by hand.

    It is not given out again by itself, since switches may still send it.
    """
    AccountCode.objects.filter(customer=customer, code=code, given_up_at=None).update(given_up_at=at)


def _given_up(code: str) -> AccountCode | None:
    """The number or code as somebody gave it up last; None when nobody did."""
    return AccountCode.objects.filter(folded=fold(code)).exclude(given_up_at=None).order_by("-given_up_at").first()


def _require_quiet(customer: Customer, code: str, field: str) -> None:
    """What another customer gave up may be given by hand, unless calls wait under it: they would become this customer's."""
    before = _given_up(code)
    others = before is not None and before.customer_id != customer.pk
    waits = others and any(waits_under(code) for waits_under in _asked)
    message = _("Calls wait under “%s”, which another customer had. Decide them first, or write another one.")
    require(not waits, "calls_wait_under_it", message % code, field)


def _hold(customer: Customer, code: str, at: datetime) -> bool:
    if AccountCode.objects.filter(folded=fold(code), given_up_at=None).exists():
        return False
    before = _given_up(code)
    try:
        with transaction.atomic():
            if before is not None and before.customer_id == customer.pk:
                before.code, before.given_up_at = code, None
                before.save(update_fields=["code", "folded", "given_up_at"])
            else:
                AccountCode.objects.create(code=code, customer=customer, since=at)
    except IntegrityError:
        return False
    return True


def _is_nobodys_name(number: str) -> bool:
    """Whether nobody signs in by these digits already."""
    return not User.objects.filter(username__iexact=number).exists() and not SignInName.objects.filter(value__iexact=number).exists()


def _is_free(number: str) -> bool:
    return _is_nobodys_name(number) and not AccountCode.objects.filter(folded=number).exists()
