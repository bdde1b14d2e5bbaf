"""The workspace's prompts that are not open: found, weighed, and kept true while files come, change and go."""

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.clock import settle as turn
from tests.patience import HANGS_AFTER
from tests.session.harness import FakeTimers, a_session, manager_of, set_layer

from weighbridge.analysis.graph import Subject
from weighbridge.references.model import Kind
from weighbridge.session.session import Session
from weighbridge.session.workspace import Workspace
from weighbridge.tokens.registry import tokenizer
from weighbridge.work import Priority, TaskStatus

count = tokenizer("cl100k_base").count
#: Context files are named here as files that stand for themselves, not as an agent loads them.
NATIVE = {"dialects": {"**": "markdown"}, "encoding": "cl100k_base"}


@dataclass
class Place:
    """A folder with a session and its workspace."""

    folder: Path
    session: Session
    workspace: Workspace
    timers: FakeTimers

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def changed(self, *names: str) -> None:
        """Say that files changed; and let the time pass in which others are waited for."""
        self.session.files_changed([self.folder / name for name in names])
        self.timers.advance(1)

    async def tokens(self) -> dict[str, int]:
        await self.workspace.settled()
        reports = self.workspace.prompts.reports()
        assert all(report.ready for report in reports.values())
        return {path.relative_to(self.folder).as_posix(): report.tokens for path, report in reports.items()}


@asynccontextmanager
async def a_place(folder: Path, settings: Mapping[str, Any] | None = None) -> AsyncIterator[Place]:
    timers = FakeTimers()
    async with a_session(folder, {**NATIVE, **(settings or {})}, timers=timers) as session:
        workspace = Workspace(session, manager_of(session), timers)
        session.on_files_changed = workspace.files_changed
        try:
            yield Place(folder, session, workspace, timers)
        finally:
            await workspace.aclose()
        assert (workspace._weighing, workspace._groups) == (set(), {})


async def test_prompts_are_found_and_weighed(tmp_path: Path) -> None:
    async with a_place(tmp_path) as place:
        place.write("CLAUDE.md", "Read @docs/style.md\n")
        place.write("docs/style.md", "Short words.\n")
        place.write("prompts/a.md", "# One\n\nword\n")
        place.write("build/prompts/b.md", "ignored\n")
        place.write(".gitignore", "build/\n")
        assert await place.tokens() == {
            "CLAUDE.md": count("Read Short words.\n\n"),
            "prompts/a.md": count("# One\n\nword\n"),
        }


async def test_nothing_is_done_before_somebody_asks(tmp_path: Path) -> None:
    async with a_place(tmp_path) as place:
        place.write("CLAUDE.md", "words")
        place.changed("CLAUDE.md")
        await turn()
        assert (place.workspace.busy, place.workspace.prompts.reports(), place.workspace.prompts.files()) == (
            False,
            {},
            frozenset(),
        )


async def test_a_changed_file_changes_what_includes_it(tmp_path: Path) -> None:
    async with a_place(tmp_path) as place:
        place.write("CLAUDE.md", "@a.md\n")
        place.write("AGENTS.md", "nothing\n")
        place.write("a.md", "@b.md\n")
        place.write("b.md", "first\n")
        before = await place.tokens()
        reports = place.workspace.prompts.reports()
        place.write("b.md", "second and longer\n")
        place.changed("b.md")
        assert await place.tokens() == {**before, "CLAUDE.md": count("second and longer\n\n\n")}
        kept = tmp_path / "AGENTS.md"
        assert place.workspace.prompts.reports()[kept] is reports[kept]


async def test_a_file_that_appears_mends_a_reference(tmp_path: Path) -> None:
    async with a_place(tmp_path) as place:
        place.write("CLAUDE.md", "@[file:later.txt]\n")
        assert await place.tokens() == {"CLAUDE.md": count("@[file:later.txt]\n")}
        assert tmp_path / "later.txt" in place.workspace.prompts.files()
        place.write("later.txt", "here")
        place.changed("later.txt")
        assert await place.tokens() == {"CLAUDE.md": count("here\n")}


async def test_a_rule_follows_the_files_that_it_waits_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    async with a_place(tmp_path / "work", {"dialects": {}}) as place:
        rule = place.write(".claude/rules/r.md", "---\npaths: src/**\n---\nrule\n")

        async def in_vain() -> bool:
            await place.tokens()
            ((_, notice),) = place.workspace.prompts.reports()[rule].notices
            return ", and there is none" in notice.message

        assert await in_vain()
        path = place.write("src/deep/a.ts", "")
        place.changed("src/deep/a.ts")
        assert not await in_vain()
        path.unlink()
        place.changed("src/deep/a.ts")
        assert await in_vain()


