"""Without a provider of payments a member of staff is the gateway: the request stands under Commerce » Requests until somebody decides (E36)."""

from __future__ import annotations

from datetime import datetime

from billing_portal.accounts import rights
from billing_portal.accounts.models import User
from billing_portal.accounts.rights import Right
from billing_portal.kernel import money
from billing_portal.mail import outgoing
from billing_portal.tenancy import queries as tenancy
from invoicing.models import TopUpRequest


class Manual:
    """Tells the staff who may decide; approval posts the money."""

    name = "manual"

    def begin(self, request: TopUpRequest, *, at: datetime) -> None:
        to = staff_to_tell()
        if not to:
            return
        reseller = tenancy.current()
        context = {
            "customer": request.customer,
            "request": request,
            "is_automatic": request.origin == TopUpRequest.Origin.AUTOMATIC,
            "amount": money.text(money.to_minor(request.amount, request.currency), request.currency),
            "address": tenancy.address_of(reseller, f"/requests/{request.pk}/"),
        }
        outgoing.send("topup_request", to=to, context=context, key=f"topup-request:{request.pk}", about=("topup_request", request.pk))


def staff_to_tell() -> list[str]:
    """The addresses of up to five members of staff who may decide, else the reseller's support address."""
    deciders = User.objects.filter(role__in=rights.roles(Right.MOVE_MONEY), is_active=True, stands_for_schema="").exclude(email="")
    found = list(dict.fromkeys(deciders.order_by("created_at", "pk").values_list("email", flat=True)))[: outgoing.MAX_RECIPIENTS]
    support = tenancy.current().support_email
    return found or ([support] if support else [])


manual = Manual()
