"""The people of a customer: added, changed, let in and kept out."""

import re
from collections.abc import Iterator
from datetime import datetime
from itertools import chain, count
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import audit, emails, handed_over, letting_in, links, notices, second_factors, sessions, tries, users
from billing_portal.accounts.models import Role, SignInName, User
from billing_portal.accounts.models.users import PEOPLE_ROLES
from billing_portal.kernel.errors import DomainError, require
from customers.models import Customer, Person

MOST_OF_ALL = 20
NOT_IN_USERNAMES = re.compile(r"[^\w.+-]")


@transaction.atomic
def add_primary(customer: Customer, *, actor: Actor, at: datetime) -> Person:
    """Make the customer's first person, an account administrator who signs in by account number too, and mail the login details (E39).

    Without a billing email nothing is sent; staff copy the link. Of a customer that a parent adds nobody is let in: the person has no email until the
    reseller's own staff write one (`letting_in`).
    """
    full_name = next((name for name in (customer.attention, customer.name) if users.is_name(name)), customer.account_number)
    user = _first_free(customer, full_name, actor=actor, at=at)
    SignInName.objects.create(kind=SignInName.Kind.ACCOUNT_NUMBER, value=customer.account_number, user=user)
    person = Person.objects.create(user=user, customer=customer, is_primary=True)
    if user.email:
        send_login_details(person, actor=actor, at=at)
    return person


@transaction.atomic
def add(customer: Customer, *, full_name: str, email: str, username: str = "", role: str = Role.ACCOUNT_USER, actor: Actor, at: datetime) -> Person:
    """Add somebody of the customer and mail the login details; where the customer's people have mailed too much they are added without, and a link is
    copied (`queries.login_state`). A username that is not given is made of email and account number, so that it tells nothing of other customers' people.

    Raises `role_of_others`, `username_taken`, `email_missing`, `from_above` and what `users.create` raises, on their fields.
    """
    letting_in.require_may(actor)
    _check_role(role)
    require(email.strip(), "email_missing", _("Write the email address the login details go to."), "email")
    user = users.create(username.strip() or _username(customer, email), full_name, email, Role(role), actor=actor, at=at, customer_id=customer.pk)
    person = Person.objects.create(user=user, customer=customer)
    try:
        send_login_details(person, actor=actor, at=at)
    except DomainError as refused:
        if refused.code != "too_many_tries":
            raise
    return person


@transaction.atomic
def change(person: Person, *, full_name: str | None = None, email: str | None = None, role: str | None = None, actor: Actor, at: datetime) -> Person:
    """Change of name, email and role what is given; None stays. A new email ends the links that went to the old one, and that one is told.

    Raises `not_yourself` for one's own role and for one's own email, which only a link to the new one changes; `email_while_switched`
    (semantics 34), `from_above` for a role, `role_of_others`, `too_many_tries`, `email_invalid`, and for a new name what `users.require_name` raises.
    """
    user = User.objects.select_for_update().get(pk=person.user_id)
    name, role = user.full_name if full_name is None else full_name.strip(), user.role if role is None else role
    wanted = user.email if email is None else email.strip()
    _check_change(user, name, wanted, role, actor)
    before = _words(user)
    if wanted != user.email:
        _count_mail(person.customer, actor, at)
        links.end(user, at=at)
        notices.tell_former(user, by=actor, at=at)
        emails.replace(user, wanted, is_proved=False)
    if role != user.role:
        handed_over.end_of({user.pk}, at=at)
    user.full_name, user.role = name, Role(role)
    user.save(update_fields=["full_name", "role", *emails.EMAIL_FIELDS])
    after = _words(user)
    changes = {field: (before[field], after[field]) for field in before if before[field] != after[field]}
    if changes:
        audit.record(actor, "person.changed", subject=("user", user.pk, str(user)), customer_id=person.customer_id, changes=changes, at=at)
    return Person.objects.select_related("user", "customer").get(pk=person.pk)


def deactivate(person: Person, *, actor: Actor, at: datetime) -> None:
    """End the person's access at once. Raises `not_yourself`."""
    users.deactivate(person.user, actor=actor, at=at, customer_id=person.customer_id)


def activate(person: Person, *, actor: Actor, at: datetime) -> None:
    """Let the person in again. Raises `from_above`."""
    users.activate(person.user, actor=actor, at=at, customer_id=person.customer_id)


def reset_second_factor(person: Person, *, actor: Actor, at: datetime) -> None:
    """Take away the second factor of somebody who lost it; never while switched (semantics 34). Raises `second_factor_while_switched`."""
    require(actor.acted_for_id is None, "second_factor_while_switched", _("Return first: a second factor cannot be reset while switched."))
    second_factors.reset(person.user, actor=actor, at=at, customer_id=person.customer_id)


