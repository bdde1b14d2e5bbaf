"""The GitHub Action, its steps run as GitHub's runner runs them, beside a `gh` that remembers what it was asked."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.cli.test_commands import PACKAGE
from tests.cli.test_diff import git, write
from tests.patience import HANGS_AFTER

ROOT = Path(__file__).parents[2]
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
EXPRESSION = re.compile(r"\$\{\{ ([\w.-]+) \}\}")

#: What setup-python's Python is: it makes an environment in which a test's Weighbridge is, and installs nothing.
PYTHON = f"""#!/bin/bash
[ "$*" = "-I -m venv $RUNNER_TEMP/weighbridge" ] || exit 9
mkdir -p "$4/bin"
printf '%s\\n' '#!/bin/bash' 'printf "%s\\n" "$*" > "$RUNNER_TEMP/installed"' > "$4/bin/python"
printf '%s\\n' '#!/bin/bash' 'PYTHONPATH={PACKAGE.parent} exec {sys.executable} -P -m weighbridge.cli "$@"' > "$4/bin/weighbridge"
chmod +x "$4/bin/python" "$4/bin/weighbridge"
"""
#: GitHub's comments are in a file; without a right to write, there is the answer that a fork's pull request gets.
GH = f"""#!{sys.executable}
import json, os, pathlib, re, sys
place, (api, *words) = pathlib.Path(os.environ["COMMENTS"]), sys.argv[1:]
assert api == "api" and os.environ["GH_TOKEN"] == "token", sys.argv
comments = json.loads(place.read_text())
own = re.compile(r'\\.\\[\\] \\| select\\(\\.user\\.login == "(.+?)" and \\(\\.body \\| startswith\\("(.+?)"\\)\\)\\) \\| \\.id')
if "--jq" in words:
    assert words[:2] == ["--paginate", "repos/o/r/issues/7/comments?per_page=100"], words
    login, start = own.fullmatch(words[3]).groups()
    for number, (author, body) in enumerate(comments):
        if author == login and body.startswith(start):
            print(number)
    sys.exit()
if os.environ.get("READ_ONLY"):
    sys.exit("gh: Resource not accessible by integration (HTTP 403)")
silent, option, method, address, field, value = words
assert (silent, option, field) == ("--silent", "--method", "--field"), words
body = pathlib.Path(value.removeprefix("body=@")).read_text()
assert len(body) <= 65_536
if method == "POST":
    assert address == "repos/o/r/issues/7/comments"
    comments.append(["github-actions[bot]", body])
else:
    assert method == "PATCH"
    comments[int(address.removeprefix("repos/o/r/issues/comments/"))][1] = body
