"""Money has one door: what is posted moves both sides, once, in one currency, and stays."""

from datetime import datetime
from decimal import Decimal

import pytest
from django.db import IntegrityError, InternalError, ProgrammingError, connection, transaction

from billing_portal.kernel.errors import DomainError
from customers.domain import ledger
from customers.domain.ledger import Posting
from customers.models import AccountKind, BillingType, Customer, Kind, Standing, Transfer
from tests.support import world
from tests.support.world import balance, jane

pytestmark = pytest.mark.django_db


@pytest.fixture
def postpaid() -> Customer:
    return world.customer("Anna Ltd")


@pytest.fixture
def prepaid() -> Customer:
    return world.customer("Bob Ltd", billing_type=BillingType.PREPAID)


def sides(transfer: Transfer) -> tuple[str, str]:
    return transfer.debit.kind, transfer.credit.kind


@pytest.mark.parametrize(
    ("kind", "amount", "postpaid_sides", "prepaid_sides", "balance_moves"),
    [
        (Kind.USAGE, "1.50", ("receivable", "revenue"), ("wallet", "revenue"), "-1.50"),
        (Kind.USAGE, "-1.50", ("revenue", "receivable"), ("revenue", "wallet"), "1.50"),
        (Kind.FEE, "10", ("receivable", "revenue"), ("wallet", "revenue"), "-10"),
        (Kind.CHARGE, "10", ("receivable", "revenue"), ("wallet", "revenue"), "-10"),
        (Kind.CREDIT, "10", ("revenue", "receivable"), ("revenue", "wallet"), "10"),
        (Kind.TAX, "2", ("receivable", "tax_payable"), ("wallet", "tax_payable"), "-2"),
        (Kind.TAX, "-2", ("tax_payable", "receivable"), ("tax_payable", "wallet"), "2"),
        (Kind.ROUNDING, "0.004", ("receivable", "rounding"), ("receivable", "rounding"), "-0.004"),
        (Kind.ROUNDING, "-0.004", ("rounding", "receivable"), ("rounding", "receivable"), "0.004"),
        (Kind.TOPUP, "50", ("cash_clearing", "wallet"), ("cash_clearing", "wallet"), "50"),
        (Kind.VOUCHER, "50", ("voucher_float", "wallet"), ("voucher_float", "wallet"), "50"),
        (Kind.PAYMENT, "50", ("cash_clearing", "receivable"), ("cash_clearing", "receivable"), "50"),
        (Kind.REFUND, "5", ("receivable", "cash_clearing"), ("wallet", "cash_clearing"), "-5"),
        (Kind.CHARGEBACK, "5", ("receivable", "cash_clearing"), ("wallet", "cash_clearing"), "-5"),
        (Kind.WRITE_OFF, "5", ("bad_debt", "receivable"), ("bad_debt", "receivable"), "5"),
        (Kind.ADJUSTMENT, "3", ("adjustments", "receivable"), ("adjustments", "wallet"), "3"),
        (Kind.ADJUSTMENT, "-3", ("receivable", "adjustments"), ("wallet", "adjustments"), "-3"),
        (Kind.OPENING, "7", ("opening", "receivable"), ("opening", "wallet"), "7"),
        (Kind.AFFILIATE, "7", ("affiliate_expense", "receivable"), ("affiliate_expense", "wallet"), "7"),
        (Kind.SETTLE, "7", ("wallet", "receivable"), ("wallet", "receivable"), "0"),
    ],
)
def test_each_kind_moves_what_its_row_of_the_table_says(
    postpaid: Customer,
    prepaid: Customer,
    noon: datetime,
    kind: Kind,
    amount: str,
    postpaid_sides: tuple[str, str],
    prepaid_sides: tuple[str, str],
    balance_moves: str,
) -> None:
    for customer, expected in ((postpaid, postpaid_sides), (prepaid, prepaid_sides)):
        transfer = ledger.post(kind, customer, Decimal(amount), at=noon, actor=jane, key=f"{kind}:{customer.pk}")

        assert sides(transfer) == expected
        assert balance(customer) == Decimal(balance_moves)


def test_the_tax_part_of_a_top_up_does_not_reach_the_wallet(prepaid: Customer, noon: datetime) -> None:
    part = ledger.post(Kind.TOPUP, prepaid, Decimal("8.33"), at=noon, actor=jane, key="tax", account=AccountKind.TAX_PAYABLE)

    assert sides(part) == ("cash_clearing", "tax_payable")
    assert balance(prepaid) == Decimal(0)


