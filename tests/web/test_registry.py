"""What stands in the menu, in tabs and behind a link depends on who looks."""

import pytest

from billing_portal.accounts.models import Role
from billing_portal.web.context import initials, menu_of
from billing_portal.web.registry import Menu, Resolvers, Switching, Tabs, Target, menu
from billing_portal.web.viewer import ANONYMOUS, STAFF, Viewer
from tests.web.viewers import viewer_in


@pytest.fixture
def small_menu(monkeypatch: pytest.MonkeyPatch, sample_site: None) -> None:
    monkeypatch.setattr(menu, "items", [])
    menu.add("Settings", "Staff", "web:help", icon="users", roles=[Role.ADMINISTRATOR])
    menu.add("Commerce", "Customers", "customers", icon="users", roles=STAFF, badge=lambda viewer: 4)
    menu.add("Account", "Overview", "own", icon="home", audience="customer")


def labels(viewer: Viewer) -> list[tuple[str, list[str]]]:
    return [(group, [str(entry.label) for entry in entries]) for group, _label, entries in menu_of(viewer, "/customers/new")]


@pytest.mark.usefixtures("small_menu")
def test_each_sees_the_entries_of_their_own_role(commerce: Viewer, person: Viewer) -> None:
    assert labels(commerce) == [("commerce", ["Customers"])]
    assert labels(viewer_in(Role.ADMINISTRATOR)) == [("commerce", ["Customers"]), ("settings", ["Staff"])]
    assert labels(person) == [("account", ["Overview"])]
    assert labels(ANONYMOUS) == []


@pytest.mark.usefixtures("small_menu")
def test_staff_who_switched_see_the_customers_menu(switched: Viewer) -> None:
    assert labels(switched) == [("account", ["Overview"])]


@pytest.mark.usefixtures("small_menu")
def test_the_entry_of_the_page_is_the_current_one_and_counts_what_waits(commerce: Viewer) -> None:
    [(_group, _label, [customers])] = menu_of(commerce, "/customers/new")

    assert (customers.current, customers.count) == (True, 4)


def test_an_entry_cannot_stand_in_a_group_that_is_not_there() -> None:
    with pytest.raises(ValueError, match="no such place"):
        Menu().add("Elsewhere", "X", "own", icon="home")


def test_tabs_stand_in_order_and_only_for_their_roles(commerce: Viewer, support: Viewer) -> None:
    tabs = Tabs()
    tabs.add("History", "history", order=90)
    tabs.add("Invoices", "invoices", order=10, roles=[Role.COMMERCE])

    assert [tab.label for tab in tabs.of(commerce)] == ["Invoices", "History"]
    assert [tab.label for tab in tabs.of(support)] == ["History"]


def test_a_kind_that_nobody_knows_has_no_link() -> None:
    resolvers = Resolvers()
    resolvers.add("customer", lambda id_: f"/customers/{id_}/")

    assert resolvers.link("customer", 7) == "/customers/7/"
    assert resolvers.link("unknown", 7) is None


def test_only_staff_who_have_not_switched_are_offered_customers(commerce: Viewer, switched: Viewer, person: Viewer) -> None:
    switching = Switching()
    switching.offer(lambda viewer: [Target("100042", "Acme Ltd")], enter="customers", leave="own")

    assert switching.of(commerce) == [Target("100042", "Acme Ltd")]
    assert switching.of(switched) == []
    assert switching.of(person) == []


def test_a_mark_has_two_letters() -> None:
    assert initials("Harbour Voice Group") == "HV"
    assert initials("acme") == "AC"
