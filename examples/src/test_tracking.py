"""What `tracking` promises."""

from datetime import UTC, datetime, timedelta

from tracking import Scan, history, last_known, silent_for

NOON = datetime(2026, 6, 4, 12, tzinfo=UTC)


def scan(number: int, minutes: float, place: str = "Utrecht", corrects: int | None = None) -> Scan:
    return Scan(number, "NW-4471-0092", place, NOON + timedelta(minutes=minutes), "depot", corrects)


def test_a_belt_is_one_scan() -> None:
    assert [one.number for one in history([scan(1, 0), scan(2, 0.5), scan(3, 5)])] == [1, 3]


def test_a_correction_takes_the_originals_time() -> None:
    corrected = history([scan(1, 0, "Utrech"), scan(2, 90, "Utrecht", corrects=1)])
    assert [(one.place, one.at) for one in corrected] == [("Utrecht", NOON)]


def test_nobody_saw_it() -> None:
    assert last_known([], NOON) is None
    assert silent_for([], NOON) == timedelta(0)
