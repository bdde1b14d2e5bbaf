"""Who depends on what, held against a plain set of pairs."""

from hypothesis import given
from hypothesis import strategies as st

from weighbridge.dependencies import Dependencies

USERS, THINGS = "abc", range(4)
users, things = st.sampled_from(USERS), st.sampled_from(THINGS)
steps = st.one_of(
    st.tuples(st.just("add"), users, things),
    st.tuples(st.just("remove"), users, things),
    st.tuples(st.just("replace"), users, st.lists(things)),
    st.tuples(st.just("retain"), st.frozensets(users)),
    st.tuples(st.just("clear")),
)


@given(st.lists(steps))
def test_both_sides_tell_the_same(steps: list[tuple[str, *tuple[object, ...]]]) -> None:
    found, pairs = Dependencies[str, int](), set[tuple[str, int]]()
    for name, *arguments in steps:
        before = {thing for _, thing in pairs}
        match name, *arguments:
            case "add", str(user), int(thing):
                pairs.add((user, thing))
                expected: object = thing not in before
            case "remove", str(user), int(thing):
                pairs.discard((user, thing))
                expected = thing in before - {thing for _, thing in pairs}
            case "replace", str(user), list(some):
                pairs = {pair for pair in pairs if pair[0] != user} | {(user, thing) for thing in some}
                after = {thing for _, thing in pairs}
                expected = after - before, before - after
            case "retain", frozenset(some):
                pairs, expected = {pair for pair in pairs if pair[0] in some}, None
            case _:
                pairs, expected = set(), None
        answer = getattr(found, name)(*arguments)
        assert (tuple(map(set, answer)) if isinstance(answer, tuple) else answer) == expected
        assert {user: set(found.things(user)) for user in USERS} == {
            user: {thing for one, thing in pairs if one == user} for user in USERS
        }
        assert {thing: set(found.users(thing)) for thing in THINGS} == {
            thing: {user for user, one in pairs if one == thing} for thing in THINGS
        }
        assert {*found} == {thing for thing in THINGS if thing in found} == {thing for _, thing in pairs}
        # Nothing is kept of what nobody depends on.
        assert (len(found._things), len(found)) == (len({user for user, _ in pairs}), len({*found}))


def test_the_order_is_that_in_which_they_were_added() -> None:
    found = Dependencies[str, int]()
    assert found.replace("a", [3, 1, 2]) == ([3, 1, 2], [])
    found.add("b", 1)
    assert found.replace("a", [2, 0]) == ([0], [3])
    assert ([*found.things("a")], [*found.users(1)], [*found]) == ([2, 0], ["b"], [1, 2, 0])
