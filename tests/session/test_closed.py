"""A text that nobody edits is weighed in one go, on a worker: its report is the one that an open document gets."""

import asyncio
import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.content.network import public
from tests.session.harness import a_session, counted, manager_of, paths_of
from tests.session.test_exactness import FILES, file_texts, relaxed, texts, write

from weighbridge.analysis.expand import State
from weighbridge.content.agent_files import AgentFiles
from weighbridge.content.factory import HandlerFactory
from weighbridge.errors import Code, ReferenceFault
from weighbridge.references.model import Kind
from weighbridge.session.closed import Weighed, closed_text, weigh, weigh_with_apis
from weighbridge.session.session import Session
from weighbridge.text import PositionEncoding
from weighbridge.tokens.registry import encodings, tokenizer
from weighbridge.work import CancelToken, TaskCancelledError

APIS = {
    "apis": {"issues": {"url": "https://api.example/issues"}},
    "apiAllow": ["api.example"],
    "retry": {"attempts": 1},
}
UNRENDERED: dict[str, Any] = {"rendered": None, "sources": ()}
DIRECTIVES = (
    "",
    "<!-- weighbridge: budget=5 model=gpt-4o -->\n",
    "<!-- weighbridge: models=gpt-4o,claude-opus-4 model=nobody -->\n",
    "---\nvariables:\n  other: from the head\n---\n",
    "---\nvariables: [\n---\n",
    "<!-- weighbridge: dialect=claude-code -->\n",
)


async def closed(session: Session, path: Path, text: str, *, rendering: bool = False) -> Weighed:
    """Weigh a text, its APIs asked."""
    one = closed_text(session.configuration, path.as_uri(), path, text)
    return await weigh_with_apis(
        manager_of(session), "test", one, session.contents(), session.encoding, rendering=rendering
    )


async def check(session: Session, path: Path, text: str) -> Weighed:
    """Hold what is known of a text against what is known of it as an open document."""
    weighed = await closed(session, path, text, rendering=True)
    document = session.open(path.as_uri(), None, text)
    report = await session.queries.with_models(document, await session.queries.whole_report(document))
    assert weighed.report == report
    assert weighed.report.as_json() == report.as_json()
    rendered, sources = await session.queries.render_marked(document)
    assert (weighed.rendered, [*weighed.sources]) == (rendered, sources)
    assert weighed.first_line_end == document.buffer.line_end(0)
    watched = () if report.arrived is None else report.arrived.watched
    # What all texts share depends on what any of them does.
    assert weighed.depends.union(*weighed.shared) >= paths_of(session, document).union(*watched)
    assert weighed.shared or weighed.depends == paths_of(session, document).union(*watched)
    session.close(document.uri)
    assert replace(await closed(session, path, text), **UNRENDERED) == replace(weighed, **UNRENDERED)
    return weighed


@relaxed
@given(
    files=st.fixed_dictionaries(dict.fromkeys(FILES, file_texts)),
    head=st.sampled_from(DIRECTIVES),
    text=texts,
    name=st.sampled_from(encodings()),
    encoding=st.sampled_from(PositionEncoding),
)
def test_its_report_is_an_open_document_s(
    files: dict[str, str], head: str, text: str, name: str, encoding: PositionEncoding
) -> None:
    async def run(folder: Path) -> None:
        write(folder, files)
        values: dict[str, Any] = {
            "encoding": name,
            "variables": {"name": "value \u00e9 {{other}}"},
            "apis": {"sampled": {"url": "https://api.example/", "sample": " a sample’s @[file:a.md]\n"}},
        }
        async with a_session(folder, values, encoding=encoding) as session:
            await check(session, folder / "doc.prompt.md", head + text)

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(run(Path(folder).resolve()))


