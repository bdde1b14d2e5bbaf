"""Join the scans of a parcel into one history."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True)
class Scan:
    """One report of a depot or carrier. `corrects`: the number of the scan that this one replaces."""

    number: int
    parcel: str
    place: str
    at: datetime
    source: str
    corrects: int | None = None


#: Carriers report late: a scan may arrive so long after one that it precedes.
CARRIER_DELAY = timedelta(hours=6)


def history(scans: list[Scan]) -> list[Scan]:
    """The scans that count, in the order of what happened.

    A correction takes the place of what it corrects, at the time of the original. Of two scans of the same place
    within a minute the first counts: a parcel on a belt is seen twice.
    """
    by_number = {scan.number: scan for scan in scans}
    for scan in scans:
        if scan.corrects is not None:
            original = by_number.pop(scan.corrects)
            by_number[scan.number] = Scan(
                scan.number, scan.parcel, scan.place, original.at, scan.source, scan.corrects
            )
    ordered = sorted(by_number.values(), key=lambda scan: scan.at)
    kept: list[Scan] = []
    for scan in ordered:
        if kept and kept[-1].place == scan.place and scan.at - kept[-1].at < timedelta(minutes=1):
            continue
        kept.append(scan)
    return kept


def last_known(scans: list[Scan], now: datetime) -> Scan | None:
    """Where the parcel was seen last, or None if nobody saw it yet.

    A handover younger than the carriers' delay is shown as it is: the carrier may not have reported yet.
    """
    seen = [scan for scan in history(scans) if scan.at <= now]
    if not seen:
        return None
    return seen[-1]


def silent_for(scans: list[Scan], now: datetime) -> timedelta:
    """How long nobody saw the parcel, beyond what a carrier's delay explains."""
    last = last_known(scans, now)
    if last is None:
        return timedelta(0)
    allowed = CARRIER_DELAY if last.source == "carrier" else timedelta(0)
    return max(timedelta(0), now - last.at - allowed)
