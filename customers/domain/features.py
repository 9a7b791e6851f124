"""The one door through which a customer gets a feature (semantics 37). Lines are free until plans carry fees."""

from datetime import datetime
from typing import TypedDict, Unpack

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import audit
from billing_portal.kernel import phone
from billing_portal.kernel.errors import DomainError, require
from billing_portal.kernel.folding import fold, is_plain, is_seen
from billing_portal.kernel.period import zone_of
from billing_portal.tenancy.database import take_turns
from customers.domain import line_names
from customers.models import Customer, FormerLine, Line, Person


class LineChanges(TypedDict, total=False):
    """What may be said anew about a line; what is left out stays."""

    description: str
    person: Person | None
    on_net: bool
    takes_over: bool


@transaction.atomic
def add_line(
    customer: Customer,
    name: str,
    *,
    description: str = "",
    address: str = "",
    person: Person | None = None,
    by_customer: bool = False,
    shared: bool = False,
    actor: Actor,
    at: datetime,
) -> Line:
    """Add a telephone line under the name its switch sends, once per customer.

    `person` uses it, and so sees its calls. Calls to a line are free and calls from it are its customer's (semantics 21), so the
    customer's own people (`by_customer`) may take neither a name that can be dialled, but for an extension of up to four figures, nor a name or
    address that another customer has, or had of staff, or by which calls of nobody wait; to such an extension calls are free when staff have said so. Staff who
    know that another customer has it (`shared`) may give it all the same. Lines are added one after the other, so that two customers cannot take
    the same one at once.
    Raises `line_name_missing`, `line_name_unreadable`, `line_name_too_long`, `line_not_yours`, `line_shared`, `line_taken`, `inactive`,
    `person_of_others`.
    """
    cleaned = name.strip()
    _require_usable(cleaned, address.strip())
    with connection.cursor() as cursor:
        take_turns(cursor, "lines")
    if by_customer:
        _require_harmless(customer, cleaned, address.strip())
    elif not shared:
        line_names.require_alone(customer, cleaned, address.strip())
    _require_own(customer, person)
    live = customer.status in {Customer.Status.NEW, Customer.Status.ACTIVE}
    require(live, "inactive", _("%s is not active, so it gets no lines.") % customer.name)
    try:
        with transaction.atomic():
            line = Line.objects.create(
                customer=customer,
                name=cleaned,
                description=description.strip(),
                address=address.strip(),
                person=person,
                by_customer=by_customer,
                on_net=not by_customer or phone.is_word(cleaned),
                since=at,
            )
    except IntegrityError as clash:
        raise DomainError("line_taken", _("This customer has a line “%s” already.") % cleaned, "name") from clash
    changes = {"used_by": ("", str(person))} if person else {}
    audit.record(actor, "line.added", subject=("line", line.pk, line.name), customer_id=customer.pk, changes=changes, at=at)
    return line


@transaction.atomic
def change_line(line: Line, *, actor: Actor, at: datetime, **given: Unpack[LineChanges]) -> Line:
    """Describe a line anew and say who uses it; the new user sees its earlier calls too, the old one none of them.

    Its name and address stay: calls are found by them. `on_net`: staff make calls to it free for everybody from now on, and its name theirs, whoever
    chose it. `takes_over`: staff say that calls since another customer gave up its name or address are this customer's. Raises `person_of_others`.
    """
    changed = Line.objects.select_for_update(of=("self",)).select_related("customer", "person__user").get(pk=line.pk)
    before = _words(changed)
    changed.description, changed.person = given.get("description", changed.description).strip(), given.get("person", changed.person)
    vouched = given.get("on_net", False)
    changed.on_net, changed.by_customer = changed.on_net or vouched, changed.by_customer and not vouched
    before_it = line_names.given_up_before(changed) if given.get("takes_over") else None
    changed.since = before_it.given_up_at if before_it else changed.since
    _require_own(changed.customer, changed.person)
    changed.save(update_fields=["description", "person", "on_net", "by_customer", "since"])
    after = _words(changed)
    changes = {field: (before[field], after[field]) for field in before if before[field] != after[field]}
    if changes:
        audit.record(actor, "line.changed", subject=("line", changed.pk, changed.name), customer_id=changed.customer_id, changes=changes, at=at)
    return changed


def _require_usable(name: str, address: str) -> None:
    require(is_seen(name), "line_name_missing", _("Write the name the switch sends for this line."), "name")
    for field, text, longest in (("name", name, 60), ("address", address, 100)):
        require(is_plain(text), "line_name_unreadable", _("This holds characters that cannot be read. Write it again."), field)
        require(len(fold(text)) <= longest, "line_name_too_long", _("This is too long: some of its signs stand for several letters each."), field)


def _words(line: Line) -> dict[str, str]:
    zone = zone_of(line.customer.time_zone)
    return {
        "description": line.description,
        "used_by": str(line.person or ""),
        "on_net": _("yes") if line.on_net else _("no"),
        "calls_since": f"{line.since.astimezone(zone):%Y-%m-%d %H:%M}",
    }


def _require_own(customer: Customer, person: Person | None) -> None:
    own = person is None or person.customer_id == customer.pk
    require(own, "person_of_others", _("Choose one of this customer's people."), "person")


def _require_harmless(customer: Customer, name: str, address: str) -> None:
    """Refuse in the same words whatever the reason is, which may lie with another customer."""
    refusal = _("You cannot add this line yourself. Ask us to add it.")
    harmless = phone.is_word(name) or phone.is_extension(name)
    require(harmless and line_names.is_unclaimed(customer, "name", name), "line_not_yours", refusal, "name")
    require(not address or line_names.is_unclaimed(customer, "address", address), "line_not_yours", refusal, "address")


@transaction.atomic
def remove_line(line: Line, *, by_customer: bool = False, actor: Actor, at: datetime) -> None:
    """Take a line away; calls answered before stay its customer's, also those that come in later; those answered from now on find no customer by it.

    The customer's own people (`by_customer`) remove those that it chose itself; what staff gave is theirs to remove. Raises `line_of_staff`.
    """
    removed = Line.objects.select_for_update().filter(pk=line.pk).first()
    if removed is None:
        return
    require(removed.by_customer or not by_customer, "line_of_staff", _("We gave you this line, and calls are found by it. Ask us to remove it."))
    FormerLine.objects.create(
        customer_id=removed.customer_id,
        name=removed.name,
        address=removed.address,
        by_customer=removed.by_customer,
        since=min(removed.since, at),
        given_up_at=at,
    )
    audit.record(actor, "line.removed", subject=("line", removed.pk, removed.name), customer_id=removed.customer_id, at=at)
    removed.delete()