def test_the_same_key_posts_once(postpaid: Customer, noon: datetime) -> None:
    first = ledger.post(Kind.FEE, postpaid, Decimal(10), at=noon, actor=jane, key="fee:1")
    again = ledger.post(Kind.FEE, postpaid, Decimal(10), at=noon, actor=jane, key="fee:1")

    assert again.pk == first.pk
    assert balance(postpaid) == Decimal(-10)


def test_the_same_key_cannot_carry_other_figures(postpaid: Customer, noon: datetime) -> None:
    ledger.post(Kind.FEE, postpaid, Decimal(10), at=noon, actor=jane, key="fee:1")

    with pytest.raises(DomainError, match="key_reused"):
        ledger.post(Kind.FEE, postpaid, Decimal(11), at=noon, actor=jane, key="fee:1")
    assert balance(postpaid) == Decimal(-10)


@pytest.mark.parametrize(
    ("kind", "amount", "code"),
    [(Kind.FEE, "0", "amount_zero"), (Kind.FEE, "-1", "wrong_direction"), (Kind.USAGE, "0.0000001", "amount_too_fine")],
)
def test_a_movement_that_is_none_cannot_be_posted(postpaid: Customer, noon: datetime, kind: Kind, amount: str, code: str) -> None:
    with pytest.raises(DomainError, match=code):
        ledger.post(kind, postpaid, Decimal(amount), at=noon, actor=jane, key="x")
    assert not Transfer.objects.exists()


def test_many_postings_move_each_customers_balance(postpaid: Customer, prepaid: Customer, noon: datetime) -> None:
    ledger.post_many(
        [
            Posting(Kind.USAGE, postpaid, Decimal("0.1234"), "u1", noon),
            Posting(Kind.USAGE, postpaid, Decimal("0.2000"), "u2", noon),
            Posting(Kind.USAGE, prepaid, Decimal("1.0001"), "u3", noon),
        ],
        at=noon,
        actor=jane,
    )

    assert (balance(postpaid), balance(prepaid)) == (Decimal("-0.3234"), Decimal("-1.0001"))
    assert Standing.objects.get(customer=prepaid).wallet == Decimal("-1.0001")


def test_a_reversal_is_the_mirror_and_happens_once(postpaid: Customer, noon: datetime) -> None:
    fee = ledger.post(Kind.FEE, postpaid, Decimal(10), at=noon, actor=jane, key="fee:1")

    mirror = ledger.reverse(fee, at=noon, actor=jane, key="back:1", note="charged by mistake")

    assert sides(mirror) == ("revenue", "receivable")
    assert balance(postpaid) == Decimal(0)
    with pytest.raises(DomainError, match="already_reversed"):
        ledger.reverse(fee, at=noon, actor=jane, key="back:2", note="again")


@pytest.mark.rel(2)
@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE customers_transfer SET amount = amount + 1",
        "DELETE FROM customers_transfer",
        "TRUNCATE customers_transfer",
        "ALTER TABLE customers_transfer DISABLE TRIGGER ALL",
        "DROP TRIGGER customers_transfer_no_change ON customers_transfer",
        "SET session_replication_role = replica",
    ],
)
def test_history_cannot_be_changed_by_the_role_of_web_and_workers(postpaid: Customer, noon: datetime, attack: str) -> None:
    ledger.post(Kind.FEE, postpaid, Decimal(10), at=noon, actor=jane, key="fee:1")

    with pytest.raises((ProgrammingError, InternalError), match=r"permission denied|must be owner"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(attack)
    assert Transfer.objects.get().amount == Decimal(10)


@pytest.mark.rel(1)
@pytest.mark.parametrize(
    ("changes", "constraint"),
    [
        ({"amount": Decimal(0)}, "transfer_moves_something"),
        ({"amount": Decimal(-1)}, "transfer_moves_something"),
        ({"credit": "same"}, "transfer_has_two_sides"),
        ({"currency": "EUR"}, "one_currency"),
        ({"kind": "gift"}, "transfer_kind_known"),
    ],
)
def test_the_database_refuses_a_lopsided_row(postpaid: Customer, noon: datetime, changes: dict[str, object], constraint: str) -> None:
    good = ledger.post(Kind.FEE, postpaid, Decimal(10), at=noon, actor=jane, key="fee:1")
    row = Transfer(
        customer=postpaid,
        debit=good.debit,
        credit=good.credit,
        currency="GBP",
        amount=Decimal(1),
        kind="fee",
        occurred_at=noon,
        posted_at=noon,
        key="bad",
        number=good.number + 1,
        actor_name="x",
    )
    for name, value in changes.items():
        setattr(row, name, good.debit if value == "same" else value)

    connection.check_constraints()  # from here on, deferred ones are checked at once
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        row.save()