place.write_text(json.dumps(comments))
"""
SHARED = {
    "docs/style.md": "Style: be nice.\n",
    "prompts/a.prompt.md": "See @../docs/style.md now\n",
    "prompts/b.prompt.md": "And @../docs/style.md too\n",
    "prompts/same.prompt.md": "as it was\n",
    "CLAUDE.md": "Rules @docs/style.md\n",
    "AGENTS.md": "a line of rules\n" * 1_500,
}
LONGER = {
    "docs/style.md": "Style: be nice. Be nicer still, and nicer.\n",
    "AGENTS.md": "a line of rules\n" * 3_000,
}


@dataclass
class Runner:
    """A job on a pull request: what is checked out is a merge, without its history."""

    folder: Path
    event: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def comments(self) -> list[list[str]]:
        found: list[list[str]] = json.loads((self.folder / "comments.json").read_text())
        return found

    def run(self, **inputs: str) -> tuple[int, str, str]:
        """Run the action: its exit code, what it logged, the job's summary."""
        temp, summary = self.folder / "temp", self.folder / "summary.md"
        temp.mkdir(exist_ok=True)
        summary.write_text("")
        given = {name: one["default"] for name, one in ACTION["inputs"].items()} | inputs
        known = {f"inputs.{name}": value for name, value in given.items()}
        known |= {f"github.event.{name}": value for name, value in self.event.items()} | {
            "github.token": "token"
        }
        log, code = "", 0
        for step in ACTION["runs"]["steps"]:
            if "uses" in step:
                known["steps.python.outputs.python-path"] = str(self.folder / "bin" / "python")
                continue
            script, output = self.folder / "step.sh", self.folder / "output"
            script.write_text(step["run"])
            output.write_text("")
            done = subprocess.run(
                ["/bin/bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
                cwd=self.folder / "work",
                env={
                    "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
                    "HOME": str(self.folder),
                    "XDG_CACHE_HOME": str(self.folder / "cache"),
                    "RUNNER_TEMP": str(temp),
                    "GITHUB_ACTION_PATH": str(ROOT),
                    "GITHUB_STEP_SUMMARY": str(summary),
                    "GITHUB_OUTPUT": str(output),
                    "GITHUB_REPOSITORY": "o/r",
                    "COMMENTS": str(self.folder / "comments.json"),
                    **self.environment,
                    **{
                        name: EXPRESSION.sub(lambda m: known.get(m[1], ""), value)
                        for name, value in step["env"].items()
                    },
                },
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=HANGS_AFTER,
                check=False,
            )
            log += done.stdout
            for line in output.read_text().splitlines():
                name, _, value = line.partition("=")
                known[f"steps.{step['id']}.outputs.{name}"] = value
            if code := done.returncode:
                break
        return code, log, summary.read_text()


def runner(folder: Path, before: Mapping[str, str], after: Mapping[str, str]) -> Runner:
    """A job on a pull request that changes `before` to `after`, where the base went on since the request was made."""
    (folder / "bin").mkdir()
    for name, text in (("python", PYTHON), ("gh", GH)):
        (folder / "bin" / name).write_text(text)
        (folder / "bin" / name).chmod(0o755)
    (folder / "comments.json").write_text("[]")
    origin = folder / "origin"
    origin.mkdir()
    git(origin, "init", "-q", "-b", "main")
    write(origin, dict(before))
    git(origin, "add", "-A")
    git(origin, "commit", "-qm", "one")
    started = git(origin, "rev-parse", "HEAD")
    git(origin, "checkout", "-qb", "topic")
    write(origin, dict(after))
    git(origin, "add", "-A")
    git(origin, "commit", "-qm", "two")
    head = git(origin, "rev-parse", "HEAD")
    git(origin, "checkout", "-q", "main")
    write(origin, {"prompts/others.prompt.md": "what another pull request brought\n"})
    git(origin, "add", "-A")
    git(origin, "commit", "-qm", "three")
    git(origin, "merge", "-q", "--no-edit", "topic")
    git(folder, "clone", "-q", "--depth=1", f"file://{origin}", "work")
    event = {"pull_request.head.sha": head, "pull_request.base.sha": started, "pull_request.number": "7"}
    return Runner(folder, event)


def test_inputs_reach_no_script_and_nothing_of_the_repository_is_imported() -> None:
    assert [one["uses"] for one in ACTION["runs"]["steps"] if "uses" in one] == ["actions/setup-python@v5"]
    for step in ACTION["runs"]["steps"]:
        assert "${{" not in step.get("run", "")
        assert all(line.count("-I -m") == 1 for line in step.get("run", "").splitlines() if " -m " in line)


def test_a_pull_request_that_changes_a_shared_file(tmp_path: Path) -> None:
    job = runner(tmp_path, SHARED, LONGER)
    code, log, summary = job.run()
    assert (code, log.count("\n")) == (0, 1)
    assert log.startswith("::warning file=AGENTS.md,line=2049,title=context.truncated::4,")
    assert (tmp_path / "temp" / "installed").read_text().strip().endswith(f" {ROOT}")
    assert summary.startswith("**Weighbridge: passed.** 6 documents, ")
    rows = [re.sub(r"<.*?>", " ", line).split() for line in summary.splitlines() if line.startswith("<tr>")]
    names = [row[0] for row in rows]
    assert "prompts/a.prompt.md" in names
    assert "prompts/b.prompt.md" in names
    # What came by the base alone, or is as it was, is no part of the request.
    assert "prompts/others.prompt.md" not in names
    assert "prompts/same.prompt.md" not in names
    assert "<td><code>docs/style.md</code></td><td>+7 in 2 prompts and in what Claude Code and " in summary
    assert "<h4>No longer arrives</h4>" in summary
    assert "of <code>AGENTS.md</code></td></tr>" in summary
    ((author, body),) = job.comments
    assert author == "github-actions[bot]"
    first, _, rest = body.partition("\n")
    assert (re.fullmatch("<!-- weighbridge [0-9a-f]{16} -->", first) is not None, rest) == (True, summary)


def test_one_comment_for_each_use_is_kept_up_to_date(tmp_path: Path) -> None:
    job = runner(tmp_path, SHARED, LONGER)
    job.run()
    mine = job.comments[0][1]
    # Anyone may write a comment that begins as ours do.
    (tmp_path / "comments.json").write_text(json.dumps([["mallory", mine], ["github-actions[bot]", mine]]))
    write(tmp_path / "work", SHARED)
    _, _, summary = job.run()
    assert job.comments == [["mallory", mine], ["github-actions[bot]", f"{mine.splitlines()[0]}\n{summary}"]]
    job.run(paths="prompts")
    assert len(job.comments) == 3
    job.run(paths="prompts", comment="false")
    job.event = {}
    job.run(paths="docs")
    assert len(job.comments) == 3


def test_the_verdict_comes_last(tmp_path: Path) -> None:
    settings = {"weighbridge.toml": "[budgets]\n'prompts/a.prompt.md' = 10\n"}
    job = runner(tmp_path, SHARED | settings, LONGER)
    code, log, summary = job.run()
    assert code == 1
    assert "\n::error file=prompts/a.prompt.md,line=1,title=budget::" in log
    assert summary.startswith("**Weighbridge: failed.**")
    assert "<td><code>prompts/a.prompt.md</code></td><td>error</td>" in summary
    assert "<strong>now over its budget</strong>" in summary
    assert job.comments[0][1].endswith(summary)
    write(tmp_path / "work", {"weighbridge.toml": ""})
    assert job.run()[0] == 0
    # The agents' context is cut, which is a warning.
    write(tmp_path / "work", {"weighbridge.toml": "agents = ['codex']\n"})
    assert (job.run()[0], job.run(strict="true")[0]) == (0, 1)


def test_growth_over_a_baseline(tmp_path: Path) -> None:
    numbers = {"baseline.json": json.dumps({"version": 1, "tokens": {"prompts/a.prompt.md": 10}})}
    job = runner(tmp_path, SHARED | numbers, LONGER)
    assert job.run(paths="\nprompts\ndocs\n", baseline="baseline.json", tolerance="100")[0] == 0
    code, _, summary = job.run(paths="prompts", baseline="baseline.json", tolerance="1%")
    assert (code, "more than the baseline&#x27;s 10" in summary) == (1, True)


def test_a_fork_may_not_comment_and_fails_no_job(tmp_path: Path) -> None:
    job = runner(tmp_path, SHARED, LONGER)
    job.environment = {"READ_ONLY": "1"}
    code, _, summary = job.run()
    assert (code, job.comments) == (0, [])
    assert "`pull-requests: write`" in summary


def test_what_can_t_be_checked_is_said(tmp_path: Path) -> None:
    job = runner(tmp_path, SHARED, LONGER)
    for inputs in ({"base": "nowhere"}, {"tolerance": "much", "baseline": "x"}, {"paths": ""}):
        code, log, summary = job.run(**inputs)
        assert (code, summary) == (2, "**Weighbridge: failed.** Nothing was checked; the log says why.\n"), (
            log
        )
    code, _, summary = job.run(paths="missing.md")
    assert (code, "<h4>Could not be used</h4>" in summary) == (2, True)


HOSTILE = (
    "a`b`@someone #1 <img src=x> [l](u) *b* |c| \\| http://x.y.prompt.md",
    "--strict.prompt.md",
    "$(touch pwned);`touch pwned`.prompt.md",
    '"; touch pwned; ".prompt.md',
    "two\nlines\n\n::error::# h.prompt.md",
)


def test_hostile_names(tmp_path: Path) -> None:
    names = [name.replace("/", "\N{FRACTION SLASH}") for name in HOSTILE]
    job = runner(tmp_path, SHARED, {name: f"# @someone {name}\n\n@nowhere.md <b>\n" for name in names})
    code, log, summary = job.run()
    assert not list(tmp_path.rglob("pwned"))
    assert [line for line in log.splitlines() if not line.startswith("::")] == []
    assert "::error::" not in [line[:9] for line in log.splitlines()]
    # Outside of <code> there is nothing of theirs, and inside nothing but text.
    plain = re.sub(r"<code>[^<>\n]*</code>", "", summary)
    assert set(re.findall("<(.*?)>", plain)) <= {
        f"{end}{tag}" for tag in ("h4", "table", "tr", "th", "td", "p") for end in ("", "/")
    }
    assert [mark for mark in ("someone", "pwned", "`", "img", "lines") if mark in plain] == []
    # No Markdown is read in a block of HTML, which ends at an empty line.
    blocks = summary.rstrip("\n").split("\n\n")
    assert [block[:3] for block in blocks] == ["**W", *["<h4"] * (len(blocks) - 1)]
    assert code == 0


@pytest.mark.parametrize("name", ["paths", "strict", "baseline", "tolerance", "base", "comment"])
def test_hostile_inputs(tmp_path: Path, name: str) -> None:
    job = runner(tmp_path, SHARED, LONGER)
    job.run(
        **{
            name: "\"; touch pwned; \" $(touch pwned) `touch pwned` '; touch pwned; '\ntouch pwned\n--summary=pwned"
        }
    )
    assert not list(tmp_path.rglob("pwned"))
