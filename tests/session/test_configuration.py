"""Settings in force: what is remembered of them is bounded."""

from pathlib import Path

from weighbridge.session.configuration import MOST_REMEMBERED, Configuration


def test_what_is_remembered_of_paths_is_bounded() -> None:
    configuration = Configuration([Path("/room")])
    for number in range(MOST_REMEMBERED + 10):
        assert configuration.included(Path(f"/room/prompts/{number}.md"))
    assert not configuration.included(Path("/room/0.md"))
    assert configuration.included(Path("/room/prompts/0.md"))
    assert configuration._included.cache_info().currsize == MOST_REMEMBERED
