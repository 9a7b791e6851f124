"""What a parent no longer moves: calls that are closed there, credited, written off or billed with a debt, cost what they cost (semantics 13)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from uuid import UUID

from django_tenants.utils import schema_context

from billing_portal.tenancy import queries as tenancy
from invoicing.domain import climb
from invoicing.domain.buying import Purchase, Seller
from invoicing.models import Call, CallKey
from invoicing.queries import billed


def split(purchase: Purchase, calls: Iterable[Call]) -> tuple[Purchase, set[UUID]]:
    """The costs found for these calls without those that the parent would have to post and no longer moves, and the keys of these; its schema is read."""
    if purchase.seller is None:
        return purchase, set()
    changed = [call for call in calls if (bought := purchase.prices.get(call.key_id)) is not None and bought.price != call.buy_price]
    gone = _closed(purchase.seller, changed) if changed else set()
    return replace(purchase, prices={key: bought for key, bought in purchase.prices.items() if key not in gone}), gone


def _closed(parent: Seller, calls: list[Call]) -> set[UUID]:
    """The keys here of those that are closed there."""
    schema = tenancy.current().schema_name
    keys = CallKey.objects.filter(pk__in=[call.key_id for call in calls]).select_related("switch")
    here = {(climb.switch_name(schema, key.switch.name), key.call_id, key.leg): key.pk for key in keys}
    switches, call_ids = {name[0] for name in here}, {name[1] for name in here}
    with schema_context(parent.schema):
        found = CallKey.objects.filter(switch__name__in=switches, call_id__in=call_ids).select_related("switch")
        above = {key.pk: here[name] for key in found if (name := (key.switch.name, key.call_id, key.leg)) in here}
        rows = Call.objects.filter(customer_id=parent.customer.pk, at__in={call.at for call in calls}, key_id__in=list(above))
        return {above[key] for key in billed.closed_calls(rows)}
