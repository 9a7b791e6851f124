from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CustomersConfig(AppConfig):
    name = "customers"

    def ready(self) -> None:
        """Put customers into the menu, the tabs, the search, the switch and behind links (semantics 38)."""
        from django.contrib.auth.signals import user_logged_out

        from billing_portal.accounts import rights, words
        from billing_portal.accounts.domain import company
        from billing_portal.accounts.models import Role
        from billing_portal.accounts.rights import Right
        from billing_portal.web import registry
        from billing_portal.web.viewer import PEOPLE, STAFF, SWITCHERS
        from customers import jobs, links, middleware, queries, reseller_jobs  # noqa: F401 - they register their work
        from customers.domain import own_plan, own_row
        from rateplans.domain import sources, taking_back

        user_logged_out.connect(middleware.signed_out, dispatch_uid="customers.signed_out")
        company.register_holder(own_row.holder_of_name, own_row.take_name)
        sources.register_own_plan(own_plan.history)
        taking_back.register_buyers(queries.customers_on)

        own = (Role.ACCOUNT_ADMIN, *SWITCHERS)
        registry.menu.add("Commerce", _("Customers"), "customers:list", icon="users", roles=STAFF, order=10)
        registry.menu.add("Platform", _("Resellers"), "resellers:list", icon="building-store", roles=rights.roles(Right.PLATFORM), order=10)
        registry.menu.add("Platform", _("Switched in"), "resellers:switched", icon="arrows-exchange", roles=rights.roles(Right.PLATFORM), order=65)
        registry.menu.add("Features", _("People"), "customers:my-people", icon="user", roles=own, audience="customer", order=10)
        registry.menu.add("Features", _("Lines"), "customers:my-lines", icon="phone", roles=(*PEOPLE, *SWITCHERS), audience="customer", order=20)
        registry.menu.add("Account", _("History"), "customers:my-history", icon="history", roles=own, audience="customer", order=50)
        registry.customer_tabs.add(_("People"), "customers:people", order=50)
        registry.customer_tabs.add(_("Lines"), "customers:lines", order=60)
        registry.customer_tabs.add(_("Rate plan"), "customers:rate-plan", order=70)
        registry.customer_tabs.add(_("History"), "customers:history", order=90)
        registry.search.add(_("Customers"), links.find)
        registry.resolvers.add("customer", links.customer)
        registry.switching.offer(links.targets, enter="customers:switch", leave="customers:return", find="customers:list")
        words.add(
            {},
            {"billing_type": _("Billing type"), "account_number": _("Account number"), "switch_account_code": _("Switch account code"), "on_net": _("On-net")},
        )
        alerts = {"daily_limit": _("Maximum spend per day"), "low_balance_threshold": _("Email when below"), "low_balance_email": _("Low balance email")}
        alerts |= {"low_balance_repeat_days": _("Repeat, days"), "topup": _("Automatic top-up"), "topup_threshold": _("Top up when below"), "lock": _("Lock")}
        words.add({}, alerts)
