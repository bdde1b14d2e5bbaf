"""What agents' real programs send of files, beside what was written down of earlier runs, which Weighbridge is held to."""

import json
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.agents.recorded import Case, expected, lay, runs
from tests.patience import HANGS_AFTER
from tests.real.agents.conftest import PROGRAMS
from tests.real.agents.model_server import ANTHROPIC, GEMINI, OPENAI, Provider, serving


@dataclass(frozen=True)
class Program:
    """How an agent is started: its program, what it asks in, its arguments, and its environment for a model server's URL."""

    pattern: str
    provider: Provider
    arguments: tuple[str, ...]
    environment: Callable[[str], Mapping[str, str]]


def _opencode(url: str) -> dict[str, str]:
    model = {"name": "M", "tool_call": True, "limit": {"context": 100_000, "output": 1_000}}
    options = {"baseURL": f"{url}/v1", "apiKey": "none"}
    ours = {"npm": "@ai-sdk/openai-compatible", "name": "Ours", "options": options, "models": {"m": model}}
    settings = {"provider": {"ours": ours}, "model": "ours/m", "permission": "allow"}
    off = ("MODELS_FETCH", "AUTOUPDATE", "LSP_DOWNLOAD", "DEFAULT_PLUGINS")
    return {
        "OPENCODE_CONFIG_CONTENT": json.dumps(settings),
        **{f"OPENCODE_DISABLE_{name}": "1" for name in off},
    }


PROGRAMS_BY_AGENT = {
    "claude-code": Program(
        "@anthropic-ai/claude-code-*/claude",
        ANTHROPIC,
        ("--dangerously-skip-permissions", "--print", "Go."),
        lambda url: {
            "ANTHROPIC_BASE_URL": url,
            "ANTHROPIC_API_KEY": "none",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "DISABLE_AUTOUPDATER": "1",
            "IS_SANDBOX": "1",
        },
    ),
    "copilot-cli": Program(
        "@github/copilot-*/copilot",
        OPENAI,
        ("--allow-all-tools", "--prompt", "Go."),
        lambda url: {
            "COPILOT_OFFLINE": "true",
            "COPILOT_PROVIDER_BASE_URL": f"{url}/v1",
            "COPILOT_PROVIDER_API_KEY": "none",
            "COPILOT_MODEL": "gpt-5",
        },
    ),
    "gemini-cli": Program(
        ".bin/gemini",
        GEMINI,
        ("--model", "gemini-2.5-pro", "--approval-mode", "yolo", "--prompt", "Go."),
        lambda url: {"GOOGLE_GEMINI_BASE_URL": url, "GEMINI_API_KEY": "none"},
    ),
    # Of two builds the one that runs on older processors, too.
    "opencode": Program("opencode-*-baseline/bin/opencode", OPENAI, ("run", "Go."), _opencode),
}  # fmt: skip


def texts(value: Any) -> Iterator[str]:
    """All texts in a request."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from texts(item)


@pytest.mark.parametrize(
    ("agent", "case"),
    [
        pytest.param(agent, case, id=f"{agent}-{case.name}")
        for agent in PROGRAMS_BY_AGENT
        for case in runs(agent)
        # Of files of chance some will do: each takes seconds.
        if not case.name.startswith("chance-") or case.name < "chance-5003"
    ],
)
def test_what_is_sent(agent: str, case: Case, tmp_path: Path, environment: dict[str, str]) -> None:
    program = PROGRAMS_BY_AGENT[agent]
    laid = lay(case, tmp_path.resolve())
    if agent == "gemini-cli":
        own = laid.home / ".gemini"
        own.mkdir(exist_ok=True)
        (own / "trustedFolders.json").write_text(json.dumps({laid.names["root"]: "TRUST_FOLDER"}))
        settings = own / "settings.json"
        values = json.loads(settings.read_text()) if settings.exists() else {}
        key = {"security": {"auth": {"selectedType": "gemini-api-key"}}}
        settings.write_text(json.dumps(values | key))
    (executable,) = PROGRAMS.glob(program.pattern)
    with serving(program.provider) as model:
        subprocess.run(
            (executable, *program.arguments),
            cwd=laid.folder,
            env={**environment, **program.environment(model.url), "HOME": str(laid.home)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=HANGS_AFTER,
            check=True,
        )
    sent = [laid.with_placeholders(text) for text in texts(model.requests[0])]
    for part in expected(case):
        assert any(part.strip("\n") in text for text in sent), part
