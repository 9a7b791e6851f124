from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CustomersConfig(AppConfig):
    name = "customers"

    def ready(self) -> None:
        """Put customers into the menu, the tabs, the search, the switch and behind links (semantics 38)."""
        from billing_portal.accounts import words
        from billing_portal.accounts.models import Role
        from billing_portal.web import registry
        from billing_portal.web.viewer import PEOPLE, STAFF, SWITCHERS
        from customers import links

        own = (Role.ACCOUNT_ADMIN, *SWITCHERS)
        registry.menu.add("Commerce", _("Customers"), "customers:list", icon="users", roles=STAFF, order=10)
        registry.menu.add("Features", _("People"), "customers:my-people", icon="user", roles=own, audience="customer", order=10)
        registry.menu.add("Features", _("Lines"), "customers:my-lines", icon="phone", roles=(*PEOPLE, *SWITCHERS), audience="customer", order=20)
        registry.customer_tabs.add(_("People"), "customers:people", order=50)
        registry.customer_tabs.add(_("Lines"), "customers:lines", order=60)
        registry.customer_tabs.add(_("Rate plan"), "customers:rate-plan", order=70)
        registry.customer_tabs.add(_("History"), "customers:history", order=90)
        registry.search.add(_("Customers"), links.find)
        registry.resolvers.add("customer", links.customer)
        registry.switching.offer(links.targets, enter="customers:switch", leave="customers:return", find="customers:list")
        words.add({}, {"billing_type": _("Billing type"), "account_number": _("Account number"), "switch_account_code": _("Switch account code")})
