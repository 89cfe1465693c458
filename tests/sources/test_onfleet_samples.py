"""Onfleet: what each of the bodies that it documents becomes."""

import pytest

from notifier.sources.onfleet import translate
from notifier.sources.protocol import Incoming
from tests.sources.in_words import in_words
from tests.sources.samples import SAMPLES, needs_samples, sample_bytes

# The sample -> what it says, or why it is ignored.
_OUTCOMES: dict[str, list[str]] = {
    "auto_dispatch_completed": [
        "ignored: autoDispatchJobCompleted is about a plan: each task says its part",
    ],
    "task_arrival": ["2021-03-11T23:37:02.024000Z a685d01d arrived"],
    "task_assigned": [
        "2021-02-11T00:42:44.575000Z fab829cf booked",
        "  customer: Test User One, +17145554231, id A~pBTrc5~dTMBBImswg7U4YT",
        "  of: Delivery",
        "  at: 2695 East Katella Avenue, Anaheim, California, 92806",
        "  done by: Shured Shuanger, +17145555678",
        "  when: 2021-02-10T20:00:00Z to 2021-02-11T02:00:00Z",
        "2021-02-11T00:42:44.575000Z fab829cf reassigned",
        "  to: Shured Shuanger, +17145555678",
    ],
    "task_completed": ["2021-02-11T00:50:42.071000Z b7f82a36 completed"],
    "task_created": [
        "2021-02-11T00:16:24.051000Z fab829cf booked",
        "  customer: Test User One, +17145554231, id A~pBTrc5~dTMBBImswg7U4YT",
        "  of: Delivery",
        "  at: 2695 East Katella Avenue, Anaheim, California, 92806",
        "  when: 2021-02-10T20:00:00Z to 2021-02-11T02:00:00Z",
    ],
    "task_deleted": [
        "2021-02-11T00:44:25.027000Z 9ad82b23 cancelled",
        "  by: unknown",
    ],
    "task_eta": [
        "2021-03-11T23:35:08.224000Z a685d01d delayed",
        "  expected: 2021-03-11T23:40:00Z to 2021-03-11T23:45:00Z",
    ],
    "task_started": [
        "2021-02-11T00:46:01.894000Z fab829cf booked",
        "  customer: Test User One, +17145554231, id A~pBTrc5~dTMBBImswg7U4YT",
        "  of: Delivery",
        "  at: 2695 East Katella Avenue, Anaheim, California, 92806",
        "  when: 2021-02-10T20:00:00Z to 2021-02-11T02:00:00Z",
        "2021-02-11T00:46:01.894000Z fab829cf en_route",
    ],
    "task_unassigned": ["ignored: taskUnassigned says who does not go, and not who does"],
    "worker_created": ["ignored: workerCreated is about a driver, not a task"],
    "worker_deleted": ["ignored: workerDeleted is about a driver, not a task"],
}


@needs_samples
@pytest.mark.parametrize("sample", _OUTCOMES)
def test_each_real_sample_has_its_outcome(sample: str) -> None:
    """What Onfleet documents that it sends becomes these facts, of this visit, or nothing."""
    answer = translate(Incoming({}, sample_bytes(f"payloads/onfleet/{sample}.json")))
    assert in_words(answer) == _OUTCOMES[sample]


@needs_samples
def test_no_real_sample_is_left_without_an_outcome() -> None:
    """A sample added to the folder must be decided in the table above."""
    found = {path.stem for path in (SAMPLES / "payloads" / "onfleet").glob("*.json")}
    assert found == set(_OUTCOMES)
