"""Documents under the user's hands: what each edit costs, and what it changes."""

import threading
from pathlib import Path

import pytest
from tests.clock import settle as turn
from tests.session.harness import FakeTimers, a_session, counted, open_file, sizes, typed
from tests.session.test_exactness import check

from weighbridge.analysis.expand import Expander
from weighbridge.content.factory import HandlerFactory
from weighbridge.references.model import Kind
from weighbridge.session import preparing
from weighbridge.session.document import Document
from weighbridge.session.prepare import prepare
from weighbridge.session.session import Session
from weighbridge.tokens.registry import tokenizer

TEXT = "# Title\n\nSee @[file:a.md] and {{name}}.\n\nMore words.\n"


def write(folder: Path) -> None:
    (folder / "a.md").write_text("alpha @[file:b.md]")
    (folder / "b.md").write_text("beta")
    (folder / "c.md").write_text("gamma")


async def test_typing_outside_references_resolves_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path)
    handlers = HandlerFactory()
    files, variables = counted(handlers, Kind.FILE), counted(handlers, Kind.VARIABLE)
    # Contents that are older than a second are read again when typing pauses: here none is.
    timers = FakeTimers()
    async with a_session(tmp_path, {"variables": {"name": "N"}}, handlers=handlers, timers=timers) as session:
        document = session.open((tmp_path / "doc.md").as_uri(), 1, TEXT)
        await session.queries.ready(document)
        loads = ([*files.loads], [*variables.loads])
        assert (sorted(loads[0]), loads[1]) == (["a.md", "b.md"], ["name"])
        expanded: list[str] = []
        monkeypatch.setattr(
            Expander, "expanding", lambda self, reference, base: expanded.append(reference.target)
        )
        places = [((4, 0), "typed "), ((2, 0), "in its line "), ((0, 3), "x"), ((3, 0), "\nnew line\n")]
        for place, text in places:
            typed(session, document, place, text)
            session.quiet(document)
            await check(session, document)
        typed(session, document, (0, 0), "", (1, 0))
        await check(session, document)
        assert (files.loads, variables.loads, expanded) == (*loads, [])


async def test_references_come_and_go(tmp_path: Path) -> None:
    write(tmp_path)
    handlers = HandlerFactory()
    files = counted(handlers, Kind.FILE)
    async with a_session(tmp_path, handlers=handlers) as session:
        document = session.open((tmp_path / "doc.md").as_uri(), 1, "one @[file:a.md]\n")
        assert await check(session, document) == "one alpha beta\n"
        typed(session, document, (1, 0), "two @[file:c.md] @[file:b.md]\n")
        assert await check(session, document) == "one alpha beta\ntwo gamma beta\n"
        assert sorted(files.loads) == ["a.md", "b.md", "c.md"]
        typed(session, document, (0, 4), "", (0, 16))
        session.quiet(document)
        assert await check(session, document) == "one \ntwo gamma beta\n"
        assert (sizes(session)["entries"], sizes(session)["expansions"]) == (2, 2)
        # Taken back, it is looked at again, and what is still used is not read again.
        typed(session, document, (0, 4), "@[file:a.md]")
        assert await check(session, document) == "one alpha beta\ntwo gamma beta\n"
        assert sorted(files.loads) == ["a.md", "a.md", "b.md", "c.md"]


@pytest.mark.parametrize(
    ("before", "start", "end", "new", "rendered"),
    [
        (
            "{{x}}\n",
            (0, 0),
            (0, 0),
            "---\nvariables:\n  x: one\n---\n",
            "---\nvariables:\n  x: one\n---\none\n",
        ),
        (
            "---\nvariables:\n  x: one\n---\n{{x}}",
            (2, 5),
            (2, 8),
            "two",
            "---\nvariables:\n  x: two\n---\ntwo",
        ),
        (
            "---\nvariables:\n  x: one\n---\n{{x}}",
            (3, 0),
            (3, 3),
            "- -",
            "---\nvariables:\n  x: one\n- -\n{{x}}",
        ),
        # The fence that ends it is typed far below the first line.
        ("---\nvariables:\n  x: one\n\n{{x}}", (3, 0), (3, 0), "---", "---\nvariables:\n  x: one\n---\none"),
        ("---\nvariables:\n  x: [\n---\n{{x}}", (2, 5), (2, 6), "one", "---\nvariables:\n  x: one\n---\none"),
        ("---\nvariables:\n  x: one\n---\n{{x}}", (0, 0), (4, 0), "", "{{x}}"),
    ],
)
async def test_front_matter_is_followed(
    tmp_path: Path,
    before: str,
    start: tuple[int, int],
    end: tuple[int, int],
    new: str,
    rendered: str,
) -> None:
    async with a_session(tmp_path) as session:
        document = session.open((tmp_path / "doc.md").as_uri(), 1, before)
        await check(session, document)
        typed(session, document, start, new, end)
        assert await check(session, document) == rendered
        assert not document.outdated


