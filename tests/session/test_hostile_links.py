"""Links in circles and chains without end: each is the fault of the file that it stands for, and of nothing else."""

import gc
from pathlib import Path
from types import TracebackType

from tests.chains import chain
from tests.session.harness import a_session, open_file
from tests.session.test_contents import settle

from weighbridge.analysis.report import Report
from weighbridge.tokens.registry import tokenizer

LINKS = 1_200


def problems(report: Report) -> list[str]:
    return [one.problem.message for one in report.references if one.problem is not None]


async def test_whatever_is_a_chain_of_links_the_rest_is_counted(tmp_path: Path) -> None:
    (tmp_path / "good.md").write_text("words of a good file")
    (tmp_path / "values.json").write_text('{"v": "x"}')
    (tmp_path / "settings.toml").write_text("budget = 1")
    for name, target in {
        "weighbridge.toml": "settings.toml",
        "pyproject.toml": "settings.toml",
        "a.prompt.md.vars.json": "values.json",
        "include.md": "good.md",
        "linked.prompt.md": "good.md",
        "folder": ".",
    }.items():
        chain(tmp_path / name, tmp_path / target, LINKS)
    path = tmp_path / "a.prompt.md"
    path.write_text("{{v}} @[file:include.md] @[file:folder/good.md] @[file:good.md]\n")
    async with a_session(tmp_path, configured=False) as session:
        # Documents wait for the settings, and must not wait for ever.
        document = open_file(session, path)
        untitled = session.open("untitled:One", 1, "some @[file:good.md]\n")
        linked = session.open((tmp_path / "linked.prompt.md").as_uri(), 1, "@[file:good.md]\n")
        configuration = session.configuration
        configuration.take_files(configuration.read_files([tmp_path]))
        session.configured()
        count = tokenizer("cl100k_base").count
        text = "{{v}} @[file:include.md] @[file:folder/good.md] words of a good file\n"
        assert await session.queries.count(document) == count(text)
        assert await session.queries.count(untitled) == count("some words of a good file\n")
        assert await session.queries.count(linked) == count("words of a good file\n")
        report = await session.queries.whole_report(document)
        assert problems(report) == [
            f"{name}: too many links, one leading to the next"
            for name in ("a.prompt.md.vars.json", "include.md", "folder/good.md")
        ]
        assert configuration.warnings == ("weighbridge.toml: can't be read: too many links; ignored",)


def tracebacks() -> int:
    gc.collect()
    return sum(isinstance(one, TracebackType) for one in gc.get_objects())


async def test_nothing_is_kept_of_how_a_link_failed(tmp_path: Path) -> None:
    for number in range(LINKS):
        (tmp_path / f"l{number}.md").symlink_to(f"l{(number + 1) % LINKS}.md")
    path = tmp_path / "a.prompt.md"
    path.write_text("".join(f"@[file:l{number}.md]\n" for number in range(100)))
    async with a_session(tmp_path) as session:
        before = tracebacks()
        document = open_file(session, path)
        report = await session.queries.whole_report(document)
        await settle(session)
        assert problems(report) == [f"l{n}.md: too many links, one leading to the next" for n in range(100)]
        # Each link that failed had several; what other tests leave behind comes and goes.
        assert tracebacks() - before < 100