async def test_apis_are_asked_wherever_they_are_nested(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("in a file: @[api:issues]")
    network = public(httpx.Response(200, text="three issues"))
    handlers = HandlerFactory(transport=httpx.MockTransport(network.answer), resolve=network.resolve)
    async with a_session(tmp_path, APIS, handlers=handlers) as session:
        weighed = await check(session, tmp_path / "doc.md", "See @[file:a.md]\n")
        assert weighed.rendered == "See in a file: three issues\n"
        assert len(network.requests) == 1


async def test_what_an_api_refuses_is_said_at_its_reference(tmp_path: Path) -> None:
    async with a_session(tmp_path, {**APIS, "apiAllow": []}) as session:
        weighed = await check(session, tmp_path / "doc.md", "See @[api:issues]\n")
        (reference,) = weighed.report.references
        assert (reference.state, reference.problem and reference.problem.code) == (State.FAILED, Code.DENIED)


async def test_a_context_file_counts_as_what_arrives(tmp_path: Path) -> None:
    (tmp_path / "more.md").write_text("more words\n")
    async with a_session(tmp_path) as session:
        weighed = await check(session, tmp_path / "CLAUDE.md", "Read @more.md\n")
        assert weighed.report.arrived is not None
        assert tmp_path / "more.md" in weighed.depends.union(*weighed.shared)


async def test_a_content_is_read_once_for_all_that_are_weighed_together(tmp_path: Path) -> None:
    (tmp_path / "shared.md").write_text("shared words")
    handlers = HandlerFactory()
    files = counted(handlers, Kind.FILE)
    async with a_session(tmp_path, {"encoding": "o200k_base"}, handlers=handlers) as session:
        some = [
            closed_text(session.configuration, f"file:///{number}", tmp_path / f"{number}.md", text)
            for number, text in enumerate(["@shared.md", "plain", "again: @shared.md"])
        ]
        found = weigh(some, session.contents(), session.encoding, CancelToken())
        count = tokenizer("o200k_base").count
        tokens = [outcome.unwrap().report.tokens for outcome in found]
        assert tokens == [count("shared words"), count("plain"), count("again: shared words")]
        assert files.loads == ["shared.md"]


async def test_a_fault_of_one_is_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with a_session(tmp_path) as session:
        some = [
            closed_text(session.configuration, f"file:///{text}", tmp_path / text, text)
            for text in ("good", "bad", "fine")
        ]

        def faulty(texts: Any, *_: object) -> Any:
            raise ValueError(texts)

        monkeypatch.setattr("weighbridge.session.closed.plain_reports", faulty)
        inner = session.service.count_many

        def count_many(texts: Any, *more: Any, **named: Any) -> list[int]:
            if "bad" in texts:
                raise ZeroDivisionError
            return inner(texts, *more, **named)

        monkeypatch.setattr(session.service, "count_many", count_many)
        found = weigh(some, session.contents(), session.encoding, CancelToken())
        assert [type(outcome.error) for outcome in found] == [type(None), ZeroDivisionError, type(None)]


async def test_who_is_no_longer_wanted_reads_nothing_more(tmp_path: Path) -> None:
    handlers = HandlerFactory()
    files = counted(handlers, Kind.FILE)
    async with a_session(tmp_path, handlers=handlers) as session:
        token = CancelToken()
        token.cancel()
        one = closed_text(session.configuration, "file:///a", tmp_path / "a.md", "@[file:b.md]")
        with pytest.raises(TaskCancelledError):
            weigh([one], session.contents(), session.encoding, token)
        assert files.loads == []


async def test_files_that_change_before_they_are_rendered_are_counted_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.txt"
    path.write_text("first")
    always = False

    def changing(*arguments: Any) -> Any:
        if always or path.read_text() == "first":
            path.write_text(path.read_text() + " and second")
        return pieces_of(*arguments)

    from weighbridge.analysis.render import pieces_of

    monkeypatch.setattr("weighbridge.session.contents.pieces_of", changing)
    async with a_session(tmp_path) as session:
        weighed = await closed(session, tmp_path / "doc.md", "@[file:a.txt]", rendering=True)
        assert weighed.rendered == "first and second"
        assert weighed.report.tokens == tokenizer("cl100k_base").count("first and second")
        always = True
        with pytest.raises(ReferenceFault, match="changed while"):
            await closed(session, tmp_path / "doc.md", "@[file:a.txt]", rendering=True)


async def test_what_an_agent_loads_is_read_once_for_all_that_are_weighed_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    skills = [tmp_path / ".claude" / "skills" / f"s{number}" / "SKILL.md" for number in range(20)]
    rules = [tmp_path / ".claude" / "rules" / f"r{number}.md" for number in range(20)]
    # Not listed: each is known only when it is run.
    commands = [tmp_path / ".claude" / "commands" / f"c{number}.md" for number in range(20)]
    for path in (*skills, *rules, *commands):
        path.parent.mkdir(parents=True, exist_ok=True)
        unlisted = "disable-model-invocation: true\n" if path in commands else ""
        head = f"---\nname: {path.parent.name}\ndescription: words\n{unlisted}---\n"
        path.write_text(f"{head}@none.md, {path.stem}\n")
    read: Counter[Path] = Counter()
    inner = AgentFiles.read

    def counting(files: AgentFiles, path: Path, *, own: bool = True) -> bytes | None:
        read[path] += 1
        return inner(files, path, own=own)

    monkeypatch.setattr(AgentFiles, "read", counting)
    async with a_session(tmp_path) as session:
        paths = [*skills, *rules, *commands]
        some = [closed_text(session.configuration, one.as_uri(), one, one.read_text()) for one in paths]
        found = weigh(some, session.contents(), session.encoding, CancelToken())
        for path, outcome in zip(paths, found, strict=True):
            report = outcome.unwrap().report
            assert report.arrived is not None
            assert report.arrived.loads
            hints = [notice.message for _, notice in report.notices if notice.code is Code.IGNORED]
            assert len(hints) == (path in rules)
        # For the listing, once more where its own text is looked through, and where it is run.
        assert max(read[path] for path in paths) <= 3


async def test_what_agents_load_of_another_text_than_is_weighed_is_not_taken(tmp_path: Path) -> None:
    path = tmp_path / "CLAUDE.md"
    path.write_text("on disk\n")
    async with a_session(tmp_path) as session:
        contents = session.contents()

        def weighed(text: str) -> str:
            one = closed_text(session.configuration, path.as_uri(), path, text)
            (outcome,) = weigh([one], contents, session.encoding, CancelToken())
            arrived = outcome.unwrap().report.arrived
            assert arrived is not None
            return arrived.text.rpartition("\n")[2]

        assert [weighed(text) for text in ("on disk\n", "given\n", "on disk\n")] == [
            "on disk",
            "given",
            "on disk",
        ]
