"""What the people of a customer are told of the audit trail of money, documents and calls."""

from django.utils.translation import gettext_lazy as _

from customers.domain import own_history
from customers.domain.own_history import Told


def register() -> None:
    """What stands on its documents, its statement and in its mails, with the notes that were written for it; queues and runs are the seller's affair."""
    own_history.tell(
        {
            "payment.recorded": Told(("amount", "reference")),
            "payment.refunded": Told(("amount", "reference"), note=True),
            "payment.charged_back": Told(("amount", "reference"), note=True),
            "movement.taken_back": Told(("amount", "movement"), note=True),
            "entry.written": Told(("amount", "entry"), note=True),
            "credit.settled": Told(("amount", "way")),
            "wallet.debt_billed": Told(("amount",)),
            "invoice.issued": Told(),
            "receipt.issued": Told(),
            "credit_note.issued": Told(("invoice",), note=True),
            "document.written_off": Told(("amount",), note=True),
            "document.sent_again": Told(("to",)),
            "call.price_changed": Told(("amount",), note=True, text=_("Calls priced again")),
            "topup.asked": Told(("amount",)),
            "topup.approved": Told(("amount",), note=True),
            "topup.rejected": Told(("amount",), note=True),
            "topup.parked": Told(),
            "topup.released": Told(),
        }
    )
