"""What a program sends, read once it is known whose key it shows: forms of browsers have a far smaller bound."""

from django.http import HttpRequest

PARTED = (b",", b"[", b"{")


class BodyTooLargeError(Exception):
    """More than is read."""


def read(request: HttpRequest, *, most: int, most_values: int) -> bytes:
    """The whole body as JSON, at most so many bytes and values: in memory one of two bytes can be a hundred times as large.

    Raises `BodyTooLargeError`, and then has kept no more than one byte above and read none of the values.
    """
    body: bytes = request.read(most + 1)
    if len(body) > most or sum(map(body.count, PARTED)) > most_values:
        raise BodyTooLargeError
    return body
