"""Frozen dataclasses to plain JSON and back, exactly: decimals and dates as text, bytes as base64, tuples as lists."""

from base64 import b64decode, b64encode
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cache
from types import NoneType
from typing import Any, TypeVar, cast, get_args, get_origin, get_type_hints

T = TypeVar("T")


def encode(value: Any) -> Any:
    """A value of a document as JSON knows it; anything unexpected is an error, never a guess."""
    match value:
        case None | bool() | int():
            return value
        case str():
            return str(value)
        case Decimal() if value.is_finite():
            return format(value, "f")
        case date():
            return value.isoformat()
        case bytes():
            return b64encode(value).decode("ascii")
        case tuple():
            return [encode(item) for item in value]
        case _ if is_dataclass(value):
            return {field.name: encode(getattr(value, field.name)) for field in fields(value)}
    raise TypeError(f"{value!r} has no place in a document")


def decode(kind: type[T], data: dict[str, Any]) -> T:
    """The dataclass whose `encode` gave this; a field that is missing takes its default, one that is unknown is an error."""
    types = _types(cast("Any", kind))
    return kind(**{name: _as(types[name], value) for name, value in data.items()})


@cache
def _types(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


def _as(kind: Any, value: Any) -> Any:
    options = [option for option in get_args(kind) if option is not NoneType]
    if value is None:
        return None
    if get_origin(kind) is tuple:
        return tuple(_as(options[0], item) for item in value)
    if options:
        return _as(options[0], value)
    if isinstance(kind, type) and is_dataclass(kind):
        return decode(kind, value)
    if kind is date:
        return date.fromisoformat(value)
    if kind is bytes:
        return b64decode(value, validate=True)
    return kind(value) if issubclass(kind, Decimal | StrEnum) else value
