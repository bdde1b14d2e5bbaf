"""A model server on this machine that makes the calls that a test has written down, in three providers' protocols."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Message = Mapping[str, Any]


@dataclass(frozen=True)
class Call:
    """A tool that the model calls. It does so again until `until` is in what comes back."""

    tool: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    until: str = ""


@dataclass(frozen=True)
class Provider:
    """A provider's protocol.

    `messages`: the field of a request that holds them; `role`: the model's; `tools`: the names that a request offers;
    `results`: the results of tools that a message holds; `stream`: the events of a turn of the model, with its number: what
    stands before each one's data, and the data.
    """

    messages: str
    role: str
    tools: Callable[[Mapping[str, Any]], Iterator[str]]
    results: Callable[[Message], Iterator[str]]
    stream: Callable[[Call | None, int], Iterator[tuple[bytes, Mapping[str, Any]]]]


@dataclass
class ModelServer:
    """A server at `url`. `calls`: what the model does before it says that it is done; `requests`: those that offered tools."""

    provider: Provider
    calls: Sequence[Call] = ()
    requests: list[dict[str, Any]] = field(default_factory=list)
    url: str = ""

    def results(self) -> list[str]:
        """What the model was told of each of its calls, the last time that it made it."""
        told = self._told(self.requests[-1])
        assert len(told) == len(self.calls), f"{len(told)} of {len(self.calls)} calls were answered: {told}"
        return [next(result for message in one for result in self.provider.results(message)) for one in told]

    def reply(self, body: dict[str, Any]) -> bytes:
        """The stream that answers a request."""
        call, number = None, 0
        # Programs ask for titles and summaries, too: without tools.
        if any(self.provider.tools(body)):
            self.requests.append(body)
            told = self._told(body)
            number = sum(message["role"] == self.provider.role for message in body[self.provider.messages])
            call = self.calls[len(told)] if len(told) < len(self.calls) else None
        events = self.provider.stream(call, number)
        return b"".join(b"%bdata: %b\n\n" % (name, json.dumps(data).encode()) for name, data in events)

    def _told(self, body: dict[str, Any]) -> list[list[Message]]:
        """The messages that followed each of our calls, those left out after which it is made again."""
        turns: list[list[Message]] = []
        for message in body[self.provider.messages]:
            if message["role"] == self.provider.role:
                turns.append([])
            elif turns:
                turns[-1].append(message)
        told: list[list[Message]] = []
        for turn in turns:
            if self.calls[len(told)].until in json.dumps(turn):
                told.append(turn)
        return told


@contextmanager
def serving(provider: Provider) -> Iterator[ModelServer]:
    """A server that runs meanwhile."""
    server = ModelServer(provider)

    class Listening(ThreadingHTTPServer):
        # Connections that programs keep open end with the tests.
        daemon_threads = True

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            reply = server.reply(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(200)
            self.send_header("content-type", "text/event-stream")
            self.send_header("content-length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, *_: Any) -> None:
            pass

    with Listening(("127.0.0.1", 0), Handler) as listening:
        server.url = f"http://127.0.0.1:{listening.server_port}"
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        yield server
        listening.shutdown()


def _text(content: Any) -> str:
    """The text of a content, which may be in blocks."""
    return content if isinstance(content, str) else "".join(block["text"] for block in content)


def _gemini(call: Call | None, _: int) -> Iterator[tuple[bytes, Mapping[str, Any]]]:
    part = {"functionCall": {"name": call.tool, "args": call.arguments}} if call else {"text": "Done."}
    yield (
        b"",
        {
            "candidates": [
                {"content": {"role": "model", "parts": [part]}, "finishReason": "STOP", "index": 0}
            ],
            "usageMetadata": {"promptTokenCount": 1, "candidatesTokenCount": 1, "totalTokenCount": 2},
        },
    )


def _gemini_results(message: Message) -> Iterator[str]:
    for part in message["parts"]:
        if "functionResponse" in part:
            (result,) = part["functionResponse"]["response"].values()
            yield _text(result)


GEMINI = Provider(
    messages="contents",
    role="model",
    tools=lambda body: (
        declared["name"] for tool in body.get("tools", []) for declared in tool["functionDeclarations"]
    ),
    results=_gemini_results,
    stream=_gemini,
)


def _anthropic(call: Call | None, number: int) -> Iterator[tuple[bytes, Mapping[str, Any]]]:
    if call:
        block: Mapping[str, Any] = {
            "type": "tool_use",
            "id": f"toolu_{number}",
            "name": call.tool,
            "input": {},
        }
        delta = {"type": "input_json_delta", "partial_json": json.dumps(call.arguments)}
    else:
        block, delta = {"type": "text", "text": ""}, {"type": "text_delta", "text": "Done."}
    usage = {"input_tokens": 1, "output_tokens": 1}
    message = {
        "id": f"msg_{number}",
        "type": "message",
        "role": "assistant",
        "model": "claude",
        "content": [],
    }
    stopped = {"stop_reason": "tool_use" if call else "end_turn", "stop_sequence": None}
    for name, data in (
        ("message_start", {"message": {**message, "stop_reason": None, "usage": usage}}),
        ("content_block_start", {"index": 0, "content_block": block}),
        ("content_block_delta", {"index": 0, "delta": delta}),
        ("content_block_stop", {"index": 0}),
        ("message_delta", {"delta": stopped, "usage": usage}),
        ("message_stop", {}),
    ):
        yield b"event: %b\n" % name.encode(), {"type": name, **data}


def _anthropic_results(message: Message) -> Iterator[str]:
    if not isinstance(message["content"], str):
        for block in message["content"]:
            if block["type"] == "tool_result":
                yield _text(block["content"])


ANTHROPIC = Provider(
    messages="messages",
    role="assistant",
    tools=lambda body: (tool["name"] for tool in body.get("tools", [])),
    results=_anthropic_results,
    stream=_anthropic,
)


def _openai(call: Call | None, number: int) -> Iterator[tuple[bytes, Mapping[str, Any]]]:
    said: dict[str, Any] = {"role": "assistant", "content": "Done."}
    if call:
        function = {"name": call.tool, "arguments": json.dumps(call.arguments)}
        made = {"index": 0, "id": f"call_{number}", "type": "function", "function": function}
        said = {"role": "assistant", "tool_calls": [made]}
    for delta, reason in ((said, None), ({}, "tool_calls" if call else "stop")):
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        yield (
            b"",
            {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]},
        )


def _openai_results(message: Message) -> Iterator[str]:
    if message["role"] == "tool":
        yield _text(message["content"])


OPENAI = Provider(
    messages="messages",
    role="assistant",
    tools=lambda body: (tool["function"]["name"] for tool in body.get("tools", [])),
    results=_openai_results,
    stream=_openai,
)
