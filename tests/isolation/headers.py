"""What every answer says to the browser: no foreign script, no frame, no guessing of types, no copy of a private page (reliability 79)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.support.addresses import Address

IN_OUR_OWN_FRAME = {"web:mail-preview"}  # a mail's HTML, sandboxed, in the frame of its own page
MAY_BE_KEPT = {"web:logo", "web:favicon", "invoicing:brand"}  # the same for everybody who comes


def faults(address: Address, answer: Any) -> Iterator[str]:
    policy = {name: values for name, *values in (part.split() for part in answer.headers.get("Content-Security-Policy", "").split(";"))}
    framed = address.name in IN_OUR_OWN_FRAME
    shown = framed and answer.status_code == 200
    if policy.get("default-src") != ["'none'"] or policy.get("frame-ancestors") != (["'self'"] if shown else ["'none'"]):
        yield f"policy {policy}"
    if any("unsafe-inline" in value or "unsafe-eval" in value or value == "*" for values in policy.values() for value in values):
        yield f"an open policy: {policy}"
    if answer.headers.get("X-Content-Type-Options") != "nosniff":
        yield "no nosniff"
    if answer.headers.get("X-Frame-Options") not in ({"DENY", "SAMEORIGIN"} if framed else {"DENY"}):
        yield f"frames {answer.headers.get('X-Frame-Options')}"
    if "no-store" not in answer.headers.get("Cache-Control", "") and not (address.name in MAY_BE_KEPT and answer.status_code in {200, 302}):
        yield f"may be kept: {answer.headers.get('Cache-Control')}"
