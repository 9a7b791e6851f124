from billing_portal.accounts import words
from billing_portal.accounts.models import AuditEntry


def test_a_known_action_has_its_words() -> None:
    assert words.action("line.added") == "Line added"


def test_a_change_of_one_field_names_the_field() -> None:
    assert words.of(AuditEntry(action="customer.changed", changes={"credit_limit": ["100.00", "200.00"]})) == "Credit limit changed"


def test_a_change_of_several_fields_names_the_thing() -> None:
    assert words.of(AuditEntry(action="customer.changed", changes={"credit_limit": ["1", "2"], "name": ["A", "B"]})) == "Customer changed"


def test_an_action_nobody_named_reads_as_its_code() -> None:
    assert words.action("call_plan.taken_back") == "Call plan taken back"


def test_changes_say_what_was_and_what_is() -> None:
    entry = AuditEntry(action="customer.changed", changes={"billing_email": ["", "pay@acme.example"]})

    assert words.changes(entry) == [("Billing email", "–", "pay@acme.example")]
