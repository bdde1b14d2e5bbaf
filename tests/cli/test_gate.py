"""`check` on more than documents: budgets by glob, of agents' contexts, of all together; and growth over a baseline."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.cli.test_commands import PACKAGE, run

from weighbridge.budget.directive import NOTHING
from weighbridge.check import Options, check
from weighbridge.gate import Baseline, Tolerance, UnusableBaselineError

SETTINGS = """
budget = 50
[budgets]
"**/SKILL.md" = 2000
"a*.prompt.md" = 3
"*.prompt.md" = 4
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / ".git").mkdir()
    (tmp_path / "weighbridge.toml").write_text(SETTINGS)
    for name in ("a.prompt.md", "b.prompt.md", "skills/x/SKILL.md", "AGENTS.md", "sub/c.prompt.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("hello there my friends of all the world\n")
    return tmp_path


def documents(folder: Path, *arguments: str) -> Mapping[str, Mapping[str, Any]]:
    found = json.loads(run(folder, "count", "--format", "json", *arguments).stdout)
    start = f"{folder.as_uri()}/"
    return {document["uri"].removeprefix(start): document for document in found["documents"]}


def test_the_first_glob_that_matches_gives_a_document_its_budget(repository: Path) -> None:
    limits = {name: document["budget"]["limit"] for name, document in documents(repository, ".").items()}
    assert limits == {
        "AGENTS.md": 50,
        "a.prompt.md": 3,
        "b.prompt.md": 4,
        "skills/x/SKILL.md": 2000,
        "sub/c.prompt.md": 4,
    }


def test_what_is_nearer_wins_over_a_glob(repository: Path) -> None:
    (repository / "a.prompt.md").write_text("<!-- weighbridge: budget=7 -->\n")
    assert documents(repository, "a.prompt.md")["a.prompt.md"]["budget"]["limit"] == 7
    assert documents(repository, "a.prompt.md", "--budget", "9")["a.prompt.md"]["budget"]["limit"] == 9


@pytest.mark.parametrize("name", ["context:codex", "total"])
def test_a_file_named_as_a_special_budget_has_none_of_it(tmp_path: Path, name: str) -> None:
    (tmp_path / "weighbridge.toml").write_text(f'include = ["*"]\nbudget = 50\n[budgets]\n"{name}" = 3\n')
    (tmp_path / name).write_text("hello there my friends of all the world\n")
    assert documents(tmp_path, name)[name.replace(":", "%3A")]["budget"]["limit"] == 50


def findings(folder: Path, *arguments: str) -> tuple[int, list[str]]:
    done = run(folder, "check", ".", *arguments)
    lines = done.stdout.decode().splitlines()
    return done.returncode, lines[:-1]


def test_the_context_of_an_agent_has_a_budget(repository: Path) -> None:
    (repository / "weighbridge.toml").write_text('[budgets]\n"context:codex" = 20\n')
    code, lines = findings(repository)
    loads = json.loads(run(repository, "context", "--agent", "codex", "--format", "json").stdout)
    tokens = loads["contexts"][0]["tokens"]
    assert tokens > 20
    share = f"{tokens / 20:.0%}"
    assert (code, lines) == (
        1,
        [f"AGENTS.md:1: error: Codex loads {tokens:,} tokens, {share} of the budget of 20 [budget]"],
    )
    (repository / "weighbridge.toml").write_text('[budgets]\n"context:codex" = 20000\n')
    assert findings(repository) == (0, [])


def test_all_together_have_a_budget(repository: Path) -> None:
    (repository / "weighbridge.toml").write_text("[budgets]\ntotal = 10\n")
    code, lines = findings(repository)
    total = json.loads(run(repository, "count", ".", "--format", "json").stdout)["total"]
    assert (code, lines) == (
        1,
        [
            f"weighbridge.toml:1: error: ≈{total:,} tokens in all, {total / 10:.0%} of the budget of 10 [budget]"
        ],
    )


def test_text_that_an_agent_cuts_off_fails_a_strict_check(repository: Path) -> None:
    (repository / "weighbridge.toml").write_text('agents = ["codex"]\n')
    (repository / "AGENTS.md").write_text("a line of text\n" * 3_000)
    code, lines = findings(repository)
    assert (code, len(lines)) == (0, 1)
    assert lines[0].startswith("AGENTS.md:2185: warning: ")
    assert lines[0].endswith("[context.truncated]")
    assert findings(repository, "--strict")[0] == 1


@pytest.mark.parametrize(
    "budgets", ['"[" = 3', '"context:nobody" = 3', "total = 0", 'total = "3"'], ids=lambda text: text
)
def test_a_budget_that_can_not_be_one_is_told(repository: Path, budgets: str) -> None:
    (repository / "weighbridge.toml").write_text(f"[budgets]\n{budgets}\n")
    done = run(repository, "check", ".")
    assert (done.returncode, b"weighbridge.toml" in done.stderr, b"budgets" in done.stderr) == (2, True, True)


def test_a_baseline_excuses_what_was_there_and_not_what_grew(repository: Path) -> None:
    assert findings(repository)[0] == 1
    assert findings(repository, "--baseline", "base.json", "--update-baseline") == (0, [])
    assert findings(repository, "--baseline", "base.json") == (0, [])
    before = documents(repository, ".")["a.prompt.md"]["tokens"]
    with (repository / "a.prompt.md").open("a") as file:
        file.write("and more\n")
    now = documents(repository, ".")["a.prompt.md"]["tokens"]
    code, lines = findings(repository, "--baseline", "base.json")
    grown = f"{now:,} tokens, {now - before} more than the baseline's {before:,}"
    assert (code, lines[0]) == (1, f"a.prompt.md:1: error: a.prompt.md: {grown} [budget.growth]")
    assert [line.rpartition(" ")[2] for line in lines] == ["[budget.growth]"] * 2  # the total's is the other
    for tolerance in (f"{now - before}", "100%"):
        assert findings(repository, "--baseline", "base.json", "--tolerance", tolerance) == (0, [])
    assert findings(repository, "--baseline", "base.json", "--tolerance", f"{now - before - 1}")[0] == 1


@pytest.mark.parametrize("key", ["total", "context:codex"])
def test_a_baseline_excuses_what_else_has_a_budget_by_its_own_name(repository: Path, key: str) -> None:
    (repository / "weighbridge.toml").write_text(f'[budgets]\n"{key}" = 1\n')
    assert findings(repository)[0] == 1
    assert findings(repository, "--baseline", "base.json", "--update-baseline") == (0, [])
    assert findings(repository, "--baseline", "base.json") == (0, [])
    # It is not excused because a document is where it is told of.
    baseline = json.loads((repository / "base.json").read_text())
    del baseline["tokens"][key]
    (repository / "base.json").write_text(json.dumps(baseline))
    code, lines = findings(repository, "--baseline", "base.json")
    assert (code, len(lines)) == (1, 1)


def test_what_is_new_must_keep_its_budget(repository: Path) -> None:
    findings(repository, "--baseline", "base.json", "--update-baseline")
    (repository / "a2.prompt.md").write_text("one two three four five\n")
    code, lines = findings(repository, "--baseline", "base.json", "--tolerance", "1000")
    assert (code, len(lines)) == (1, 1)
    assert lines[0].startswith("a2.prompt.md:1: error: ")


def test_a_baseline_is_of_its_own_folder(repository: Path) -> None:
    findings(repository, "--baseline", "base.json", "--update-baseline")
    done = run(repository / "sub", "check", "c.prompt.md", "--baseline", "../base.json")
    assert done.returncode == 0
    assert json.loads((repository / "base.json").read_text())["tokens"].keys() == {
        *("AGENTS.md", "a.prompt.md", "b.prompt.md", "skills/x/SKILL.md", "sub/c.prompt.md", "total")
    }


@pytest.mark.parametrize("baseline", [None, "base.json"])
@pytest.mark.parametrize("settings", [SETTINGS, '[budgets]\ntotal = 10\n"context:codex" = 20\n'])
def test_a_document_is_a_line_with_its_findings_and_the_last_line_has_the_rest(
    repository: Path, baseline: str | None, settings: str
) -> None:
    (repository / "weighbridge.toml").write_text(settings)
    (repository / "b.prompt.md").write_text("@[file:gone.md]\n")
    compared = [] if baseline is None else ["--baseline", baseline]
    if baseline is not None:
        findings(repository, *compared, "--update-baseline")
        (repository / "a.prompt.md").write_text("hello there my friends of all the world and of another\n")
        (repository / "new.prompt.md").write_text("hello there my friends\n")
    whole = run(repository, "check", ".", *compared, "--format", "json")
    lines = run(repository, "check", ".", *compared, "--format", "jsonl")
    *documents, last = [json.loads(line) for line in lines.stdout.splitlines()]
    documents.sort(key=lambda one: str(one["uri"]))
    summary = last["summary"]
    expected = json.loads(whole.stdout)
    said = [finding for document in documents for finding in document.pop("findings")]
    assert (lines.returncode, [*said, *summary.pop("findings")]) == (
        whole.returncode,
        expected.pop("findings"),
    )
    assert documents == sorted(expected["documents"], key=lambda one: str(one["uri"]))
    assert summary == {**expected, "documents": len(documents)}


def test_what_was_told_with_its_findings_is_not_kept(repository: Path) -> None:
    told: dict[str, int] = {}
    options = Options([repository], {}, NOTHING)
    checked = check(options, print, lambda report, said: told.update({report.uri: len(said)}))
    assert checked.reports == []
    assert [outcome.report for outcome in checked.outcomes] == [None] * len(told)
    assert (len(told), sum(told.values())) == (checked.total.documents, len(checked.findings))


def test_who_reads_one_line_of_a_few_has_had_enough(repository: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "weighbridge.cli", "check", ".", "--format", "jsonl"],
        cwd=repository,
        env={"XDG_CACHE_HOME": str(repository / "cache"), "PATH": "", "PYTHONPATH": str(PACKAGE.parent)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as checking:
        assert checking.stdout is not None
        assert checking.stderr is not None
        checking.stdout.close()
        errors = checking.stderr.read()
    assert (checking.returncode, errors) == (0, b"")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "not there; --update-baseline writes it"),
        ("", "no baseline (JSONDecodeError)"),
        ("[]", "no baseline (TypeError)"),
        ("{}", "no baseline (KeyError)"),
        ('{"version": 1, "tokens": {"a": "x"}}', "no baseline (ValueError)"),
        ('{"version": 2, "tokens": {}}', "version 2"),
        ("[" * 100_000, "no baseline (RecursionError)"),
    ],
)
def test_a_baseline_that_is_none(tmp_path: Path, text: str | None, said: str) -> None:
    path = tmp_path / "base.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(UnusableBaselineError) as caught:
        Baseline.read(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert said in str(caught.value)


def test_the_command_says_so(repository: Path) -> None:
    done = run(repository, "check", ".", "--baseline", "none.json")
    assert (done.returncode, done.stderr) == (
        2,
        b"weighbridge: none.json: not there; --update-baseline writes it\n",
    )
    done = run(repository, "check", ".", "--update-baseline")
    assert (done.returncode, done.stderr) == (
        2,
        b"weighbridge: --update-baseline: name the file with --baseline\n",
    )


@pytest.mark.parametrize(
    ("text", "before", "now", "allowed"),
    [
        ("0", 100, 100, True),
        ("0", 100, 101, False),
        ("5%", 100, 105, True),
        ("5%", 100, 106, False),
        ("0.1%", 1_000, 1_001, True),
        ("1_000", 0, 1_000, True),
        ("1,000", 0, 1_001, False),
    ],
)
def test_tolerances(text: str, before: int, now: int, allowed: bool) -> None:
    assert Tolerance.of(text).allows(before, now) is allowed


@pytest.mark.parametrize("text", ["", "x", "-1", "-1%", "1%%", "1% 2", "1.5", "nan"])
def test_what_is_no_tolerance(tmp_path: Path, text: str) -> None:
    done = run(tmp_path, "check", ".", f"--tolerance={text}")
    assert (done.returncode, b"--tolerance" in done.stderr) == (2, True)
