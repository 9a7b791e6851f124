from django.apps import AppConfig
from django.core.checks import register
from django.utils.translation import gettext_lazy as _


class InvoicingConfig(AppConfig):
    name = "invoicing"

    def ready(self) -> None:
        """Put invoices and calls into the menu, the tabs, the search and behind links; name the work of this app (semantics 38)."""
        from billing_portal.accounts import words
        from billing_portal.accounts.models import Role
        from billing_portal.mail import addresses
        from billing_portal.tenancy.domain import partitions
        from billing_portal.web import registry
        from billing_portal.web.viewer import STAFF, SWITCHERS
        from customers.domain import codes, currency, dropping, line_names, spending, unbilled
        from invoicing import jobs, jobs_low_balance, links, links_calls, links_history, links_money, links_topups  # noqa: F401 - jobs register the work
        from invoicing.documents import checks
        from invoicing.domain import out_of_turn, unpriced, waiting
        from invoicing.queries import billing_emails, calls
        from invoicing.queries.spending import posted_on

        own = (Role.ACCOUNT_ADMIN, *SWITCHERS)
        links_calls.register()
        links_topups.register()
        links_money.register()
        links_history.register()
        partitions.register("invoicing_call", "at")
        currency.register(unpriced.are_all, unpriced.follow_currency)
        unbilled.register(out_of_turn.waits, out_of_turn.issue)
        spending.register(posted_on)
        codes.register(calls.waits_under)
        line_names.register(calls.waits_by)
        dropping.register(waiting.count)
        addresses.register(billing_emails.of_document, "invoice", "credit_note", "receipt")
        addresses.register(billing_emails.of_request, "topup_approved", "topup_rejected")
        addresses.register(billing_emails.of_customer, "low_balance")
        register(checks.pango)
        register(checks.fonts)
        registry.menu.add("Commerce", _("Invoices"), "invoicing:documents", icon="file-invoice", roles=STAFF, order=30)
        registry.menu.add("Account", _("Overview"), "invoicing:my-overview", icon="home", roles=own, audience="customer", order=10)
        registry.menu.add("Account", _("Invoices"), "invoicing:my-documents", icon="file-invoice", roles=own, audience="customer", order=20)
        registry.menu.add("Account", _("Statement"), "invoicing:my-statement", icon="list-details", roles=own, audience="customer", order=30)
        registry.customer_tabs.add(_("Overview"), "invoicing:overview", order=10)
        registry.customer_tabs.add(_("Invoices"), "invoicing:customer-documents", order=30)
        registry.customer_tabs.add(_("Statement"), "invoicing:statement", order=40)
        registry.search.add(_("Invoices"), links.find)
        registry.resolvers.add("document", links.document)
        registry.resolvers.add("run", links.run)
        words.add({"document.sent_again": _("Invoice sent again"), "run.retried": _("Row of an invoice run tried again")})
        words.add({"series.skipped": _("Document numbers skipped")})
