"""What goes up goes through here: higher apps say at start-up what stands in the menu, in tabs, in the search and behind a link."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise

from billing_portal.accounts.models import Role
from billing_portal.web.viewer import Viewer

Text = str | Promise
GROUPS = ("Account", "Commerce", "Features", "Reports", "Settings", "Platform")


@dataclass(frozen=True)
class Item:
    """One entry of the menu; `badge` counts what waits there."""

    group: str
    label: Text
    url_name: str
    icon: str
    audience: str
    roles: tuple[Role, ...]
    order: int
    badge: Callable[[Viewer], int] | None

    def open_to(self, viewer: Viewer) -> bool:
        portal = "customer" if viewer.party is not None else "staff"
        return self.audience == portal and (not self.roles or viewer.role in self.roles)


@dataclass
class Menu:
    """The side menu: staff and customers each see their own."""

    items: list[Item] = field(default_factory=list)

    def add(
        self,
        group: str,
        label: Text,
        url_name: str,
        *,
        icon: str,
        roles: Iterable[Role] = (),
        audience: str = "staff",
        order: int = 50,
        badge: Callable[[Viewer], int] | None = None,
    ) -> None:
        if group not in GROUPS or audience not in {"staff", "customer"}:
            raise ValueError(f"no such place in the menu: {group}, {audience}")
        self.items.append(Item(group, label, url_name, icon, audience, tuple(roles), order, badge))

    def of(self, viewer: Viewer) -> Iterator[tuple[str, list[Item]]]:
        """The groups that hold something for this viewer, in their order."""
        shown = sorted((item for item in self.items if item.open_to(viewer)), key=lambda item: item.order)
        for group in GROUPS:
            if items := [item for item in shown if item.group == group]:
                yield group, items


@dataclass(frozen=True)
class Tab:
    """A tab of a customer's page; its address takes `account`, the account number."""

    label: Text
    url_name: str
    roles: tuple[Role, ...]
    order: int


@dataclass
class Tabs:
    items: list[Tab] = field(default_factory=list)

    def add(self, label: Text, url_name: str, *, roles: Iterable[Role] = (), order: int = 50) -> None:
        self.items.append(Tab(label, url_name, tuple(roles), order))

    def of(self, viewer: Viewer) -> list[Tab]:
        return sorted((tab for tab in self.items if not tab.roles or viewer.role in tab.roles), key=lambda tab: tab.order)


@dataclass(frozen=True)
class Hit:
    """Something the global search found."""

    title: str
    detail: str
    url: str


SearchProvider = Callable[[Viewer, str], Iterable[Hit]]


@dataclass
class Search:
    """What the box on top looks through; each provider asks only for what the viewer may see."""

    providers: list[tuple[Text, SearchProvider]] = field(default_factory=list)

    def add(self, label: Text, provider: SearchProvider) -> None:
        self.providers.append((label, provider))


@dataclass
class Resolvers:
    """From a kind and an id, as the audit trail, jobs and mails keep them, to the page of the thing."""

    links: dict[str, Callable[[str], str | None]] = field(default_factory=dict)

    def add(self, kind: str, link: Callable[[str], str | None]) -> None:
        self.links[kind] = link

    def link(self, kind: str, id_: object) -> str | None:
        """The address, or None where nobody knows the kind or the thing is gone."""
        known = self.links.get(kind)
        return known(str(id_)) if known is not None else None


@dataclass(frozen=True)
class Target:
    """A customer or reseller that the viewer may switch into."""

    value: str
    label: str


@dataclass
class Switching:
    """The select at the top right and the way back; `customers` brings both. Until then there is none."""

    targets: Callable[[Viewer], Iterable[Target]] | None = None
    enter: str = ""
    leave: str = ""
    find: str = ""

    def offer(self, targets: Callable[[Viewer], Iterable[Target]], *, enter: str, leave: str, find: str = "") -> None:
        self.targets, self.enter, self.leave, self.find = targets, enter, leave, find

    def of(self, viewer: Viewer) -> list[Target]:
        from_ = self.targets if viewer.is_staff and not viewer.acting else None
        return list(from_(viewer)) if from_ is not None else []


def address(url_name: str) -> str:
    """The address behind a name, empty where this installation has no such page."""
    try:
        return reverse(url_name) if url_name else ""
    except NoReverseMatch:
        return ""


menu = Menu()
customer_tabs = Tabs()
search = Search()
resolvers = Resolvers()
switching = Switching()
