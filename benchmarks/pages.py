"""Every page of the sample world: the server's time for it, its queries, and what a first visit loads."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from http.client import HTTPConnection
from typing import Any

from benchmarks import ground
from benchmarks.measuring import Figure, Peak, percentile

SLOWEST = 5
ASSET = re.compile(r'(?:href|src)="(/static/[^"]+)"')
FONT = re.compile(rb"url\(([^)]*latin-(?:opsz|wght)-normal[^)]*\.woff2)\)")
WHY = {
    "pages slowest": "the page named asks or draws more than the others",
    "pages p95": "the pages named draw long forms or tables",
    "pages first load": "style sheets, script and the font together are larger than that",
    "pages queries": "the page named asks the database once for each of its rows",
}


def measure(*, tiny: bool) -> Iterator[Figure]:
    from django.conf import settings
    from django.core.management import call_command

    from benchmarks import visiting

    host = "acme.localhost"
    with ground.inside():
        _people(tiny)
    if not tiny:
        _sample_world()
    if settings.PORTAL_ENV != "test":
        call_command("collectstatic", interactive=False, verbosity=0)
    with ground.inside():
        visitor = visiting.client(visiting.administrator(), host)
        paths = visiting.pages(visitor)
        paths = paths[:4] if tiny else paths
        yield from _times(visitor, paths, 1 if tiny else 5)
        asked = {path: visiting.queries(visitor, path) for path in paths}
        worst = max(asked, key=lambda path: asked[path])
        yield Figure("pages queries", asked[worst], "queries", f"bound, {worst} of {len(paths)} pages", 60, "≤ 1", 0, WHY["pages queries"])
        cookie = visiting.cookies(visitor)
    if not tiny:
        with ground.served() as port:
            yield _first_load(port, host, cookie)


def _people(tiny: bool) -> None:
    from billing_portal.accounts.domain import users
    from billing_portal.accounts.models import Role

    if tiny:
        users.create("bench", "Bench", "bench@acme.example", Role.ADMINISTRATOR, actor=ground.actor(), at=ground.MONTH)


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


def _times(visitor: Any, paths: list[str], repeats: int) -> Iterator[Figure]:
    from benchmarks import visiting

    Peak().reset()
    by_path: dict[str, list[float]] = {}
    for path, took in visiting.times(visitor, paths, repeats):
        by_path.setdefault(path, []).append(took * 1000)
    middle = {path: percentile(each, 50) for path, each in by_path.items()}
    slow = sorted(middle, key=lambda path: -middle[path])
    for path in slow[:SLOWEST]:
        _say(f"{middle[path]:.0f} ms {path}")
    name, all_ = "pages p95", [took for each in by_path.values() for took in each]
    yield Figure(name, percentile(all_, 95), "ms", f"target, {len(paths)} pages", 100, "≤ 1", Peak().mb, WHY[name])
    name = "pages slowest"
    yield Figure(name, middle[slow[0]], "ms", f"target, {slow[0]}", 100, "≤ 1", Peak().mb, WHY[name])


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
