"""One reseller of the sample world: company, staff, taxes, plans, customers with people and lines."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import company, users
from billing_portal.accounts.models import Role, User
from billing_portal.demo import prefixes
from billing_portal.demo.cast import PASSWORD, SWITCH_CODE, Company, House
from billing_portal.tenancy import queries
from customers.domain import customers, features
from customers.models import Customer
from rateplans.domain import imports, plans, taxes, terms
from rateplans.models import RateImport, RatePlan

PROGRAM = Actor.program("Sample world", via="command")
DUE_DAYS = 14
RESELLER_LIMIT = Decimal(10_000)


@dataclass(frozen=True)
class Resident:
    """A customer of the sample world beside what the cast says of it."""

    company: Company
    customer: Customer
    lines: tuple[str, ...]


def furnish(house: House, *, at: datetime, since: date) -> list[Resident]:
    """Fill the schema in force with everything but calls, invoices and payments."""
    _introduce(house, at)
    _hire(house, at)
    name, percent = house.tax
    taxes.create(name=name, percent=Decimal(percent), actor=PROGRAM, at=at)
    offered = [_marked_up(name, percent, order, at=at) for order, (name, percent) in enumerate(house.marked_up)]
    offered += [_plan(name, currency, scale, order, at=at) for order, (name, currency, scale) in enumerate(house.plans, len(offered))]
    return [_move_in(company, house, offered[company.plan], first=index == 0, at=at, since=since) for index, company in enumerate(house.companies)]


def username_of(full_name: str) -> str:
    """The first name, in small letters."""
    return full_name.split()[0].lower()


def email_of(full_name: str, house: House) -> str:
    return f"{username_of(full_name)}@{house.schema}.example"


def _introduce(house: House, at: datetime) -> None:
    reseller = queries.current()
    values = {
        "legal_name": f"{house.name} Ltd" if house.currency != "USD" else f"{house.name} Inc",
        "street": house.street,
        "city": house.city,
        "postcode": house.postcode,
        "country": house.country,
        "tax_reference": house.tax_reference,
        "support_email": f"help@{house.schema}.example",
        "support_phone": house.phone,
        "bank_details": house.bank,
        "brand_colour": house.colour,
    }
    company.change(reseller, values, actor=PROGRAM, at=at)
    terms.change(document_prefix=house.schema[:3].upper(), due_days=DUE_DAYS, actor=PROGRAM, at=at)


def _hire(house: House, at: datetime) -> None:
    """The administrator came with the reseller and gets a name; the others join."""
    (first, _role), *others = house.staff
    administrator = User.objects.get(role=Role.ADMINISTRATOR)
    administrator.username, administrator.full_name = username_of(first), first
    administrator.save(update_fields=["username", "full_name"])
    _sign_in(administrator)
    for full_name, role in others:
        _sign_in(users.create(username_of(full_name), full_name, email_of(full_name, house), role, actor=PROGRAM, at=at))


def _plan(name: str, currency: str, scale: int, order: int, *, at: datetime) -> RatePlan:
    plan = plans.create(name=name, currency=currency, description=prefixes.NOTE, position=order, actor=PROGRAM, at=at)
    seen = imports.preview(plan, "sample-rates.csv", prefixes.rates_file(percent=scale), RateImport.Mode.REPLACE, PROGRAM, at=at)
    if seen.rate_import is None:
        raise RuntimeError(f"The sample rates are not sound: {seen.file.errors[:3]}")
    imports.apply(seen.rate_import, actor=PROGRAM, at=at, accept_unusual=True)
    return plan


def _marked_up(name: str, percent: int, order: int, *, at: datetime) -> RatePlan:
    """A plan that costs so much more than what the parent asks."""
    own = RatePlan.objects.get(inherits=RatePlan.Inherits.OWN_PLAN)
    return plans.create(
        name=name, inherits=RatePlan.Inherits.PLAN, source=own, markup_percent=Decimal(percent), description=prefixes.NOTE, position=order, actor=PROGRAM, at=at
    )


def settle_in(house: House, *, since: date, at: datetime) -> None:
    """The reseller as a customer of its parent, whose schema is in force: it buys since the first day of the calls, within a limit."""
    customer = Customer.objects.get(reseller_schema=house.schema)
    customer.billing_since = since
    customer.save(update_fields=["billing_since"])
    customers.change(
        customer,
        credit_limit=RESELLER_LIMIT,
        credit_unlimited=False,
        street=house.street,
        city=house.city,
        postcode=house.postcode,
        country=house.country,
        actor=PROGRAM,
        at=at,
    )


def _move_in(company: Company, house: House, plan: RatePlan, *, first: bool, at: datetime, since: date) -> Resident:
    has_code = first and house.schema == SWITCH_CODE.split("-")[0]
    customer = customers.create(
        company.name,
        actor=PROGRAM,
        at=at,
        plan=plan,
        billing_type=company.billing_type,
        currency=house.currency,
        time_zone=company.zone or house.zone,
        billing_email=f"accounts@{_domain(company.name)}.example",
        switch_account_code=SWITCH_CODE if has_code else "",
        credit_limit=Decimal(company.limit),
        billing_since=since,
        street=company.street,
        city=company.city,
        postcode=company.postcode,
        country=company.country,
    )
    _sign_in(User.objects.get(person__customer=customer))
    lines = ("1001", "1002") if has_code else tuple(f"{customer.account_number}-{number}" for number in range(1, 2 + company.calls // 2))
    for line in lines:
        features.add_line(customer, line, actor=PROGRAM, at=at)
    return Resident(company, customer, lines)


def _domain(name: str) -> str:
    kept = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in name.lower())
    return "-".join(part for part in kept.split("-") if part)[:40].rstrip("-")


def _sign_in(user: User) -> None:
    """Everybody of the sample world has the same password; of no other world's people is a password ever known."""
    user.set_password(PASSWORD)
    user.save(update_fields=["password"])
