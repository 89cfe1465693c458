"""The nursery knows its workers apart, though the system gives a number again."""

import json

from tests.faults.nursery import Children


def test_a_worker_lives_that_has_the_number_of_a_dead_one() -> None:
    """Else it counts as killed though nobody killed it, and is never ended."""
    children = Children()

    children.heard(json.dumps({"started": 7}))
    children.heard(json.dumps({"ended": 7, "status": 9}))
    assert children.ended == {7}

    children.heard(json.dumps({"started": 7}))
    assert children.ended == set()
    assert children.started == [7, 7]
