"""Questions about people: who has this name, and what became of their login details."""

from collections.abc import Collection, Iterable
from contextlib import nullcontext
from typing import Any
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.db.models import BooleanField, Case, Exists, F, OuterRef, Q, QuerySet, TextChoices, Value, When
from django.db.models.functions import Lower
from django.db.models.lookups import Exact
from django.utils.translation import gettext_lazy as _
from django_tenants.utils import schema_context

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.models import AuditEntry, LoginLink, Role, SignInName, User
from billing_portal.accounts.models.users import PEOPLE_ROLES, STAFF_ROLES
from billing_portal.mail.models import MailLog

LOGIN_DETAILS = "login_details"
ABOUT_USER = "user"
SAME_EMAIL_SHOWN = 5
FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)  # recovery codes only stand in for one of these


class LoginState(TextChoices):
    """What became of somebody's login details, as staff see it."""

    NEVER = "never", _("Not sent")
    QUEUED = "queued", _("On its way")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Failed")
    ACTIVATED = "activated", _("Activated")


def named(name: str) -> User | None:
    """Who signs in with this: by username, else account number; with an @ it is an email. Always the same three questions (reliability 74).

    An email signs in whoever proved that it is theirs, whoever else has it written down; while nobody has, whoever alone has it. Of several, the one
    member of staff; else whose username it is, of before an @ in those was refused, since they may have no other name; else nobody. Such a username
    counts as an email of its owner that is not proved.
    """
    folded = Lower(Value(name))
    by_username = User.objects.annotate(folded=Lower("username")).filter(folded=folded).first()
    by_account = SignInName.objects.annotate(folded=Lower("value")).filter(folded=folded).select_related("user").first()
    by_email = list(_with_email(name)[:2])
    if "@" in name:
        alone = [user for user in by_email if user.place == by_email[0].place]
        return alone[0] if len(alone) == 1 or (alone and alone[0].is_called_so) else None
    return by_username or (by_account.user if by_account else None)


def with_email(email: str, *, at_most: int = SAME_EMAIL_SHOWN) -> list[User]:
    """The active users with this email or called so: first who proved it, of them staff first, then who is called so, then the oldest."""
    return list(_with_email(email)[:at_most])


def _with_email(email: str) -> QuerySet[Any]:
    """The same with the place that each of them has: 0 for staff who proved it, then people who did, then staff who did not, then people."""
    folded = Lower(Value(email))
    found = User.objects.annotate(folded=Lower("email"), called=Lower("username")).filter(Q(folded=folded) | Q(called=folded), is_active=True)
    proved, staff = Q(folded=folded, email_proved=True), Q(role__in=STAFF_ROLES)
    place = Case(When(proved & staff, then=0), When(proved, then=1), When(staff, then=2), default=3)
    return found.annotate(place=place, is_called_so=Exact(F("called"), folded)).order_by("place", "-is_called_so", "created_at", "pk")


def who_forgot(name: str) -> list[User]:
    """Who gets a link to a new password for this name: the one it names, and everybody who shares the email; each only with an email on file."""
    one = named(name)
    people = dict.fromkeys([*([one] if one else []), *with_email(name)])
    return [user for user in people if user.is_active and user.email]


def account_number_of(user: User) -> str:
    """The account number this person signs in with, empty when there is none."""
    found = user.sign_in_names.filter(kind=SignInName.Kind.ACCOUNT_NUMBER).values_list("value", flat=True).first()
    return found or ""


def staff() -> QuerySet[User]:
    """The reseller's own people; those of a parent, who act through its pseudo-user, are not among them."""
    return User.objects.filter(role__in=STAFF_ROLES, stands_for_schema="")


def role_of(actor: Actor) -> Role | None:
    """The role that this person has now where they work, who came from a parent the one at home; None for a program."""
    if actor.user_id is None:
        return None
    with schema_context(actor.schema) if actor.schema else nullcontext():
        role = User.objects.filter(pk=actor.user_id).values_list("role", flat=True).first()
    return Role(role) if role else None


def has_second_factor(user: User) -> bool:
    """Whether signing in asks this person for more than the password."""
    found: bool = Authenticator.objects.filter(user_id=user.pk, type__in=FACTORS).exists()
    return found


def with_second_factor(users: Iterable[UUID]) -> set[UUID]:
    """Those of these people who have a second factor."""
    return set(Authenticator.objects.filter(user_id__in=list(users), type__in=FACTORS).values_list("user_id", flat=True))


def login_state(user: User) -> LoginState:
    """Activated once a link was used or somebody signed in; else what became of the last mail with login details."""
    return login_states([user])[user.pk]


def login_states(users: Iterable[User]) -> dict[UUID, LoginState]:
    """The same for many, by two queries."""
    people = {user.pk: user for user in users}
    activated = {pk for pk, user in people.items() if user.last_login} | _used_a_link(people)
    mails = _last_mails(set(people) - activated)
    return {pk: LoginState.ACTIVATED if pk in activated else LoginState(mails.get(pk, LoginState.NEVER)) for pk in people}


def _used_a_link(people: Collection[UUID]) -> set[UUID]:
    used = LoginLink.objects.filter(user=OuterRef("pk"), used_at__isnull=False)
    return set(User.objects.filter(Exists(used), pk__in=list(people)).values_list("pk", flat=True))


def _last_mails(people: Collection[UUID]) -> dict[UUID, str]:
    mails = MailLog.objects.filter(kind=LOGIN_DETAILS, about_kind=ABOUT_USER, about_id__in=list(people))
    latest = mails.order_by("about_id", "-created_at", "-pk").distinct("about_id").values_list("about_id", "state")
    return {about: state for about, state in latest if about is not None}


def audit_trail(**conditions: Any) -> QuerySet[AuditEntry]:
    """The audit trail, all of this reseller's."""
    return AuditEntry.objects.filter(**conditions)


def last_change(about: tuple[str, UUID], fields: Iterable[str]) -> AuditEntry | None:
    """The entry of who changed one of these fields of a subject last."""
    found = AuditEntry.objects.filter(subject_kind=about[0], subject_id=about[1], changes__has_any_keys=list(fields))
    return found.order_by("-at", "-created_at", "-pk").first()


def is_of_people(user_id: UUID | None, *, schema: str, acted_for_id: UUID | None) -> bool:
    """Whether somebody of a customer did it by themselves: no staff, no program, nobody from above."""
    if user_id is None or schema or acted_for_id:
        return False
    return User.objects.filter(pk=user_id, role__in=PEOPLE_ROLES).exists()


def with_by_people(entries: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
    """The same entries, each with `by_people`: whether somebody of a customer did it by themselves, as `is_of_people` has it."""
    people = User.objects.filter(pk=OuterRef("actor_id"), role__in=PEOPLE_ROLES)
    alone = Q(Exists(people), actor_schema="", acted_for_id=None)
    return entries.annotate(by_people=Case(When(alone, then=Value(True)), default=Value(False), output_field=BooleanField()))


def history_of(customer_id: UUID, *, count: int = 100) -> list[AuditEntry]:
    """The last things done to a customer, newest first."""
    return list(AuditEntry.objects.filter(customer_id=customer_id).order_by("-at", "-pk")[:count])
