"""Audit actions, fields and values in words for people: what the history of a customer and the audit trail show."""

from collections.abc import Collection, Iterable, Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing_portal.accounts.models import AuditEntry

Words = str | Promise

ACTIONS: dict[str, Words] = {
    "user.created": gettext_lazy("Person added"),
    "user.changed": gettext_lazy("Person changed"),
    "user.role_changed": gettext_lazy("Role changed"),
    "user.deactivated": gettext_lazy("Person deactivated"),
    "user.activated": gettext_lazy("Person activated"),
    "user.login_details_sent": gettext_lazy("Login details sent"),
    "user.link_copied": gettext_lazy("Link to set the password copied"),
    "user.password_set": gettext_lazy("Password set"),
    "user.password_changed": gettext_lazy("Password changed"),
    "user.app_added": gettext_lazy("Authenticator app added"),
    "user.app_removed": gettext_lazy("Authenticator app removed"),
    "user.passkey_added": gettext_lazy("Passkey added"),
    "user.passkey_removed": gettext_lazy("Passkey removed"),
    "user.codes_made": gettext_lazy("Recovery codes made"),
    "user.second_factor_reset": gettext_lazy("Second factor reset"),
    "user.email_changed": gettext_lazy("Email changed"),
    "user.session_ended": gettext_lazy("Session ended"),
    "user.sessions_ended": gettext_lazy("Signed out everywhere"),
    "company.changed": gettext_lazy("Company changed"),
    "company.logo_changed": gettext_lazy("Logo changed"),
    "company.logo_removed": gettext_lazy("Logo removed"),
    "switch.created": gettext_lazy("Switch added"),
    "key.created": gettext_lazy("Key made"),
    "key.revoked": gettext_lazy("Key revoked"),
    "job.retried": gettext_lazy("Job tried again"),
    "mail.resent": gettext_lazy("Mail sent again"),
    "customer.created": gettext_lazy("Customer added"),
    "customer.changed": gettext_lazy("Customer changed"),
    "customer.locked": gettext_lazy("Customer locked"),
    "customer.unlocked": gettext_lazy("Customer unlocked"),
    "customer.closed": gettext_lazy("Customer closed"),
    "customer.entered": gettext_lazy("Switched to this customer"),
    "customer.left": gettext_lazy("Returned from this customer"),
    "person.added": gettext_lazy("Person added"),
    "person.changed": gettext_lazy("Person changed"),
    "person.removed": gettext_lazy("Person removed"),
    "line.added": gettext_lazy("Line added"),
    "line.changed": gettext_lazy("Line changed"),
    "line.removed": gettext_lazy("Line removed"),
    "plan.created": gettext_lazy("Rate plan added"),
    "plan.changed": gettext_lazy("Rate plan changed"),
    "plan.assigned": gettext_lazy("Rate plan assigned"),
    "rates.imported": gettext_lazy("Rates imported"),
    "tax.created": gettext_lazy("Tax added"),
    "tax.changed": gettext_lazy("Tax changed"),
    "terms.changed": gettext_lazy("Invoicing terms changed"),
    "payment.recorded": gettext_lazy("Payment recorded"),
    "topup.recorded": gettext_lazy("Top-up recorded"),
    "invoice.issued": gettext_lazy("Invoice issued"),
    "receipt.issued": gettext_lazy("Receipt issued"),
    "invoice.mailed": gettext_lazy("Invoice sent"),
    "run.started": gettext_lazy("Invoice run started"),
    "call.rerated": gettext_lazy("Call rated again"),
    "call.set_aside": gettext_lazy("Call set aside"),
    "calls.imported": gettext_lazy("Calls imported"),
    "reseller.created": gettext_lazy("Reseller added"),
    "reseller.dropped": gettext_lazy("Reseller dropped"),
    "reseller.entered": gettext_lazy("Switched to this reseller"),
    "reseller.left": gettext_lazy("Returned from this reseller"),
    "parent.entered": gettext_lazy("Came in from the parent"),
    "parent.left": gettext_lazy("Went back to the parent"),
}

FIELDS: dict[str, Words] = {
    "credit_limit": gettext_lazy("Credit limit"),
    "billing_email": gettext_lazy("Billing email"),
    "full_name": gettext_lazy("Name"),
    "legal_name": gettext_lazy("Legal name"),
    "postcode": gettext_lazy("Postcode"),
    "tax_reference": gettext_lazy("Tax reference"),
    "company_number": gettext_lazy("Company number"),
    "support_email": gettext_lazy("Support email"),
    "support_phone": gettext_lazy("Support telephone"),
    "bank_details": gettext_lazy("Bank details"),
    "brand_colour": gettext_lazy("Brand colour"),
    "plan": gettext_lazy("Rate plan"),
    "time_zone": gettext_lazy("Time zone"),
    "to": gettext_lazy("Sent to"),
}


def add(actions: Mapping[str, Words], fields: Mapping[str, Words] | None = None) -> None:
    """Higher apps name their own actions and fields at start-up."""
    ACTIONS.update(actions)
    FIELDS.update(fields or {})


def action(name: str, changed: Iterable[str] = ()) -> str:
    """The action in words. A change of one field names the field ("Credit limit changed"); an unknown `line.added` reads "Line added"."""
    fields = list(changed)
    if name.endswith(".changed") and len(fields) == 1:
        return _("%(field)s changed") % {"field": field(fields[0])}
    return str(ACTIONS[name]) if name in ACTIONS else _sentence(name.replace(".", " "))


def of(entry: AuditEntry) -> str:
    """What happened, as one line of a history."""
    return action(entry.action, entry.changes)


def field(name: str) -> str:
    """The field as forms call it."""
    return str(FIELDS[name]) if name in FIELDS else _sentence(name)


def changes(entry: AuditEntry, only: Collection[str] | None = None) -> list[tuple[str, str, str]]:
    """Each changed field (`only`: of these) with what it was and what it is; empty values as a dash."""
    told = {name: both for name, both in entry.changes.items() if only is None or name in only}
    return [(field(name), old or "–", new or "–") for name, (old, new) in told.items()]


def _sentence(name: str) -> str:
    text = name.replace("_", " ")
    return text[:1].upper() + text[1:]
