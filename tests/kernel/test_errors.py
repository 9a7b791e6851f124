import pytest

from billing_portal.kernel.errors import DomainError, require


class Lazy:
    def __str__(self) -> str:
        return "Write an amount above 0.00."


def test_an_error_tells_programs_a_code_and_people_a_sentence() -> None:
    with pytest.raises(DomainError, match="amount_not_positive") as caught:
        require(False, "amount_not_positive", Lazy(), "amount")

    assert (caught.value.code, caught.value.message, caught.value.field) == ("amount_not_positive", "Write an amount above 0.00.", "amount")


def test_nothing_happens_when_the_condition_holds() -> None:
    require(1, "never", "Never.")
