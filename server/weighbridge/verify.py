"""A file's count beside its provider's own: `weighbridge verify`. The only thing that sends a prompt anywhere, and only by this command.

The key is read from the environment, goes to the provider in a header, and is in no message.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

import httpx

from weighbridge.analysis.report import Report
from weighbridge.analysis.wording import tokens_text
from weighbridge.budget.model_names import spelled, split_name
from weighbridge.budget.models import Model, find
from weighbridge.config.settings import ModelEntry
from weighbridge.content.policy import shown
from weighbridge.errors import WeighbridgeError
from weighbridge.tokens.base import Exactness

_SECONDS: Final = 60.0
_LONGEST_MESSAGE: Final = 300
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


class VerifyError(WeighbridgeError):
    """The provider can't be asked, or gave no count; the message says why."""


@dataclass(frozen=True, slots=True)
class Provider:
    """Whose endpoint counts. `keys`, `base_url`: the environment's names for the key and for another address, as its own SDK has them.

    `path`: with the model's name in it. `answer`: the field that holds the count.
    """

    url: str
    base_url: str
    keys: tuple[str, ...]
    header: str
    headers: Mapping[str, str]
    path: str
    answer: str
    families: frozenset[str]

    def body(self, model: str, text: str) -> dict[str, Any]:
        """A request of one message of the user's."""
        if "{model}" in self.path:
            return {"contents": [{"role": "user", "parts": [{"text": text}]}]}
        return {"model": model, "messages": [{"role": "user", "content": text}]}


PROVIDERS: Final = {
    "anthropic": Provider(
        "https://api.anthropic.com",
        "ANTHROPIC_BASE_URL",
        ("ANTHROPIC_API_KEY",),
        "x-api-key",
        {"anthropic-version": "2023-06-01"},
        "/v1/messages/count_tokens",
        "input_tokens",
        frozenset({"claude"}),
    ),
    "google": Provider(
        "https://generativelanguage.googleapis.com",
        "GOOGLE_GEMINI_BASE_URL",
        ("GEMINI_API_KEY", "GOOGLE_API_KEY"),
        "x-goog-api-key",
        {},
        "/v1beta/models/{model}:countTokens",
        "totalTokens",
        frozenset({"gemini", "gemma"}),
    ),
}


@dataclass(frozen=True, slots=True)
class Verified:
    """Both counts of one message. `frame`: what it costs besides its text, where that is known. `difference`: ours over theirs."""

    model: str
    tokens: int
    frame: int
    provider_tokens: int
    difference: int
    exactness: Exactness

    def __str__(self) -> str:
        by = f"{self.difference:+,} ({self.difference / max(1, self.provider_tokens):+.2%})"
        around = f" and {self.frame:,} around them" if self.frame else ""
        same = "the same" if self.difference == 0 else by
        here = tokens_text(self.tokens, exact=self.exactness is Exactness.EXACT)
        return f"{here}{around} here, {self.provider_tokens:,} by the provider for {self.model}: {same}"


def verify(
    report: Report,
    text: str,
    name: str,
    added: Mapping[str, ModelEntry],
    environment: Mapping[str, str] = os.environ,
) -> Verified:
    """Ask a provider to count the text of a report. `added`: the setting `models`. Raises VerifyError."""
    provider = PROVIDERS[name]
    if report.model is None:
        raise VerifyError("verify: name a model with --model")
    model = find(report.model, added)
    entry = added.get(model.name)
    # A provider knows the model that one of the settings is like, not its name there.
    base = report.model if entry is None or entry.like is None else entry.like
    if model.family not in provider.families:
        raise VerifyError(f"verify: {model.name} is not one of {name}'s models")
    written = _name_for_provider(base, find(base, added))
    counted = _ask(provider, written, text, environment)
    frame = 0 if report.frame is None else report.frame.tokens
    difference = report.tokens + frame - counted
    return Verified(written, report.tokens, frame, counted, difference, report.exactness)


def _name_for_provider(written: str, model: Model) -> str:
    """The name as the provider knows it: as it is written, without whom one asks and what hosts put behind it, or the model's
    where that is our short name.
    """
    bare = re.sub(r"\[1m\]$|@default$|-v\d:\d.*$|:.*$", "", split_name(written)[1]).replace("@", "-")
    return model.name if bare in model.aliases and "-" not in bare else spelled(bare)


def _ask(provider: Provider, model: str, text: str, environment: Mapping[str, str]) -> int:
    key = next((environment[variable] for variable in provider.keys if environment.get(variable)), None)
    if key is None:
        raise VerifyError(f"verify: set {' or '.join(provider.keys)} to your key")
    url = httpx.URL(environment.get(provider.base_url) or provider.url)
    if url.scheme != "https" and url.host not in _LOOPBACK:
        raise VerifyError(f"verify: {provider.base_url}: expected an address that begins with https://")
    try:
        answer = httpx.post(
            f"{str(url).rstrip('/')}{provider.path.format(model=quote(model, safe=''))}",
            headers={**provider.headers, provider.header: key},
            json=provider.body(model, text),
            timeout=_SECONDS,
        )
        answered = answer.json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise VerifyError(f"verify: {url.host} gave no answer ({type(error).__name__})") from None
    tokens = answered.get(provider.answer) if isinstance(answered, dict) else None
    if answer.is_success and type(tokens) is int:
        return tokens
    fault = answered.get("error") if isinstance(answered, dict) else None
    said = fault.get("message") if isinstance(fault, dict) else None
    why = f": {shown(str(said).replace(key, '…'), _LONGEST_MESSAGE)}" if said else ""
    raise VerifyError(f"verify: {url.host} answered {answer.status_code}{why}")
