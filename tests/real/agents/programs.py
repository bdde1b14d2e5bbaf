"""How agents' real programs are started, headless, before a model server of the tests' own."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.real.agents.model_server import ANTHROPIC, GEMINI, OPENAI, Provider
from tests.real.page import CHECKOUT

PROGRAMS = CHECKOUT / ".agent-programs" / "node_modules"


@dataclass(frozen=True)
class Program:
    """How an agent is started: its program, what it asks in, its arguments, and its environment for a model server's URL."""

    pattern: str
    provider: Provider
    arguments: tuple[str, ...]
    environment: Callable[[str], Mapping[str, str]]

    @property
    def executable(self) -> Path:
        """Where `make agents` has it from npm."""
        (found,) = PROGRAMS.glob(self.pattern)
        return found

    def command(self, *more: str | Path, words: Sequence[str] = ("Go.",)) -> Sequence[str | Path]:
        """What starts it headless. `more`: of its arguments; `words`: what the user types."""
        first, *others = self.arguments
        # A command of its own comes before all that is said of it.
        options = (*more, first, *others) if first.startswith("-") else (first, *more, *others)
        return (self.executable, *options, *words)


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
        ("--dangerously-skip-permissions", "--print"),
        lambda url: {
            "ANTHROPIC_BASE_URL": url,
            "ANTHROPIC_API_KEY": "none",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "DISABLE_AUTOUPDATER": "1",
            # Permissions of all tools are refused to root elsewhere.
            "IS_SANDBOX": "1",
        },
    ),
    "copilot-cli": Program(
        "@github/copilot-*/copilot",
        OPENAI,
        ("--allow-all-tools", "--prompt"),
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
        ("--model", "gemini-2.5-pro", "--approval-mode", "yolo", "--prompt"),
        lambda url: {"GOOGLE_GEMINI_BASE_URL": url, "GEMINI_API_KEY": "none"},
    ),
    # Of two builds the one that runs on older processors, too.
    "opencode": Program("opencode-*-baseline/bin/opencode", OPENAI, ("run",), _opencode),
}  # fmt: skip