async def test_prompts_come_and_go(tmp_path: Path) -> None:
    async with a_place(tmp_path) as place:
        place.write("CLAUDE.md", "words\n")
        assert await place.tokens() == {"CLAUDE.md": count("words\n")}
        place.write("prompts/new.md", "more\n")
        place.changed("prompts/new.md")
        (tmp_path / "CLAUDE.md").unlink()
        place.changed("CLAUDE.md")
        assert await place.tokens() == {"prompts/new.md": count("more\n")}
        assert place.workspace.prompts.files() == {tmp_path / "prompts/new.md"}
        place.write(".gitignore", "new.md\n")
        place.changed(".gitignore")
        assert await place.tokens() == {}


async def test_what_is_open_counts_as_it_is_in_the_editor(tmp_path: Path) -> None:
    async with a_place(tmp_path) as place:
        place.write("CLAUDE.md", "@[file:a.md]\n")
        path = place.write("a.md", "on disk\n")
        await place.tokens()
        document = place.session.open(path.as_uri(), 1, "in the editor\n")
        assert await place.tokens() == {"CLAUDE.md": count("in the editor\n\n")}
        place.session.close(document.uri)
        assert await place.tokens() == {"CLAUDE.md": count("on disk\n\n")}


async def test_settings_change_all(tmp_path: Path) -> None:
    async with a_place(tmp_path) as place:
        place.write("CLAUDE.md", "{{who}}\n")
        place.write("other.txt", "text\n")
        await place.tokens()
        set_layer(
            place.session,
            {
                **NATIVE,
                "variables": {"who": "you there"},
                "include": ["*.txt", "CLAUDE.md"],
                "model": "gpt-4o",
            },
        )
        place.workspace.configured()
        o200k = tokenizer("o200k_base").count
        assert await place.tokens() == {"CLAUDE.md": o200k("you there\n"), "other.txt": o200k("text\n")}


async def test_what_can_not_be_read_is_left_out(tmp_path: Path) -> None:
    async with a_place(tmp_path, {"maxFileBytes": 100}) as place:
        place.write("prompts/large.md", "x" * 101)
        (tmp_path / "prompts" / "binary.md").write_bytes(b"\0\1")
        (tmp_path / "prompts" / "link.md").symlink_to("/etc/passwd")
        place.write("prompts/good.md", "good")
        assert await place.tokens() == {"prompts/good.md": 1}
        assert place.workspace.progress == (3, 3)
        place.write("prompts/binary.md", "text by now")
        place.changed("prompts/binary.md")
        assert await place.tokens() == {"prompts/binary.md": count("text by now"), "prompts/good.md": 1}


async def test_it_is_never_more_urgent_than_low(tmp_path: Path) -> None:
    async with a_place(tmp_path) as place:
        place.write("CLAUDE.md", "@[file:a.md] and {{x:y}}\n")
        place.write("a.md", "text\n")
        seen: list[TaskStatus] = []
        manager_of(place.session).on_change(seen.append)
        await place.tokens()
        assert {status.priority for status in seen} == {Priority.LOW}


async def test_whoever_waits_is_told(tmp_path: Path) -> None:
    async with a_place(tmp_path) as place:
        place.write("CLAUDE.md", "words\n")
        revision = place.workspace.prompts.revision
        place.workspace.begin()
        while place.workspace.prompts.revision == revision:
            await place.workspace.changed()
        assert list(place.workspace.prompts.changes(revision)) == [place.folder / "CLAUDE.md"]


async def test_changes_are_those_after_a_revision(tmp_path: Path) -> None:
    async with a_place(tmp_path) as place:
        place.write("CLAUDE.md", "first line\nwords\n")
        place.write("AGENTS.md", "words\n")
        await place.tokens()
        workspace, revision = place.workspace, place.workspace.prompts.revision
        first, second = place.folder / "CLAUDE.md", place.folder / "AGENTS.md"
        assert workspace.prompts.changes(-1) == {
            path: workspace.prompts.get(path) for path in (first, second)
        }
        assert workspace.prompts.changes(revision) == {}
        prompt = workspace.prompts.get(first)
        assert prompt is not None
        assert (prompt.first_line_end, {*workspace.prompts._files.things(first)}) == (10, {first})
        place.write("CLAUDE.md", "others\n")
        second.unlink()
        place.changed("CLAUDE.md", "AGENTS.md")
        await place.tokens()
        assert workspace.prompts.changes(revision) == {first: workspace.prompts.get(first), second: None}


