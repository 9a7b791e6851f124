"""Where payments, charges and credits stand among a customer's tabs, and what is done to them in words."""

from django.utils.translation import gettext_lazy as _

from billing_portal.accounts import words
from billing_portal.web import registry


def register() -> None:
    """The tab, and the words of the audit trail."""
    registry.customer_tabs.add(_("Payments"), "invoicing:payments", order=35)
    words.add(
        {
            "payment.refunded": _("Payment refunded"),
            "payment.charged_back": _("Chargeback recorded"),
            "movement.taken_back": _("Movement taken back"),
            "credit_note.issued": _("Credit note issued"),
            "document.written_off": _("Invoice written off"),
            "credit.settled": _("Credit settled"),
            "entry.written": _("Charge or credit written"),
            "wallet.debt_billed": _("Debt of the wallet billed"),
        },
        {"entry": _("What"), "movement": _("Movement"), "reference": _("Reference"), "amount": _("Amount"), "invoice": _("Invoice"), "way": _("Where to")},
    )
