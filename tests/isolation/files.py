"""The addresses that answer with a file, read from the views behind the resolver."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from types import FunctionType
from typing import Any

from tests.support import addresses
from tests.support.addresses import Address

VIEWS = (".views", ".pages.", ".downloads")


def every() -> list[Address]:
    """Each address whose view names a content type of its own, itself or by another function of the views."""
    return [address for address in addresses.every() if address.audience != "library" and _is_file(inspect.unwrap(address.view))]


def _is_file(view: Any) -> bool:
    return any(isinstance(each, tuple) and "content_type" in each for function in _reached(view, set()) for each in function.__code__.co_consts)


def _reached(function: Any, seen: set[str]) -> Iterator[FunctionType]:
    """The function, and those of the views that it calls, by whatever way."""
    if not isinstance(function, FunctionType) or not any(part in f"{function.__module__}." for part in VIEWS) or _name(function) in seen:
        return
    seen.add(_name(function))
    yield function
    for name in function.__code__.co_names:
        for holder in (function.__globals__.get(name), *(getattr(each, name, None) for each in _modules(function))):
            yield from _reached(inspect.unwrap(holder) if callable(holder) else holder, seen)


def _modules(function: FunctionType) -> list[Any]:
    return [found for name in function.__code__.co_names if inspect.ismodule(found := function.__globals__.get(name))]


def _name(function: FunctionType) -> str:
    return f"{function.__module__}.{function.__qualname__}"