async def test_a_halted_workspace_weighs_what_changes_and_all_when_asked_anew(tmp_path: Path) -> None:
    async with a_place(tmp_path) as place:
        for number in range(200):
            place.write(f"prompts/{number}.md", "words\n")
        place.workspace.begin()
        while not place.workspace.prompts.reports():
            await place.workspace.changed()
        place.workspace.halt()
        await place.workspace.settled()
        weighed = len(place.workspace.prompts.reports())
        assert 0 < weighed < 200
        place.write("prompts/99.md", "other words\n")
        place.changed("prompts/99.md")
        assert (await place.tokens())["prompts/99.md"] == count("other words\n")
        assert len(place.workspace.prompts.reports()) == weighed + 1
        place.workspace.resume()
        assert len(await place.tokens()) == 200
        place.workspace.halt()
        place.workspace.clear()
        assert len(await place.tokens()) == 200


async def test_settings_that_change_while_a_prompt_is_weighed(tmp_path: Path) -> None:
    async with a_place(tmp_path) as place:
        place.write("CLAUDE.md", "{{word}}\n")
        place.workspace.begin()
        while not place.workspace._weighing:
            await place.workspace.changed()
        set_layer(place.session, {**NATIVE, "variables": {"word": "several words"}})
        place.workspace.configured()
        assert await place.tokens() == {"CLAUDE.md": count("several words\n")}


@pytest.mark.parametrize("changing", ["CLAUDE.md", "part/a.md", "part"])
async def test_files_that_change_while_a_prompt_is_weighed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changing: str
) -> None:
    async with a_place(tmp_path) as place:
        workspace = place.workspace
        read, may = asyncio.Event(), threading.Event()
        loop, inner = asyncio.get_running_loop(), workspace._files.weigh

        def held(*asked: Any) -> Any:
            found = inner(*asked)
            loop.call_soon_threadsafe(read.set)
            assert may.wait(HANGS_AFTER)
            return found

        monkeypatch.setattr(workspace._files, "weigh", held)
        place.write("CLAUDE.md", "first @part/a.md\n")
        place.write("part/a.md", "one")
        workspace.begin()
        await read.wait()
        changed = place.write("CLAUDE.md" if changing == "CLAUDE.md" else "part/a.md", "second, and longer\n")
        place.changed(changing)
        # A scan would find nothing new: it is the prompt itself that must not be forgotten.
        await turn()
        may.set()
        while workspace._looking:
            await turn(1)
        place.timers.advance(1)
        text = changed.read_text() if changing == "CLAUDE.md" else f"first {changed.read_text()}\n"
        assert await place.tokens() == {"CLAUDE.md": count(text)}


async def test_many_prompts_are_weighed_by_few_tasks(tmp_path: Path) -> None:
    async with a_place(tmp_path) as place:
        for number in range(100):
            place.write(f"prompts/{number:02}.md", f"# {number}\n\n@[file:shared.md]\n")
        place.write("prompts/shared.md", "words\n")
        keys = set[object]()
        manager_of(place.session).on_change(lambda status: keys.add(status.key))
        assert len(await place.tokens()) == 101
        assert len(keys) < 10


async def test_long_prompts_are_weighed_some_at_a_time(tmp_path: Path) -> None:
    async with a_place(tmp_path) as place:
        for number in range(4):
            place.write(f"prompts/{number}.md", "many words\n" * 20_000)
        known = list[int]()
        place.workspace.on_changed = lambda: known.append(len(place.workspace.prompts.reports()))
        assert len(await place.tokens()) == 4
        assert {2, 4} <= set(known)


async def test_a_prompt_that_can_not_be_weighed_leaves_those_beside_it_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_place(tmp_path) as place:
        place.write("prompts/a.md", "good")
        bad = place.write("prompts/b.md", "bad")
        place.write("prompts/c.md", "good, too")
        inner = place.workspace._files._text_of

        def faulty(path: Path, *more: Any) -> Any:
            if path == bad:
                raise ZeroDivisionError
            return inner(path, *more)

        monkeypatch.setattr(place.workspace._files, "_text_of", faulty)
        assert await place.tokens() == {"prompts/a.md": count("good"), "prompts/c.md": count("good, too")}
        prompt = place.workspace.prompts.get(bad)
        assert prompt is not None
        ((_, problem),) = prompt.report.problems
        assert "(ZeroDivisionError)" in problem.message


