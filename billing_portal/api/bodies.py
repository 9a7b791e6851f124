"""What a program sends, read once it is known whose key it shows: forms of browsers have a far smaller bound."""

from django.http import HttpRequest


class BodyTooLargeError(Exception):
    """More than is read."""


def read(request: HttpRequest, *, most: int) -> bytes:
    """The whole body, at most so many bytes. Raises `BodyTooLargeError` and then has kept no more than one byte above."""
    body: bytes = request.read(most + 1)
    if len(body) > most:
        raise BodyTooLargeError
    return body
