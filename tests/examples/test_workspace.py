"""The example workspace shows what its page says it shows; its tracker answers as HTTP says."""

import asyncio
import http.client
import json
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.patience import HANGS_AFTER

from examples import serve_api
from weighbridge.analysis.report import Report
from weighbridge.batch import render_file, weigh
from weighbridge.config import read_folder_layer, resolve

EXAMPLES = Path(serve_api.__file__).parent


@pytest.fixture
def tracker(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The tracker on a free port; gives `host:port`."""
    monkeypatch.setattr(serve_api.Handler, "log_message", lambda *_: None)
    with serve_api.server(0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"{serve_api.HOST}:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return shutil.copytree(EXAMPLES, tmp_path / "workspace", ignore=shutil.ignore_patterns("__pycache__"))


async def reports(workspace: Path, settings: dict[str, Any]) -> dict[str, Report]:
    outcomes = await asyncio.to_thread(weigh, [workspace], settings)
    return {
        outcome.path.relative_to(workspace).as_posix(): outcome.report
        for outcome in outcomes
        if outcome.report is not None
    }


def faults(report: Report) -> list[tuple[str, str]]:
    waiting, found = list(report.references), []
    while waiting:
        reference = waiting.pop(0)
        waiting.extend(reference.references)
        if reference.problem is not None:
            found.append((reference.target, reference.problem.code.value))
    return found


def allowing(tracker: str) -> dict[str, Any]:
    """What the person at the editor sets: here another port too, so that tests can run side by side."""
    settings = resolve([read_folder_layer(EXAMPLES)[0]]).settings
    issues = settings.apis["issues"].model_dump(exclude={"headers"}, exclude_none=True)
    return {"apiAllow": [tracker], "apis": {"issues": {**issues, "url": f"http://{tracker}/issues.json"}}}


def test_settings_are_all_usable() -> None:
    layer, warnings = read_folder_layer(EXAMPLES)
    assert (warnings, resolve([layer]).warnings) == ((), ())


async def test_faults_are_those_that_are_there_on_purpose(workspace: Path, tracker: str) -> None:
    found = await reports(workspace, allowing(tracker))
    assert {name: faults(report) for name, report in found.items()} == {
        "AGENTS.md": [],
        "CLAUDE.md": [],
        "prompts/release-notes.prompt.md": [
            ("../docs/translators.md", "reference.not-found"),
            ("translator", "variable.undefined"),
            ("index.md", "reference.cycle"),
        ],
        "prompts/review.prompt.md": [],
        "prompts/triage.prompt.md": [],
        "team.prompt.md": [],
    }
    severities = {name: report.budget.severity for name, report in found.items()}
    assert severities == {**dict.fromkeys(found), "prompts/review.prompt.md": "warning"}


async def test_a_repository_alone_asks_nobody(workspace: Path) -> None:
    found = await reports(workspace, {})
    assert faults(found["prompts/triage.prompt.md"]) == [("issues", "reference.denied")]


async def test_the_model_receives_the_open_issues_only(workspace: Path, tracker: str) -> None:
    outcome = await render_file(workspace / "prompts" / "triage.prompt.md", allowing(tracker))
    assert outcome.text is not None
    issues = json.loads((EXAMPLES / "api" / "issues.json").read_text(encoding="utf-8"))
    shown = [issue["number"] for issue in issues if f'"number": {issue["number"]},' in outcome.text]
    assert shown == [issue["number"] for issue in issues if issue["state"] == "open"]
    assert "Norwell's support inbox for TrackPoint" in outcome.text


def ask(tracker: str, path: str, method: str = "GET", **headers: str) -> tuple[int, str | None, bytes]:
    connection = http.client.HTTPConnection(tracker, timeout=HANGS_AFTER)
    try:
        connection.request(
            method, path, headers={name.replace("_", "-"): one for name, one in headers.items()}
        )
        answer = connection.getresponse()
        return answer.status, answer.getheader("ETag"), answer.read()
    finally:
        connection.close()


def test_tracker_answers_once_and_then_says_not_modified(tracker: str) -> None:
    body = (EXAMPLES / "api" / "issues.json").read_bytes()
    etag = serve_api.etag_of(body)
    assert ask(tracker, "/issues.json") == (200, etag, body)
    assert ask(tracker, "/issues.json?page=1", "HEAD") == (200, etag, b"")
    assert ask(tracker, "/issues.json", If_None_Match='"other"') == (200, etag, body)
    for known in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        assert ask(tracker, "/issues.json", If_None_Match=known) == (304, etag, b"")


@pytest.mark.parametrize(
    "path",
    ["/", "/../serve_api.py", "/%2e%2e/serve_api.py", "/nothing.json", "/api/issues.json"],
)
def test_tracker_gives_nothing_but_its_files(tracker: str, path: str) -> None:
    status, etag, _ = ask(tracker, path)
    assert (status, etag) == (404, None)
