"""The one exception that views, commands and the API turn into an answer."""


class DomainError(Exception):
    """A rule of the business says no; the transaction rolls back.

    `code` is for programs and tests, `message` is a sentence for people (it may be lazily translated), `field` names the form field it belongs to.
    """

    def __init__(self, code: str, message: object, field: str | None = None) -> None:
        super().__init__(code, message, field)
        self.code = code
        self.field = field
        self._message = message

    @property
    def message(self) -> str:
        return str(self._message)

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


def require(condition: object, code: str, message: object, field: str | None = None) -> None:
    """Raise `DomainError(code)` unless the condition holds."""
    if not condition:
        raise DomainError(code, message, field)