def end_sessions(person: Person, *, actor: Actor, at: datetime, but: UUID | None = None) -> None:
    """Sign the person out everywhere, of one's own sessions all but the one given."""
    sessions.end_all(person.user, actor=actor, at=at, but=but, customer_id=person.customer_id)


@transaction.atomic
def send_login_details(person: Person, *, actor: Actor, at: datetime) -> str:
    """Mail address, username, account number and a fresh one-time link to the person; answers with the address it went to.

    Raises `email_missing`, `too_many_tries`.
    """
    user, customer = User.objects.select_for_update().get(pk=person.user_id), person.customer
    require(user.email, "email_missing", _("%s has no email address. Copy the link instead.") % user)
    _count_mail(customer, actor, at)
    number = customer.account_number if person.is_primary else ""
    users.send_login_details(user, to=[user.email], actor=actor, at=at, account_number=number, customer_id=customer.pk)
    return user.email


def copy_link(person: Person, *, actor: Actor, at: datetime) -> str:
    """A fresh link to set the password, to be handed over; never while switched (semantics 34, reliability 71).

    Raises `link_while_switched`, `not_yourself`.
    """
    require(actor.acted_for_id is None, "link_while_switched", _("Return first: a password cannot be set while switched."))
    return users.copy_link(person.user, actor=actor, at=at, customer_id=person.customer_id)


@transaction.atomic
def _count_mail(customer: Customer, actor: Actor, at: datetime) -> None:
    """The people of a customer mail addresses that they wrote themselves ten times each and twenty times together in a quarter of an hour, however Redis
    is (reliability 75): none of them uses it up for the others. What was refused counts nothing. Raises `too_many_tries`."""
    if actor.user_id is None or not customer.people.filter(user_id=actor.user_id).exists():
        return
    own = _("You have caused ten mails about signing in within a quarter of an hour. Wait a little; a link can be copied all the while.")
    tries.begin(tries.Kind.LINK, whom=f"mails:{actor.user_id}", address="", at=at, refusal=own)
    company = _("Your company has caused twenty mails about signing in within a quarter of an hour. Wait a little; a link can be copied all the while.")
    tries.begin(tries.Kind.LINK, whom=f"customer:{customer.pk}", address="", at=at, refusal=company, most=MOST_OF_ALL)


def _check_role(role: str) -> None:
    require(role in PEOPLE_ROLES, "role_of_others", _("Choose account administrator or account user."), "role")


def _check_change(user: User, name: str, email: str, role: str, actor: Actor) -> None:
    _check_role(role)
    if name != user.full_name:
        users.require_name(name)
    require(role == user.role or user.pk != actor.user_id, "not_yourself", _("Somebody else must change your role."), "role")
    if role != user.role:
        letting_in.require_may(actor, "role")
    require(email == user.email or actor.acted_for_id is None, "email_while_switched", _("Return first: an email cannot be changed while switched."), "email")
    own_way = _("Change your own email under Your account: a link to the new address confirms it.")
    require(email == user.email or user.pk != actor.user_id, "not_yourself", own_way, "email")
    if email != user.email:
        users.check_email(email)


def _words(user: User) -> dict[str, str]:
    return {"full_name": user.full_name, "email": user.email, "role": str(user.get_role_display())}


def _first_free(customer: Customer, full_name: str, *, actor: Actor, at: datetime) -> User:
    """The user under the first username that nobody has; another customer made at this moment may take one, then the next is tried."""
    email = customer.billing_email if letting_in.may(actor) else ""
    for username in _usernames(customer):
        try:
            return users.create(username, full_name, email, Role.ACCOUNT_ADMIN, actor=actor, at=at, customer_id=customer.pk)
        except DomainError as refused:
            if refused.code != "username_taken":
                raise
    raise DomainError("username_taken", _("No username is free for account %s.") % customer.account_number, "account_number")


def _username(customer: Customer, email: str) -> str:
    """ "ann.100001", then "ann.100001.2" and so on: only names that end in the customer's own number are looked at."""
    first = f"{NOT_IN_USERNAMES.sub('', email.partition('@')[0])[:100]}.{customer.account_number}"
    others = {name.lower() for name in User.objects.filter(username__istartswith=first).values_list("username", flat=True)}
    return next(name for name in chain([first], (f"{first}.{number}" for number in count(2))) if name.lower() not in others)


def _usernames(customer: Customer) -> Iterator[str]:
    local = NOT_IN_USERNAMES.sub("", customer.billing_email.partition("@")[0])[:100]
    if local:
        yield from (local, f"{local}.{customer.account_number}")
    yield customer.account_number
