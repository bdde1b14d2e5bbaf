"""What waits to be written is neither lost nor written twice."""

from tests.cache.stores import BEGINNING, Moments, counted, key, rows

from weighbridge.cache.backlog import MOST_WAITING, Backlog, Batch

NOW = BEGINNING


def written(*numbers: int) -> Batch:
    return Batch({key(number): (counted(number), NOW) for number in numbers})


def test_a_batch_can_be_read_until_it_is_written() -> None:
    backlog = Backlog()
    backlog.put(rows(1, 2), NOW)
    batch = backlog.take()
    assert (batch, len(backlog), backlog.get(key(1))) == (written(1, 2), 0, counted(1))
    backlog.done(batch, written=True)
    assert (backlog.get(key(1)), backlog.take()) == (None, Batch())


def test_a_batch_that_failed_waits_again_but_newer_counts_win() -> None:
    backlog = Backlog()
    backlog.put({key(1): counted(1), key(2): counted(2)}, NOW)
    batch = backlog.take()
    backlog.put({key(1): counted(9)}, NOW)
    backlog.done(batch, written=False)
    assert backlog.take() == Batch({key(1): (counted(9), NOW), key(2): (counted(2), NOW)})


def test_what_is_forgotten_while_it_is_written_does_not_come_back() -> None:
    backlog = Backlog()
    backlog.put(rows(1), NOW)
    batch = backlog.take()
    backlog.forget()
    backlog.put(rows(2), NOW)
    backlog.done(batch, written=False)
    assert (backlog.get(key(1)), backlog.take()) == (None, written(2))


def test_hits_add_up_and_keep_the_last_moment() -> None:
    backlog, later = Backlog(), Moments(5)()
    backlog.touch([key(1), key(2)], NOW)
    backlog.touch([key(1)], later)
    assert backlog.take() == Batch({}, {key(1): (2, later), key(2): (1, NOW)})


def test_hits_of_a_batch_that_failed_add_up_too() -> None:
    backlog, later = Backlog(), Moments(5)()
    backlog.touch([key(1)], NOW)
    batch = backlog.take()
    backlog.touch([key(1)], later)
    backlog.done(batch, written=False)
    assert backlog.take() == Batch({}, {key(1): (2, later)})


def test_hits_come_after_all_rows() -> None:
    backlog = Backlog()
    backlog.put(rows(*range(2_500)), NOW)
    backlog.touch([key(0)], NOW)
    batches = [backlog.take(), backlog.take(), backlog.take()]
    assert [(len(batch.rows), len(batch.touches)) for batch in batches] == [(2_000, 0), (500, 1), (0, 0)]


def test_what_waits_is_bounded() -> None:
    backlog = Backlog()
    backlog.put(rows(*range(MOST_WAITING + 5)), NOW)
    backlog.touch(map(key, range(MOST_WAITING + 5)), NOW)
    assert len(backlog) == 2 * MOST_WAITING
    # What waits already still gets its newest value.
    backlog.put({key(0): counted(7)}, NOW)
    assert backlog.get(key(0)) == counted(7)
    backlog.touch([key(0)], NOW)
    for _ in range(MOST_WAITING // 2_000 - 1):
        backlog.take()
    assert backlog.take().touches[key(0)] == (2, NOW)
