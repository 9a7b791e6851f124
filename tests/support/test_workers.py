from pathlib import Path

import pytest

from tests.support.workers import worker


@pytest.mark.django_db(transaction=True)
def test_a_real_worker_comes_up_and_goes(tmp_path: Path) -> None:
    with worker(tmp_path) as child:
        assert not child.ended
    assert child.ended
