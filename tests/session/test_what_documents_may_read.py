"""What a document may read: the workspace, and its own folder if the user opened it elsewhere. One rule, whoever asks."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from tests.session.harness import a_session, open_file

from weighbridge.batch import render_file
from weighbridge.session.session import Session

#: Files beside one another: an open workspace, and a folder of the user's own that is none.
FILES = {
    "work/inside.md": "inside",
    "work/a.prompt.md": "",
    "home/agent/rules.md": "rules",
    "home/agent/more/deep.md": "deep @[file:../rules.md]",
    "home/agent/notes.md": "",
    "home/agent/notes.md.vars.toml": 'v = "value"',
    "home/secret.md": "canary",
    "home/shared/one.md": "one @[file:two.md]",
    "home/shared/two.md": "canary",
}
OUTSIDE = "outside the workspace's folders and the document's own; allow its folder in weighbridge.fileRoots"
LINK = "a link leads outside the workspace's folders and the document's own; allow where it leads in weighbridge.fileRoots"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "home" / "agent" / "link.md").symlink_to("rules.md")
    (tmp_path / "home" / "agent" / "out.md").symlink_to("../secret.md")
    return tmp_path


async def read(session: Session, path: Path, text: str) -> tuple[str, list[str]]:
    """What a document of this text renders to, and what is wrong with its references."""
    document = session.open(path.as_uri(), 1, text)
    report = await session.queries.whole_report(document)
    nested = [one for top in report.references for one in (top, *top.references)]
    problems = [one.problem.message.partition(": ")[2] for one in nested if one.problem is not None]
    rendered = await session.queries.render(document)
    session.close(document.uri)
    return rendered, problems


CASES: Sequence[tuple[str, str, str, Sequence[str]]] = (
    ("home/agent/notes.md", "@rules.md @more/deep.md {{v}}", "rules deep rules value", ()),
    ("home/agent/notes.md", "@link.md @[file:{place}/work/inside.md]", "rules inside", ()),
    ("home/agent/notes.md", "@../secret.md", "@../secret.md", [OUTSIDE]),
    ("home/agent/notes.md", "@out.md", "@out.md", [LINK]),
    # Another folder's documents gain nothing by it.
    ("work/a.prompt.md", "@inside.md @../home/agent/rules.md", "inside @../home/agent/rules.md", [OUTSIDE]),
    ("home/agent/more/deep.md", "@../rules.md", "@../rules.md", [OUTSIDE]),
)


@pytest.mark.parametrize(("document", "text", "rendered", "problems"), CASES)
async def test_in_an_editor(
    place: Path, document: str, text: str, rendered: str, problems: Sequence[str]
) -> None:
    written = text.replace("{place}", str(place))
    async with a_session(place / "work") as session:
        # It is open, and may read its own folder: nobody else may for that.
        open_file(session, place / "home" / "agent" / "notes.md")
        path = place / document
        session.close(path.as_uri())
        assert await read(session, path, written) == (rendered, list(problems))


@pytest.mark.parametrize(
    ("document", "text", "rendered"), [case[:3] for case in CASES if "{place}" not in case[1]]
)
async def test_on_the_command_line(
    place: Path, monkeypatch: pytest.MonkeyPatch, document: str, text: str, rendered: str
) -> None:
    monkeypatch.chdir(place / "work")
    (place / document).write_text(text)
    outcome = await render_file(place / document, {"cacheUrl": "sqlite://"})
    assert (outcome.problem, outcome.text) == (None, rendered)


@pytest.mark.parametrize(
    ("settings", "rendered", "problems"),
    [
        ({}, "@../home/shared/one.md", [OUTSIDE]),
        # One file is allowed: what it includes is not, though it lies beside it.
        ({"fileRoots": ["{place}/home/shared/one.md"]}, "one @[file:two.md]", [OUTSIDE]),
        ({"fileRoots": ["{place}/home/shared"]}, "one canary", []),
    ],
)
async def test_a_file_that_is_included_gives_no_right_to_its_folder(
    place: Path, settings: Mapping[str, Sequence[str]], rendered: str, problems: Sequence[str]
) -> None:
    given = {name: [one.replace("{place}", str(place)) for one in value] for name, value in settings.items()}
    async with a_session(place / "work", given) as session:
        found = await read(session, place / "work" / "a.prompt.md", "@../home/shared/one.md")
        assert found == (rendered, problems)
