"""Every page of the sample world as everybody who may see it: the server's time for it, its queries, and what a first visit loads."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPConnection
from typing import TYPE_CHECKING

from benchmarks import ground
from benchmarks.measuring import Figure, Peak, Scale, percentile

if TYPE_CHECKING:
    from benchmarks.viewers import Seen

HOSTS = (("acme", "acme.localhost"), ("owner", "localhost"), ("globex", "globex.localhost"), ("northwind", "northwind.localhost"))
OF_EACH = 2  # pages of one kind that somebody looks at
MOST_ASKED = 5  # pages whose questions are counted once more
ASSET = re.compile(r'(?:href|src)="(/static/[^"]+)"')
FONT = re.compile(rb"url\(([^)]*latin-(?:opsz|wght)-normal[^)]*\.woff2)\)")


@dataclass(frozen=True)
class Visits:
    """How many pages of each viewer are visited, how often; how many of the slowest then are visited by themselves, how often."""

    pages: int | None
    each: int
    slowest: int
    of_slowest: int


WHY = {
    "pages slowest": "the page named asks or draws more than the others",
    "pages p95": "the pages named draw long forms or tables",
    "pages first load": "style sheets, script and the font together are larger than that",
    "pages queries": "the page named asks the database once for each of its rows",
}


def measure(scale: Scale) -> Iterator[Figure]:
    from django.conf import settings
    from django.core.management import call_command

    from benchmarks import visiting

    tiny = scale is Scale.TINY
    if not tiny:
        _sample_world()
    if settings.PORTAL_ENV != "test":
        call_command("collectstatic", interactive=False, verbosity=0)
    Peak().reset()
    visits = scale.of(Visits(2, 1, 1, 1), Visits(None, 2, 10, 30))
    yield from _figures(list(_seen(HOSTS[:1] if tiny else HOSTS, visits)), visits)
    if not tiny:
        with ground.inside():
            cookie = visiting.cookies(visiting.client(visiting.administrator(), HOSTS[0][1]))
        with ground.served() as port:
            yield _first_load(port, HOSTS[0][1], cookie)


def _sample_world() -> None:
    """The world of script/demo, in the place of the empty resellers."""
    from django.db import connection

    from billing_portal.demo import world
    from billing_portal.tenancy.models import CustomerName, Domain, Reseller

    connection.set_schema_to_public()
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA acme CASCADE; DROP SCHEMA owner CASCADE")
    for model in (Domain, CustomerName):
        model.objects.all().delete()
    Reseller.objects.exclude(parent=None)._raw_delete("default")
    Reseller.objects.all()._raw_delete("default")
    world.create(_say, now=datetime.now(UTC).replace(microsecond=0))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def _seen(hosts: Iterable[tuple[str, str]], visits: Visits) -> Iterator[Seen]:
    """Each page of each reseller as each kind of viewer who may see it, visited some times when it is warm."""
    from benchmarks import viewers

    for schema, host in hosts:
        with ground.inside(schema):
            for viewer in viewers.of(schema, host):
                shown = viewer.pages(OF_EACH, visits.pages)
                for page in shown:
                    page.visit(visits.each)
                yield from shown
                _say(f"{viewer.name}: {len(shown)} pages")


def _figures(seen: list[Seen], visits: Visits) -> Iterator[Figure]:
    """The 95th percentile of all visits; that of each page by itself which was slowest by its median; and the most questions."""
    from benchmarks import visiting

    kinds = {visiting.kind_of(page.path) for page in seen}
    size = (
        f"{len(seen):,} pages of {len(kinds)} kinds by {len({page.who.name for page in seen})} viewers of {len({page.who.schema for page in seen})} resellers"
    )
    all_, name = [took for page in seen for took in page.took], "pages p95"
    yield Figure(name, percentile(all_, 95), "ms", "target, all visits together", 100, "≤ 1", Peak().mb, WHY[name], size=size)
    slowest = {page.path + page.who.name: page for page in sorted(seen, key=lambda page: -percentile(page.took, 50))[: visits.slowest]}
    own = {key: _own_p95(page, visits.of_slowest) for key, page in slowest.items()}
    key = max(own, key=lambda key: own[key])
    of, name = f"target, {slowest[key].path} as {slowest[key].who.name}, 95th percentile of its own {visits.of_slowest} visits", "pages slowest"
    yield Figure(name, own[key], "ms", of, 100, "≤ 1", Peak().mb, WHY[name], size=size)
    yield _most_asked(seen, size)


def _own_p95(page: Seen, repeats: int) -> float:
    with ground.inside(page.who.schema):
        found = percentile(page.visit(repeats), 95)
    _say(f"{found:.0f} ms {page.path} as {page.who.name}")
    return found


def _most_asked(seen: list[Seen], size: str) -> Figure:
    """Of the pages that asked the most when they were cold the one that asks the most when it is warm."""
    from benchmarks import visiting

    asked: dict[str, int] = {}
    for page in sorted(seen, key=lambda page: -page.asked)[:MOST_ASKED]:
        with ground.inside(page.who.schema):
            asked[f"{page.path} as {page.who.name}"] = visiting.queries(page.who.browser, page.path)
    worst = max(asked, key=lambda name: asked[name])
    return Figure("pages queries", asked[worst], "queries", f"bound, {worst}", 60, "≤ 1", 0, WHY["pages queries"], size=size)


def _first_load(port: int, host: str, cookie: str) -> Figure:
    """The bytes of the first page with its style sheets, scripts and font, compressed as a browser asks for them."""
    line = HTTPConnection("127.0.0.1", port, timeout=30)

    def fetch(path: str, encoding: str) -> bytes:
        line.request("GET", path, headers={"Host": f"{host}:{port}", "Cookie": cookie, "Accept-Encoding": encoding})
        answer = line.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path} answers {answer.status}")
        return body

    page = fetch("/customers/", "identity")
    assets = list(dict.fromkeys(ASSET.findall(page.decode())))
    size = len(fetch("/customers/", "br, gzip")) + sum(len(fetch(asset, "br, gzip")) for asset in assets)
    sheets = [(asset, fetch(asset, "identity")) for asset in assets if asset.endswith(".css")]
    fonts = {f"{sheet.rpartition('/')[0]}/{found.decode().strip(chr(34))}" for sheet, text in sheets for found in FONT.findall(text)}
    size += sum(len(fetch(font, "identity")) for font in fonts)
    line.close()
    name = "pages first load"
    return Figure(name, size / 1000, "kB", f"target, {len(assets)} files and {len(fonts)} font", 300, "≤ 1", 0, WHY[name])
