"""`check --diff` looks at what may have changed only: what it says is what it would say if all of both revisions were weighed."""

import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.cli.test_diff import git

from weighbridge import changes
from weighbridge.budget.directive import NOTHING
from weighbridge.check import Options, check
from weighbridge.content.revision import Revision, TreeEntry, revision

PROMPTS = ("prompts/a.md", "prompts/sub/b.prompt.md", "docs/c.prompt.md")
INCLUDED = ("docs/style.md", "docs/more.md", "prompts/sub/d.md")
CONTEXT = ("CLAUDE.md", "sub/CLAUDE.md", "AGENTS.md", "sub/AGENTS.md", ".claude/rules/r.md", "sub/.claude/rules/r.md", ".github/instructions/x.instructions.md", ".agents/skills/s/SKILL.md")  # fmt: skip
PIECES = ("words\n", "and more words, of which there are several\n", "# Title\n", "@docs/style.md\n", "@../docs/style.md\n", "@[file:../docs/more.md]\n", "@[file:sub/d.md]\n", "@[file:../../docs/style.md#Title]\n", "@[file:linked.md]\n", "{{name}}\n", "@[file:no.md]\n", "---\nname: s\ndescription: d\n---\n", "<!-- weighbridge: budget=3 -->\n")  # fmt: skip
SETTINGS = ("budget = 3\n", 'include = ["**/*.md"]\n', 'encoding = "r50k_base"\n', "[variables]\nname = 'one two'\n", "[budgets]\n'prompts/*.md' = 5\n", "not toml")  # fmt: skip
IGNORED = ("sub/\n", "prompts/\n", "*.md\n", "!a.md\n", "docs\n")

texts = st.lists(st.sampled_from(PIECES), min_size=1, max_size=5).map("".join)
#: A file's text, or where a link leads.
files = st.one_of(
    st.tuples(st.sampled_from(PROMPTS + INCLUDED + CONTEXT), texts),
    st.tuples(st.sampled_from(("weighbridge.toml", "prompts/weighbridge.toml")), st.sampled_from(SETTINGS)),
    st.tuples(st.sampled_from((".gitignore", "prompts/.gitignore")), st.sampled_from(IGNORED)),
    st.tuples(st.just("prompts/a.vars.yaml"), st.sampled_from(("name: x\n", "name: y z\n"))),
    st.tuples(st.just("prompts/linked.md"), st.sampled_from((Path("../docs/style.md"), Path("nowhere")))),
    st.tuples(st.just("GEMINI.md"), st.sampled_from((Path("AGENTS.md"), Path("docs/style.md")))),
    st.tuples(st.just("sub/.cursor"), st.just(Path("../.claude"))),
)
trees = st.lists(files, min_size=1, max_size=14).map(dict)
edits = st.dictionaries(
    st.sampled_from(
        PROMPTS + INCLUDED + CONTEXT + ("prompts/linked.md", "prompts/a.vars.yaml", "GEMINI.md", ".gitignore")
    ),
    st.one_of(st.none(), texts),
    max_size=4,
)
Files = Mapping[str, str | Path | None]


def write(folder: Path, wanted: Files) -> None:
    for name, text in wanted.items():
        path = folder / name
        path.unlink(missing_ok=True)
        if text is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.symlink_to(text) if isinstance(text, Path) else path.write_text(text)


def found(folder: Path, named: str) -> Any:
    layer = {"cacheUrl": f"sqlite:///{folder.parent}/counts.sqlite3"}
    made = check(Options([folder / named], layer, NOTHING, since="HEAD", sections=False), print).changes
    assert made is not None
    return made.as_json()


@settings(max_examples=25)
@given(then=trees, edited=edits, named=st.sampled_from((".", ".", ".", "prompts")))
@example({"CLAUDE.md": "@docs/style.md\n", "docs/style.md": "a\n", "sub/CLAUDE.md": "b\n"}, {"docs/style.md": "c d\n"}, ".")  # fmt: skip
@example({"prompts/a.md": "@[file:linked.md]\n", "prompts/linked.md": Path("../docs/style.md"), "docs/style.md": "a\n"}, {"docs/style.md": "c d\n"}, ".")  # fmt: skip
@example({"prompts/a.md": "@[file:sub/d.md]\n", "prompts/sub/d.md": "@../../docs/more.md\n", "docs/more.md": "x\n"}, {"docs/more.md": None}, ".")  # fmt: skip
@example({"prompts/a.md": "one\n", "weighbridge.toml": "budget = 3\n"}, {"prompts/sub/b.prompt.md": "new\n"}, ".")  # fmt: skip
def test_what_is_said_is_what_a_look_at_everything_says(then: Files, edited: Files, named: str) -> None:
    with tempfile.TemporaryDirectory() as made, mock.patch.dict(os.environ, {"HOME": f"{made}/home"}):
        folder = Path(made).resolve() / "repository"
        (folder / "prompts").mkdir(parents=True)
        git(folder, "init", "-q")
        write(folder, then)
        git(folder, "add", "-A", "-f")
        git(folder, "commit", "-qm", "one", "--allow-empty")
        write(folder, edited)
        (folder / "prompts").mkdir(exist_ok=True)
        quick = found(folder, named)
        with mock.patch.object(changes, "_same_settings", return_value=False):
            assert found(folder, named) == quick


def test_what_is_the_same_is_not_laid_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "-q")
    many = {f"prompts/{number}.md": f"number {number}\n" for number in range(20)}
    refers = {f"prompts/to-{name}.md": f"@../docs/{name}.md\n" for name in ("one", "two")}
    write(folder, {**many, **refers, "docs/one.md": "1\n", "docs/two.md": "2\n", "AGENTS.md": "rules\n"})
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "one")
    write(folder, {"docs/one.md": "1 and more\n", "prompts/3.md": "another\n"})
    laid_out: list[str] = []
    write_all = Revision._write_all

    def noted(self: Revision, wanted: Sequence[tuple[str, TreeEntry]]) -> None:
        laid_out.extend(name for name, _ in wanted)
        write_all(self, wanted)

    monkeypatch.setattr(Revision, "_write_all", noted)
    found(folder, ".")
    assert sorted(laid_out) == ["docs/one.md", "prompts/3.md", "prompts/to-one.md"]


@pytest.mark.parametrize("digests", ["sha1", "sha256"])
def test_what_a_revision_holds(tmp_path: Path, digests: str) -> None:
    folder = tmp_path.resolve() / "repository"
    folder.mkdir()
    git(folder, "init", "-q", f"--object-format={digests}")
    write(
        folder,
        {
            "a.md": "größer\n",
            "b/c.md": "c\n",
            "link.md": Path("a.md"),
            "gone.md": "g\n",
            "kind.md": Path("c"),
        },
    )
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "one")
    write(folder, {"new.md": "n\n", "gone.md": None, "b/d.md": "d\n", "kind.md": "c"})
    with revision(folder, "HEAD") as then:
        assert then.holds(folder / "a.md", "größer\n")
        assert not then.holds(folder / "a.md", "größer")
        assert not then.holds(folder / "kind.md", "c")
        same = {name for name in ("a.md", "b", "b/c.md", "link.md", "link.md/x", "gone.md", "new.md", "kind.md", "no.md", ".git", "..") if then.same_at(folder / name)}  # fmt: skip
        assert same == {"a.md", "b", "b/c.md", "no.md", ".git"}
        assert not then.same_at(folder / "b", listed=True)
