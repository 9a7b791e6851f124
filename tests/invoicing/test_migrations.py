"""Top-ups that staff asked for before that was kept are told from those of the customer's own people by the trail."""

import importlib
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from django_tenants.utils import schema_context

from billing_portal.tenancy.models import new_id
from customers.models import Customer
from invoicing.domain import decisions, topups
from invoicing.models import TopUpRequest
from tests.support import tree, world
from tests.support.months import D
from tests.support.world import jane

asked_by_seller: Any = importlib.import_module("invoicing.migrations.0010_top_ups_the_seller_asked_for")


@pytest.mark.django_db
def test_requests_of_before_are_of_who_asked_by_the_trail(acme: Any) -> None:
    globex = tree.plant().globex
    with schema_context("acme"):
        anna, at = world.customer("Anna Ltd"), timezone.now()
        somebody = replace(jane, user_id=new_id())
        asked: list[tuple[Customer, Any]] = [
            (anna, somebody),
            (anna, somebody.acting_for(anna.pk, "Anna Ltd")),
            (globex, replace(somebody, schema="globex")),
            (globex, somebody),
        ]
        for number, (customer, actor) in enumerate(asked):
            request = topups.ask(customer, D("5.00"), actor=actor, at=at + timedelta(minutes=number))
            decisions.reject(request, comment="No.", actor=jane, at=at + timedelta(minutes=number))
        kept = list(TopUpRequest.objects.order_by("asked_at").values_list("by_seller", flat=True))
        TopUpRequest.objects.update(by_seller=False)
        with connection.cursor() as cursor:
            cursor.execute(asked_by_seller.FILL)

        assert kept == list(TopUpRequest.objects.order_by("asked_at").values_list("by_seller", flat=True)) == [False, True, False, True]