async def test_front_matter_typed_key_by_key(tmp_path: Path) -> None:
    text = "---\nvariables:\n  x: one\n---\n"
    async with a_session(tmp_path) as session:
        document = session.open((tmp_path / "doc.md").as_uri(), 1, "{{x}} @[file:no.md]")
        line = column = 0
        for number, key in enumerate(text):
            typed(session, document, (line, column), key)
            line, column = (line + 1, 0) if key == "\n" else (line, column + 1)
            if number % 3 == 0:
                await check(session, document)
        assert await check(session, document) == text + "one @[file:no.md]"


async def test_directives_are_followed(tmp_path: Path) -> None:
    words = "internationalization of words\n"
    async with a_session(tmp_path) as session:
        document = session.open((tmp_path / "doc.md").as_uri(), 1, words)
        await check(session, document)
        typed(session, document, (1, 0), "<!-- weighbridge: encoding=r50k_base budget=7 -->\n")
        text = await check(session, document)
        report = session.report(document)
        assert (report.encoding, report.budget.limit, report.tokens) == (
            "r50k_base",
            7,
            tokenizer("r50k_base").count(text),
        )
        typed(session, document, (1, 44), "8", (1, 45))
        await check(session, document)
        assert session.report(document).budget.limit == 8
        typed(session, document, (1, 0), "", (2, 0))
        assert await check(session, document) == words
        report = session.report(document)
        assert (report.encoding, report.budget.limit) == ("cl100k_base", 128_000)


