"""`weighbridge verify` against a server of ours that speaks the providers' protocols."""

import json
import os
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from tests.cli import command

from weighbridge.tokens.registry import tokenizer

TEXT = "# A\n\nIt's included, à la carte.\n"
KEY = "sk-geheim"
CLAUDE = tokenizer("claude-4.8").count(TEXT)
GEMINI = tokenizer("gemma4").count(TEXT)


class Endpoint(BaseHTTPRequestHandler):
    """Both providers' counting endpoints: what they want, and what they answer."""

    asked: list[tuple[str, Any]] = []  # noqa: RUF012  the tests'

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.asked.append((self.path, body))
        anthropic = self.path == "/v1/messages/count_tokens"
        key = self.headers["x-api-key" if anthropic else "x-goog-api-key"]
        if key != KEY:
            fault = {"type": "authentication_error", "message": f"invalid x-api-key {key}\x1b[2J"}
            self._answer(401, {"type": "error", "error": fault})
        elif anthropic and self.headers["anthropic-version"] == "2023-06-01":
            assert body["messages"] == [{"role": "user", "content": TEXT}]
            more = {"claude-opus-4-8": 6, "claude-opus-5-5": 7}[body["model"]]
            self._answer(200, {"input_tokens": CLAUDE + more})
        elif self.path == "/v1beta/models/gemini-2.5-flash:countTokens":
            assert body == {"contents": [{"role": "user", "parts": [{"text": TEXT}]}]}
            self._answer(200, {"totalTokens": GEMINI + 1})
        else:
            self._answer(404, {"error": {"code": 404, "message": "no such model", "status": "NOT_FOUND"}})

    def _answer(self, status: int, answer: Any) -> None:
        data = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the base's name
        """Nothing."""


@pytest.fixture
def address() -> Iterator[str]:
    Endpoint.asked.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Endpoint) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def verify(folder: Path, *arguments: str, **environment: str) -> tuple[int, str, str]:
    (folder / "a.prompt.md").write_text("# A\n\nIt's @b.md")
    (folder / "b.md").write_text("included, à la carte.\n")
    environment |= {"XDG_CACHE_HOME": str(folder / "cache"), "PATH": os.environ["PATH"]}
    done = command.run("verify", "a.prompt.md", *arguments, cwd=folder, env=environment)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def test_anthropic(tmp_path: Path, address: str) -> None:
    given = {"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_BASE_URL": address}
    anthropic = ("--provider", "anthropic", "--model")
    assert verify(tmp_path, *anthropic, "anthropic/claude-opus-4-8", **given) == (
        0,
        f"a.prompt.md: ≈{CLAUDE} tokens and 6 around them here, {CLAUDE + 6} by the provider for claude-opus-4-8: the same\n",
        "",
    )
    code, said, _ = verify(tmp_path, *anthropic, "opus", "--format", "json", **given)
    wanted = {
        "model": "claude-opus-5-5",
        "tokens": CLAUDE,
        "frame": 6,
        "provider_tokens": CLAUDE + 7,
        "difference": -1,
        "exactness": "reconstruction",
    }
    assert (code, json.loads(said)) == (0, wanted)


@pytest.mark.parametrize(
    "written",
    [
        "claude-opus-4-8[1m]",
        "us.anthropic.claude-opus-4-8-v1:0",
        "vertex_ai/claude-opus-4-8@default",
        "opus-4.8",
        "Claude Opus 4.8",
        "openrouter/anthropic/claude-opus-4.8:beta",
        "mine",
    ],
)
def test_the_provider_is_asked_by_its_own_name(tmp_path: Path, address: str, written: str) -> None:
    (tmp_path / "weighbridge.toml").write_text('[models.mine]\nlike = "anthropic/claude-opus-4.8"\n')
    given = {"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_BASE_URL": address}
    code, said, _ = verify(tmp_path, "--provider", "anthropic", "--model", written, **given)
    assert (code, said.rpartition("for ")[2]) == (0, "claude-opus-4-8: the same\n")


def test_google(tmp_path: Path, address: str) -> None:
    given = {"GEMINI_API_KEY": KEY, "GOOGLE_GEMINI_BASE_URL": address}
    code, said, _ = verify(tmp_path, "--provider", "google", "--model", "models/gemini-2.5-flash", **given)
    assert (code, said.partition(": ")[2]) == (
        0,
        f"≈{GEMINI} tokens here, {GEMINI + 1} by the provider for gemini-2.5-flash: -1 ({-1 / (GEMINI + 1):+.2%})\n",
    )


@pytest.mark.parametrize(
    ("arguments", "environment", "said"),
    [
        (["--model", "opus"], {}, "set ANTHROPIC_API_KEY to your key"),
        ([], {"ANTHROPIC_API_KEY": KEY}, "name a model with --model"),
        (["--model", "gpt-5"], {"ANTHROPIC_API_KEY": KEY}, "gpt-5 is not one of anthropic's models"),
        (["--model", "opus"], {"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_BASE_URL": "http://example.invalid"}, "begins with https://"),
        (["--model", "opus"], {"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_BASE_URL": "http://127.0.0.1:9"}, "gave no answer (ConnectError)"),
        # What a server says is shown in printable characters, and without the key.
        (["--model", "opus"], {"ANTHROPIC_API_KEY": "sk-wrong", "ANTHROPIC_BASE_URL": ""}, "answered 401: invalid x-api-key …"),
    ],
)  # fmt: skip
def test_what_can_not_be_asked_or_is_refused(
    tmp_path: Path, address: str, arguments: list[str], environment: dict[str, str], said: str
) -> None:
    given = {name: value or address for name, value in environment.items()}
    code, out, told = verify(tmp_path, "--provider", "anthropic", *arguments, **given)
    assert (code, out) == (2, "")
    assert said in told
    assert told.startswith("weighbridge: verify: ")
    assert not any(secret in told for secret in (KEY, "sk-wrong", "\x1b"))


def test_nothing_else_asks(tmp_path: Path, address: str) -> None:
    """A count of the same file, with the key at hand, asks nobody."""
    given = {"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_BASE_URL": address}
    verify(tmp_path, "--provider", "anthropic", **given)
    environment = {"XDG_CACHE_HOME": str(tmp_path / "cache"), **given}
    done = command.run("count", "a.prompt.md", "--model", "claude-opus-4-8", cwd=tmp_path, env=environment)
    assert str(CLAUDE) in done.stdout.decode()
    assert Endpoint.asked == []
