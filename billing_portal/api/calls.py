"""`POST /api/v1/calls`: a switch delivers its calls."""

from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from ninja import Router

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain.keys import CALLS_WRITE
from billing_portal.accounts.models import ApiKey
from billing_portal.api import bodies
from billing_portal.api.interface import SwitchKey
from billing_portal.api.schemas import CallsIn, CallsOut, DeniedOut, RefusedOut, shape
from invoicing.domain import calls
from invoicing.models import CallBatch

router = Router(auth=SwitchKey(CALLS_WRITE))
ANSWERS: dict[int, Any] = {200: CallsOut, 401: DeniedOut, 403: DeniedOut, 413: DeniedOut, 422: RefusedOut}
BODY = {"required": True, "content": {"application/json": {"schema": shape()}}}


@router.post("/calls", response=ANSWERS, openapi_extra={"requestBody": BODY}, operation_id="post_calls", summary="Deliver calls")
def post_calls(request: HttpRequest) -> HttpResponse:
    """Take calls in. Each is rated and posted once, answered in order; a repeated one gets its first answer again.

    A body has at most 16 MB and 500,000 values, which is room for every field of 10,000 records; a larger one is refused whole, with 413.
    """
    body = bodies.read(request, most=settings.API_BODY_MOST_BYTES, most_values=settings.API_BODY_MOST_VALUES)
    sent = CallsIn.model_validate_json(body)
    key: ApiKey = request.auth  # type: ignore[attr-defined]
    records = [record.record() for record in sent.records]
    actor = Actor.program(key.switch.name, via="api")
    answers = calls.ingest(records, switch=key.switch, source=CallBatch.Source.API, actor=actor, at=timezone.now())
    return JsonResponse({"records": [asdict(answer) for answer in answers]})
