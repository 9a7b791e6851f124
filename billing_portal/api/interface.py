"""The interface as a whole: who may use it, and how it says no."""

import logging
from typing import Any

from allauth.core.internal.httpkit import get_client_ip
from django.db import DatabaseError, InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from ninja import NinjaAPI
from ninja.security import HttpBearer
from pydantic import ValidationError

from billing_portal.accounts.domain import keys, networks
from billing_portal.accounts.models import ApiKey
from billing_portal.api.bodies import BodyTooLargeError
from billing_portal.kernel.errors import DomainError
from billing_portal.tenancy import database

log = logging.getLogger(__name__)

MOST_PROBLEMS = 20


class ScopeError(Exception):
    """The key is a switch's own but does not carry the scope."""


class AddressError(Exception):
    """The key is a switch's own but does not work from this address."""


class SwitchKey(HttpBearer):
    """The key of a switch of this reseller, from an address it works from; one of another reseller, or a revoked one, is unknown (reliability 96)."""

    def __init__(self, scope: str) -> None:
        super().__init__()
        self.scope = scope

    def authenticate(self, request: HttpRequest, token: str) -> ApiKey | None:
        key = keys.find(token)
        if key is None:
            return None
        address = get_client_ip(request) or ""
        if not networks.allows(key.addresses, address):
            raise AddressError(address)
        if self.scope not in key.scopes:
            raise ScopeError(self.scope)
        keys.used(key, at=timezone.now())
        return key


api = NinjaAPI(title="Billing portal", version="1", docs_url=None, openapi_url=None, urls_namespace="api")


@api.exception_handler(ScopeError)
def wrong_scope(request: HttpRequest, problem: ScopeError) -> HttpResponse:
    return JsonResponse({"detail": f"This key does not carry the scope {problem}."}, status=403)


@api.exception_handler(AddressError)
def wrong_address(request: HttpRequest, problem: AddressError) -> HttpResponse:
    return JsonResponse({"detail": f"This key does not work from the address {problem}."}, status=403)


@api.exception_handler(BodyTooLargeError)
def too_large(request: HttpRequest, problem: BodyTooLargeError) -> HttpResponse:
    return JsonResponse({"detail": "The body is too large: send fewer records at once."}, status=413)


@api.exception_handler(ValidationError)
def wrong_shape(request: HttpRequest, problem: ValidationError) -> HttpResponse:
    """Nothing was taken; each problem names its path."""
    found = problem.errors(include_url=False, include_context=False, include_input=False)
    return refused([{"path": _path(error["loc"]), "message": error["msg"]} for error in found[:MOST_PROBLEMS]])


@api.exception_handler(DomainError)
def wrong_content(request: HttpRequest, problem: DomainError) -> HttpResponse:
    return refused([{"path": problem.field or "records", "message": problem.message}])


@api.exception_handler(InterfaceError)
@api.exception_handler(OperationalError)
def away(request: HttpRequest, problem: DatabaseError | InterfaceError) -> HttpResponse:
    """The database is away or busy: whoever sends again gets the first answer, if there was one (reliability 44)."""
    if not database.passes(problem):
        raise problem
    log.warning("The database does not answer: %s", problem)
    return JsonResponse({"detail": "Try again later."}, status=503, headers={"Retry-After": "10"})


@api.get("/openapi.json", include_in_schema=False)
def openapi(request: HttpRequest) -> Any:
    """The description of this interface, for programs."""
    return api.get_openapi_schema()


def refused(problems: list[dict[str, str]]) -> HttpResponse:
    return JsonResponse({"detail": problems}, status=422)


def _path(place: tuple[int | str, ...]) -> str:
    """`records[3].to`"""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place)
    return text.removeprefix(".") or "(body)"
