"""The rights matrix of the contracts as requests: for each thing that can be done, which of the six roles may.

The columns are administrator, commerce, support, reports, account admin, account user, as in the contracts; "y" may, "-" may not.
A role that may not gets 403 or 404, and nothing changes; one that may opens the page, or changes the tables that are named.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from billing_portal.accounts.rights import Right
from customers.models import Customer
from invoicing.models import WaitingCall
from tests.isolation.arguments import Belongings
from tests.support import addresses

ROLES = ("administrator", "commerce", "support", "reports", "account_admin", "account_user")
SEE, COSTS, CHANGE, MONEY, TERMS, LOCK, SWITCH, PLATFORM = Right


@dataclass(frozen=True)
class Cell:
    """One row of the table below: a right, what is done, who may, and by which request; `changes` names a table for what is posted."""

    right: Right
    what: str
    may: str
    url: str
    post: dict[str, Any] | None = None
    changes: str = ""
    shows: str = ""

    def path(self, own: Belongings) -> str:
        """The address with ids of the customer."""
        [address] = [each for each in addresses.every() if each.name == self.url]
        return own.path(address)

    def __str__(self) -> str:
        return f"{self.right.name}: {self.what}"


def see(what: str, may: str, url: str, *, right: Right = SEE, shows: str = "") -> Cell:
    return Cell(right, what, may, url, shows=shows)


def do(right: Right, what: str, may: str, url: str, changes: str, **post: Any) -> Cell:
    return Cell(right, what, may, url, post, changes)


PERSON = {"full_name": "Nia", "email": "nia@anna.example", "username": "nia", "role": "account_user"}
CUSTOMER = {
    "name": "Carla Ltd",
    "plan": "<plan>",
    "currency": "GBP",
    "billing_email": "c@carla.example",
    "billing_type": "postpaid",
    "time_zone": "Europe/London",
    "credit_limit": "0.00",
}
PLAN = {"name": "Gold", "currency": "GBP", "precision": "4", "inherits": "nothing"}
TAX = {"name": "GST", "percent": "10", "scopes": ["on_calls"]}

TABLE: tuple[Cell, ...] = (
    # --- see customers, lines, calls, documents ----------------------------------------------------------------------
    see("the list of customers", "yyyy--", "customers:list"),
    see("a customer", "yyyy--", "invoicing:overview"),
    see("a customer's people", "yyyy--", "customers:people"),
    see("a customer's lines", "yyyy--", "customers:lines"),
    see("a customer's history", "yyyy--", "customers:history"),
    see("a customer's rate plan", "yyyy--", "customers:rate-plan"),
    see("a customer's calls", "yyyy--", "invoicing:customer-calls"),
    see("a customer's calls as a file", "yyyy--", "invoicing:customer-calls-csv"),
    see("a customer's documents", "yyyy--", "invoicing:customer-documents"),
    see("a customer's statement", "yyyy--", "invoicing:statement"),
    see("all calls", "yyyy--", "invoicing:calls"),
    see("all calls as a file", "yyyy--", "invoicing:calls-csv"),
    see("all documents", "yyyy--", "invoicing:documents"),
    see("a document", "yyyy--", "invoicing:document"),
    see("the PDF of a document", "yyyy--", "invoicing:document-pdf"),
    see("waiting calls", "yyyy--", "invoicing:waiting-calls"),
    see("one's own company's account", "----y-", "invoicing:my-overview"),
    see("one's own company's people", "----y-", "customers:my-people"),
    see("one's own company's documents", "----y-", "invoicing:my-documents"),
    see("one's own company's document", "----y-", "invoicing:my-document"),
    see("the PDF of one's own company's document", "----y-", "invoicing:my-document-pdf"),
    see("one's own company's statement", "----y-", "invoicing:my-statement"),
    see("one's own company's history", "----y-", "customers:my-history", right=PLATFORM),
    see("one's own line", "----yy", "customers:my-lines"),
    see("calls of one's own line", "----yy", "invoicing:my-calls"),
    see("calls of one's own line as a file", "----yy", "invoicing:my-calls-csv"),
    # --- costs and margins -------------------------------------------------------------------------------------------
    see("the buy price of calls", "yy-y--", "invoicing:calls-csv", right=COSTS, shows="buy price"),
    see("the buy price of a customer's calls", "yy-y--", "invoicing:customer-calls-csv", right=COSTS, shows="buy price"),
    see("what is owed to the parent", "yy-y--", "invoicing:parent-account", right=COSTS),
    see("the statement at the parent", "yy-y--", "invoicing:parent-statement", right=COSTS),
    # --- create and change customers, people, lines, numbers ---------------------------------------------------------
    see("the form of a new customer", "yy----", "customers:new", right=CHANGE),
    do(CHANGE, "make a customer", "yy----", "customers:new", "customers_customer", **CUSTOMER),
    do(CHANGE, "change a customer", "yy----", "customers:edit", "customers_customer", **CUSTOMER, account_number="300001", status="active", city="Leeds"),
    do(CHANGE, "add a person", "yyy---", "customers:person-new", "customers_person", **PERSON),
    do(CHANGE, "change a person", "yyy---", "customers:person-edit", "accounts_user", full_name="Nia", email="nia@anna.example", role="account_admin"),
    do(CHANGE, "deactivate a person", "yyy---", "customers:person-deactivate", "accounts_user"),
    do(CHANGE, "activate a person", "yyy---", "customers:person-activate", ""),
    do(CHANGE, "add a line", "yyy---", "customers:line-new", "customers_line", name="2002"),
    do(CHANGE, "change a line", "yyy---", "customers:line-edit", "customers_line", description="Lift"),
    do(CHANGE, "remove a line", "yyy---", "customers:line-remove", "customers_line"),
    do(CHANGE, "add a person of one's own company", "----y-", "customers:my-person-new", "customers_person", **PERSON),
    do(CHANGE, "change a person of one's own company", "----y-", "customers:my-person-edit", "accounts_user", full_name="Nia", role="account_admin"),
    do(CHANGE, "add a line of one's own company", "----y-", "customers:my-line-new", "customers_line", name="Lift"),
    do(CHANGE, "change a line of one's own company", "----y-", "customers:my-line-edit", "customers_line", description="Lift"),
    do(CHANGE, "remove a line of one's own company", "----y-", "customers:my-line-remove", "customers_line"),
    do(CHANGE, "choose one's own time zone", "yyyyyy", "own_account", "accounts_user", time_zone="Asia/Tokyo"),
    # --- payments, credits, raises, vouchers, requests ---------------------------------------------------------------
    do(MONEY, "write down a payment", "yy----", "invoicing:record-payment", "customers_transfer", amount="1.00", key="k-1"),
    see("a customer's payments", "yyyy--", "invoicing:payments"),
    do(
        MONEY,
        "charge or credit by hand",
        "yy----",
        "invoicing:new-entry",
        "customers_transfer",
        entry="credit",
        amount="1.00",
        scope="charge",
        note="x",
        key="k-2",
    ),
    do(MONEY, "credit an invoice", "yy----", "invoicing:credit-note", "invoicing_document", lines=["1"], reason="x", key="k-3"),
    do(MONEY, "write an invoice off", "yy----", "invoicing:write-off", "customers_transfer", amount="0.01", reason="x", key="k-4"),
    do(MONEY, "raise a credit limit", "yy----", "customers:edit", "customers_customer", credit_limit="700.00"),
    see("the requests", "yy----", "invoicing:requests", right=MONEY),
    do(MONEY, "approve a request", "yy----", "invoicing:request", "customers_transfer", decision="approve", comment=""),
    do(MONEY, "reject a request", "yy----", "invoicing:request", "invoicing_topuprequest", decision="reject", comment="No"),
    do(MONEY, "let a parked top-up go on", "yy----", "invoicing:topup-release", ""),
    see("one's own company's top-ups", "----y-", "invoicing:my-topups", right=MONEY),
    # --- plans, taxes, invoice runs ----------------------------------------------------------------------------------
    see("rate plans", "yyyy--", "rateplans:list", right=TERMS),
    see("a rate plan", "yyyy--", "rateplans:plan", right=TERMS),
    see("the rates as a file", "yyyy--", "rateplans:download-in-force", right=TERMS),
    see("taxes", "yyyy--", "rateplans:taxes", right=TERMS),
    see("invoice runs", "yyyy--", "invoicing:runs", right=TERMS),
    see("an invoice run", "yyyy--", "invoicing:run", right=TERMS),
    do(TERMS, "make a rate plan", "yy----", "rateplans:new", "rateplans_rateplan", **PLAN),
    do(TERMS, "change a rate plan", "yy----", "rateplans:change", "rateplans_rateplan", name="Gold", precision="4"),
    see("the upload of rates", "yy----", "rateplans:import", right=TERMS),
    do(TERMS, "apply rates", "yy----", "rateplans:import-preview", "rateplans_planversion", mode="replace", looked_at="1", accept_unusual="on"),
    do(TERMS, "make a tax", "yy----", "rateplans:tax-new", "rateplans_tax", **TAX),
    do(TERMS, "change a tax", "yy----", "rateplans:tax", "rateplans_tax", **TAX),
    do(TERMS, "start an invoice run", "yy----", "invoicing:run-new", "invoicing_invoicerun", as_of="2026-11-01", key="third"),
    do(TERMS, "rate a waiting call again", "yy----", "invoicing:waiting-rate-again", "", every="on", reason="no_rate"),
    do(TERMS, "set a waiting call aside", "yy----", "invoicing:waiting-set-aside", "invoicing_waitingcall", ids="<waiting call>", note="Test"),
    do(TERMS, "send an invoice again", "yyy---", "invoicing:document-send", "jobs_job"),
    # --- lock, resend login details ----------------------------------------------------------------------------------
    do(LOCK, "lock a customer", "yyy---", "customers:lock", "customers_lock", scopes=["web"], note="Late"),
    do(LOCK, "unlock a customer", "yyy---", "customers:unlock", "customers_lock"),
    do(LOCK, "send login details again", "yyy---", "customers:person-resend", "mail_maillog"),
    do(LOCK, "copy a link to set a password", "yyy---", "customers:person-link", "accounts_loginlink"),
    do(LOCK, "send login details of one's own people again", "----y-", "customers:my-person-resend", "mail_maillog"),
    do(LOCK, "copy a link for one's own people", "----y-", "customers:my-person-link", "accounts_loginlink"),
    do(LOCK, "deactivate one's own people", "----y-", "customers:my-person-deactivate", "accounts_user"),
    see("mails", "yyy---", "web:mails", right=LOCK),
    # --- switch into a customer --------------------------------------------------------------------------------------
    do(SWITCH, "switch into a customer", "yyy---", "customers:switch", "accounts_auditentry", account="<account>"),
    # --- staff, settings, switches, keys, resellers, audit -----------------------------------------------------------
    see("staff", "y-----", "web:staff", right=PLATFORM),
    do(PLATFORM, "add staff", "y-----", "web:staff-new", "accounts_user", full_name="Nia", username="nia", email="n@n.example", role="administrator"),
    do(PLATFORM, "change a role", "y-----", "web:staff-person", "accounts_user", role="reports"),
    do(PLATFORM, "deactivate staff", "y-----", "web:staff-deactivate", "accounts_user"),
    do(PLATFORM, "copy a link for staff", "y-----", "web:staff-link", "accounts_loginlink"),
    see("the company", "y-----", "web:company", right=PLATFORM),
    do(PLATFORM, "take the logo away", "y-----", "web:company-logo-remove", "accounts_auditentry"),
    see("invoicing terms", "y-----", "rateplans:terms", right=PLATFORM),
    do(PLATFORM, "change the invoicing terms", "y-----", "rateplans:terms", "rateplans_billingterms", document_prefix="X-", due_days="7"),
    do(PLATFORM, "set the caps of commerce", "y-----", "rateplans:terms", "rateplans_billingterms", amount_cap="500.00", raise_cap="1000.00"),
    see("currencies", "y-----", "rateplans:currencies", right=PLATFORM),
    do(PLATFORM, "write an exchange rate", "y-----", "rateplans:exchange-new", "rateplans_ownexchangerate", currency="CHF", per_euro="0.9", day="2026-11-02"),
    see("switches", "y-----", "web:switches", right=PLATFORM),
    do(PLATFORM, "add a switch", "y-----", "web:switch-new", "accounts_switch", name="fsw-2"),
    do(PLATFORM, "make a key", "y-----", "web:key-new", "accounts_apikey", scopes=["calls:write"]),
    do(PLATFORM, "revoke a key", "y-----", "web:key-revoke", "accounts_apikey"),
    see("resellers", "y-----", "resellers:list", right=PLATFORM),
    see("the form of a new reseller", "y-----", "resellers:new", right=PLATFORM),
    see("the audit trail", "y-----", "web:audit", right=PLATFORM),
    see("jobs", "y-----", "web:jobs", right=PLATFORM),
)

# The cell "own keys, own history" is half there: keys of a customer's own come with an API that serves customers.


def filled(post: dict[str, Any], own: Belongings, plan: object) -> dict[str, Any]:
    """What is posted, with the account number, the plan and the waiting call where they are asked for."""
    customer: Customer = own.customer
    known = {"<account>": customer.account_number, "<plan>": str(plan), "<waiting call>": str(own.row(WaitingCall).pk)}
    return {name: known.get(value, value) if isinstance(value, str) else value for name, value in post.items()}