class Gate:
    """Lets preparing go on when it is opened, and counts it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun = threading.Semaphore(0)
        self.open = threading.Semaphore(0)
        self.scans: list[bool] = []

        def gated(*arguments: object) -> object:
            self.begun.release()
            self.open.acquire()
            prepared = prepare(*arguments)  # type: ignore[arg-type]  # as they came
            self.scans.append(prepared.counts is not None)
            return prepared

        monkeypatch.setattr(preparing, "prepare", gated)

    async def until_begun(self, session: Session) -> None:
        await session.tasks.submit(("wait",), lambda token: self.begun.acquire())


async def test_who_types_on_while_a_document_is_prepared_gets_his_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path)
    gate = Gate(monkeypatch)
    async with a_session(tmp_path) as session:
        document = session.open((tmp_path / "doc.md").as_uri(), 1, TEXT)
        await gate.until_begun(session)
        for column, key in enumerate("words @[file:c.md]\n"):
            typed(session, document, (4, column), key)
        typed(session, document, (4, 0), "", (5, 0))
        typed(session, document, (4, 0), "new @[file:b.md] ")
        gate.open.release()
        assert await check(session, document) == TEXT.replace("@[file:a.md]", "alpha beta").replace(
            "More", "new beta More"
        )
        # Once: nothing that preparing found out was changed.
        assert gate.scans == [True]


async def test_a_directive_typed_while_a_document_is_prepared_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(monkeypatch)
    async with a_session(tmp_path) as session:
        document = session.open((tmp_path / "doc.md").as_uri(), 1, "{{x}} word\n")
        await gate.until_begun(session)
        typed(session, document, (1, 0), "<!-- weighbridge: encoding=p50k_base -->\n")
        typed(session, document, (0, 0), "---\nvariables: {x: 1}\n---\n")
        for _ in range(3):
            gate.open.release()
        await check(session, document)
        assert session.report(document).encoding == "p50k_base"
        assert document.expansions
        assert len(gate.scans) == 2


async def test_front_matter_of_the_same_length_scans_and_counts_nothing_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(monkeypatch)
    for _ in range(10):
        gate.open.release()
    async with a_session(tmp_path) as session:
        text = "---\nvariables:\n  x: one\n---\n{{x}} {{y:two}}\n"
        document = session.open((tmp_path / "doc.md").as_uri(), 1, text)
        await check(session, document)
        counts = document.counted
        typed(session, document, (2, 8), "s")
        assert await check(session, document) == text.replace("one", "ones").replace(
            "{{x}} {{y:two}}", "ones two"
        )
        assert gate.scans == [True, False]
        assert document.counted is counts


async def test_a_long_document_is_edited_while_it_is_counted(tmp_path: Path) -> None:
    write(tmp_path)
    paragraph = "The quick brown fox jumps over the lazy dog, they say. " * 20
    text = f"{paragraph}\n\n# Head\n\n@[file:b.md] it is\n\n" * (2_000_000 // len(paragraph))
    async with a_session(tmp_path) as session:
        document = session.open((tmp_path / "doc.md").as_uri(), 1, text)
        line = 0
        while not document.ready:
            typed(session, document, (line, 3), "xy ")
            line = (line * 7 + 40) % document.buffer.line_count
            await session.waiting.change(document.uri)
        await check(session, document)


async def test_a_fence_closed_far_above_counts_the_sections_it_lets_free(tmp_path: Path) -> None:
    sections = "".join(f"# Head {number}\n\nwords of section {number}\n\n" for number in range(300))
    async with a_session(tmp_path) as session:
        document = session.open((tmp_path / "doc.md").as_uri(), 1, "```\n" + sections)
        await check(session, document)
        assert session.report(document).sections == ()
        typed(session, document, (1, 0), "```\n")
        session.quiet(document)
        await check(session, document)
        report = session.report(document)
        count = tokenizer("cl100k_base").count
        assert [section.tokens for section in report.sections] == [
            count(f"# Head {number}\n\nwords of section {number}\n\n") for number in range(300)
        ]


async def test_displays_hear_of_typing_and_of_what_arrives(tmp_path: Path) -> None:
    write(tmp_path)
    timers = FakeTimers()
    async with a_session(tmp_path, timers=timers) as session:
        document: Document = open_file(session, tmp_path / "a.md")
        await session.queries.ready(document)
        told = session._listener.told  # type: ignore[attr-defined]  # the harness's recorder
        told.clear()
        typed(session, document, (0, 0), "x")
        await session.queries.ready(document)
        assert told == [("typed", document.uri)]
        typed(session, document, (0, 0), "@[file:c.md]")
        await session.queries.ready(document)
        assert told.count(("typed", document.uri)) == 2
        assert told[-1] == ("updated", document.uri)


async def test_lines_of_one_reference_are_counted_some_at_a_time_and_edits_meanwhile_are_followed(
    tmp_path: Path,
) -> None:
    (tmp_path / "a.md").write_text("included")
    text = "@[file:a.md]\n" * 1000
    async with a_session(tmp_path) as session:
        document = session.open((tmp_path / "doc.md").as_uri(), 1, text)
        while not document._unshown:
            await turn(1)
        # Other lines than before, in the middle of it.
        typed(session, document, (0, 0), "one more line\n")
        assert await check(session, document) == "one more line\n" + "included\n" * 1000


async def test_braces_are_a_templates_while_there_is_a_sign_of_one(tmp_path: Path) -> None:
    (tmp_path / "plain.md").write_text("{{x:part}}")
    text = "{{x:one}} {{y}} @[var:z:two] @[file:plain.md]\n\nmore\n"
    async with a_session(tmp_path, {"variables": {"y": "Y"}}) as session:
        document = session.open((tmp_path / "doc.md").as_uri(), 1, text)
        assert await check(session, document) == "one Y two part\n\nmore\n"
        for sign in ("{% if a %}", "{{#each a}}", "{{ a | upper }}"):
            line = 2
            for column, key in enumerate(sign):
                typed(session, document, (line, column), key)
                await check(session, document)
            assert await check(session, document) == f"{{{{x:one}}}} Y two part\n\n{sign}more\n"
            typed(session, document, (line, 0), "", (line, len(sign)))
            assert await check(session, document) == "one Y two part\n\nmore\n"


@pytest.mark.parametrize(
    ("name", "text", "rendered"),
    [
        ("a.mdx", "<Box style={{width:100}} /> {{y}}", "<Box style={{width:100}} /> Y"),
        ("a.md", '<Box style={{ width: "100%" }} /> {{y}}', '<Box style={{ width: "100%" }} /> Y'),
        ("a.md", "{{x:one}} {{y}}", "one Y"),
        ("a.md", "{{x:one}}\n{% if y %}", "{{x:one}}\n{% if y %}"),
        ("a.md", "```\n{% if y %}\n```\n{{x:one}} @[var:x:one]", "```\n{% if y %}\n```\n{{x:one}} one"),
        ("a.txt", "{{#if y}}\n\n# B\n\n{{x:one}} ", "{{#if y}}\n\n# B\n\n{{x:one}} "),
    ],
)  # fmt: skip
async def test_so_are_those_of_what_is_included(tmp_path: Path, name: str, text: str, rendered: str) -> None:
    (tmp_path / name).write_text(text)
    async with a_session(tmp_path, {"variables": {"y": "Y"}}) as session:
        own = open_file(session, tmp_path / name)
        assert await check(session, own) == rendered
        outer = session.open((tmp_path / "doc.md").as_uri(), 1, f"{{{{x:own}}}} @[file:{name}]")
        assert await check(session, outer) == f"own {rendered}"
        if "# B" in text:
            typed(session, outer, (0, 0), f"@[file:{name}#B] ")
            part = "# B\n\n{{x:one}} "
            assert await check(session, outer) == f"{part} own {rendered}"
