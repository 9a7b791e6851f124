"""Account numbers and switch account codes: one namespace within a reseller (contracts, Names)."""

import re

from django.db import IntegrityError, transaction
from django.db.models import Exists, IntegerField, OuterRef, TextField
from django.db.models.functions import Cast
from django.utils.translation import gettext as _

from billing_portal.accounts.models import SignInName, User
from billing_portal.kernel.errors import DomainError, require
from customers.models import AccountCode, Customer

FIRST = 100_001
LAST = 999_999
TRIES = 20
SIX_DIGITS = r"^[1-9][0-9]{5}$"
NUMBER = re.compile(r"[0-9]{3,20}")
CODE = re.compile(r"[^\s].{0,59}")


def next_number() -> str:
    """The lowest free account number from 100001 on; the database is the judge when it is taken."""
    if _is_free(str(FIRST)):
        return str(FIRST)
    known = AccountCode.objects.filter(code__regex=SIX_DIGITS).annotate(number=Cast("code", IntegerField()) + 1)
    held = AccountCode.objects.filter(code=Cast(OuterRef("number"), TextField()))
    names = User.objects.filter(username=Cast(OuterRef("number"), TextField()))
    free = known.filter(~Exists(held), ~Exists(names), number__gte=FIRST, number__lte=LAST).order_by("number").values_list("number", flat=True).first()
    require(free, "account_numbers_used_up", _("All six-digit account numbers are taken: give one of your own."), "account_number")
    return str(free)


def take_number(customer: Customer, wanted: str) -> str:
    """Hold an account number for the customer: the one wanted, or the next free one. Raises `account_number_invalid`, `account_number_taken`."""
    if wanted:
        require(NUMBER.fullmatch(wanted), "account_number_invalid", _("An account number is 3 to 20 digits."), "account_number")
        require(_is_nobodys_name(wanted) and _hold(customer, wanted), "account_number_taken", _("Account number %s is taken.") % wanted, "account_number")
        return wanted
    for _try in range(TRIES):
        number = next_number()
        if _hold(customer, number):
            return number
    raise DomainError("account_numbers_busy", _("Many customers are being made right now. Save again."), "account_number")


def take_code(customer: Customer, wanted: str) -> str:
    """Hold a switch account code, the free text a switch sends for the customer. Raises `switch_account_code_invalid`, `switch_account_code_taken`."""
    field = "switch_account_code"
    if wanted:
        require(CODE.fullmatch(wanted), "switch_account_code_invalid", _("A switch account code has at most 60 characters."), field)
        require(_hold(customer, wanted), "switch_account_code_taken", _("“%s” is an account number or code of another customer.") % wanted, field)
    return wanted


def free(customer: Customer, code: str) -> None:
    """Give back a number or code of the customer."""
    AccountCode.objects.filter(customer=customer, code=code).delete()


def _hold(customer: Customer, code: str) -> bool:
    try:
        with transaction.atomic():
            AccountCode.objects.create(code=code, customer=customer)
    except IntegrityError:
        return False
    return True


def _is_nobodys_name(number: str) -> bool:
    """Whether nobody signs in by these digits already."""
    return not User.objects.filter(username__iexact=number).exists() and not SignInName.objects.filter(value__iexact=number).exists()


def _is_free(number: str) -> bool:
    return _is_nobodys_name(number) and not AccountCode.objects.filter(code__iexact=number).exists()
