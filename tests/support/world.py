"""Things that tests are about, made in one line each: plans with rates, customers with a standing, actors."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from itertools import count
from typing import Any

from billing_portal.accounts.actor import Actor
from customers.domain import standing
from customers.models import AccountCode, BillingType, Customer, CustomerTax, PlanAssignment, Standing
from rateplans.models import PlanVersion, RatePlan, StoredRate, Tax

_numbers = count(700_001)
LONDON = {"4420": ("United Kingdom - London", "0.06")}

jane = Actor(name="Jane Whitfield", via="web")


def plan(name: str = "Standard", currency: str = "GBP", rates: Mapping[str, tuple[str, str]] = LONDON, **given: Any) -> RatePlan:
    """A rate plan with a first version that holds for all time: {prefix: (destination, per minute)}, by the second."""
    made = RatePlan.objects.create(name=name, currency=currency, **given)
    version = PlanVersion.objects.create(plan=made, number=1, valid_from=None, rate_count=len(rates), made_by="test")
    StoredRate.objects.bulk_create(
        [StoredRate(version=version, prefix=prefix, destination=destination, per_minute=Decimal(price)) for prefix, (destination, price) in rates.items()]
    )
    return made


def customer(
    name: str = "Anna Ltd",
    *,
    on: RatePlan | None = None,
    billing_type: BillingType = BillingType.POSTPAID,
    since: date = date(2026, 10, 1),
    limit: str = "0.00",
    taxes: tuple[Tax, ...] = (),
    **given: Any,
) -> Customer:
    """A customer in pounds and London time, as if made long ago: without the mails and checks of the verb that makes them."""
    number = str(next(_numbers))
    fields: dict[str, Any] = {"currency": "GBP", "time_zone": "Europe/London", "billing_email": f"billing@{number}.example"} | given
    made = Customer.objects.create(name=name, account_number=number, billing_type=billing_type, billing_since=since, credit_limit=Decimal(limit), **fields)
    AccountCode.objects.create(code=number, customer=made)
    standing.open_for(made)
    Standing.objects.filter(customer=made).update(credit_limit=made.credit_limit, credit_unlimited=made.credit_unlimited)
    CustomerTax.objects.bulk_create([CustomerTax(customer=made, tax=tax) for tax in taxes])
    if on is not None:
        PlanAssignment.objects.create(customer=made, plan=on)
    return made


def vat(percent: str = "20") -> Tax:
    """A tax on everything."""
    return Tax.objects.create(name=f"VAT {percent}", percent=Decimal(percent))


def balance(of: Customer) -> Decimal:
    """What the customer has (positive) or owes (negative), as cached."""
    return Standing.objects.get(customer=of).balance
