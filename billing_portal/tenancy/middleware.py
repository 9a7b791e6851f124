"""The host decides the reseller; a host that nobody has is a plain 404."""

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django_tenants.middleware.main import TenantMainMiddleware

from billing_portal.tenancy import boot
from billing_portal.tenancy.models import Reseller


def not_found() -> HttpResponse:
    """Answered without touching any schema, so without a template."""
    return HttpResponse("Not found\n", status=404, content_type="text/plain")


class ResellerMiddleware(TenantMainMiddleware):
    """Bind the request to the reseller of its host (reliability rule 6); the host is compared in lower case and without a trailing dot."""

    @staticmethod
    def hostname_from_request(request: HttpRequest) -> str:
        return request.get_host().rsplit(":", 1)[0].lower().rstrip(".")

    def process_request(self, request: HttpRequest) -> HttpResponse | None:
        boot.ensure_checked()
        answer: HttpResponse | None = super().process_request(request)
        if answer is not None:
            return not_found()
        reseller = connection.tenant
        return None if getattr(reseller, "state", None) == Reseller.State.READY else not_found()

    def no_tenant_found(self, request: HttpRequest, hostname: str) -> HttpResponse:
        return not_found()