async def test_folders_come_move_and_go(tmp_path: Path) -> None:
    async with a_place(tmp_path) as place:
        place.write("a.prompt.md", "@[file:docs/in/part.md]")
        place.write("docs/in/part.md", "one two three")
        place.write("docs/b.prompt.md", "one two")
        missing = count("@[file:docs/in/part.md]")
        assert await place.tokens() == {"a.prompt.md": 3, "docs/b.prompt.md": 2}

        async def told(*names: str) -> dict[str, int]:
            """Of the folders only, as file watchers tell of what is moved."""
            place.changed(*names)
            while place.workspace._looking:
                await turn(1)
            place.timers.advance(1)
            return await place.tokens()

        (tmp_path / "docs").rename(tmp_path / "papers")
        assert await told("docs", "papers") == {"a.prompt.md": missing, "papers/b.prompt.md": 2}
        (tmp_path / "papers").rename(tmp_path / "docs")
        assert await told("papers", "docs") == {"a.prompt.md": 3, "docs/b.prompt.md": 2}
        (tmp_path / "docs" / "in").rename(tmp_path / "docs" / "out.d")
        assert await told("docs/in") == {"a.prompt.md": missing, "docs/b.prompt.md": 2}


async def test_of_more_prompts_than_are_weighed_the_user_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("weighbridge.session.workspace.MOST_PROMPTS", 2)
    async with a_place(tmp_path) as place:
        told, over = list[str](), list[str]()
        place.workspace.on_warning, place.workspace.on_over = told.append, over.append
        for name in ("a", "b", "c"):
            place.write(f"{name}.prompt.md", "word")
        assert await place.tokens() == {"a.prompt.md": 1, "b.prompt.md": 1}
        assert [text.partition(":")[0] for text in told] == ["The workspace has 3 prompts and context files"]
        assert over == []
        (tmp_path / "b.prompt.md").unlink()
        place.changed("b.prompt.md")
        assert await place.tokens() == {"a.prompt.md": 1, "c.prompt.md": 1}
        assert over == told


async def test_prompts_are_found_by_what_they_refer_to_and_need(tmp_path: Path) -> None:
    async with a_place(tmp_path) as place:
        place.write("CLAUDE.md", "@docs/a.md {{x:y}}\n")
        place.write("GEMINI.md", "@[file:docs/later.md]\n")
        place.write("AGENTS.md", "nothing\n")
        (tmp_path / "QWEN.md").symlink_to("AGENTS.md")
        deep = place.write("docs/a.md", "@b.md\n")
        leaf = place.write("docs/b.md", "leaf\n")
        await place.tokens()
        workspace = place.workspace

        def about(subject: Subject) -> list[str]:
            return sorted(path.name for path in workspace.prompts.reports_about(subject))

        def needing(path: Path) -> list[str]:
            return sorted(one.name for one in workspace.prompts.that_need(path))

        assert about(leaf.as_uri()) == about(deep.as_uri()) == about((Kind.VARIABLE, "x")) == ["CLAUDE.md"]
        assert about((tmp_path / "AGENTS.md").as_uri()) == ["AGENTS.md", "QWEN.md"]
        assert about((Kind.FILE, "docs/later.md")) == ["GEMINI.md"]
        assert needing(leaf) == ["CLAUDE.md"]
        assert needing(tmp_path / "docs") == ["CLAUDE.md", "GEMINI.md"]
        place.write("docs/a.md", "no more\n")
        (tmp_path / "QWEN.md").unlink()
        place.changed("docs/a.md", "QWEN.md")
        await place.tokens()
        assert (about(leaf.as_uri()), needing(leaf)) == ([], [])
        assert about((tmp_path / "AGENTS.md").as_uri()) == ["AGENTS.md"]


async def test_of_files_that_may_have_changed_those_that_did_are_weighed_again(tmp_path: Path) -> None:
    async with a_place(tmp_path) as place:
        for name in ("a", "b", "c"):
            os.utime(place.write(f"{name}.prompt.md", "one"), (1, 1))
        place.write("d.prompt.md", "@absent.txt\n")
        await place.tokens()
        workspace = place.workspace
        # Whatever was made before this began is as it was read; here the times of inodes are younger than that.
        workspace._statuses._since += 10**15

        async def weighed() -> list[str]:
            revision = workspace.prompts.revision
            workspace.look_again(sorted(workspace.prompts.files()))
            while workspace._looking:
                await turn(1)
            place.timers.advance(1)
            await place.tokens()
            return sorted(path.name for path in workspace.prompts.changes(revision))

        # What was not there may have come and gone.
        assert await weighed() == ["d.prompt.md"]
        assert await weighed() == []
        place.write("b.prompt.md", "one two")
        (tmp_path / "c.prompt.md").unlink()
        place.write("absent.txt", "x")
        assert await weighed() == ["b.prompt.md", "c.prompt.md", "d.prompt.md"]
        assert await weighed() == []
        assert {*workspace._statuses._statuses} == workspace.prompts.files()
