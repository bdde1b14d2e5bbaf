import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from tests.content.place import OpenDocuments, outcome, outcome_async, request, scope, settings_of

from weighbridge.content.base import ContentRequest, Scope
from weighbridge.content.factory import HandlerFactory
from weighbridge.content.file import FileHandler
from weighbridge.references.model import Kind


async def test_every_kind_has_its_handler(tmp_path: Path) -> None:
    open_ = OpenDocuments({(tmp_path / "a.md").resolve(): (1, ["typed"])})

    async def resolve(host: str, port: int) -> list[str]:
        return ["93.184.216.34"]

    factory = HandlerFactory(
        open_,
        tmp_path / "cache",
        environment={"NAME": "value"},
        transport=httpx.MockTransport(lambda asked: httpx.Response(200, text="fetched")),
        resolve=resolve,
        now=lambda: 0.0,
    )
    here = scope(tmp_path, env=["NAME"], apiAllow=["api.example"])
    assert [factory.of(kind).kind for kind in Kind] == list(Kind)
    assert outcome(factory.blocking(Kind.FILE), request(Kind.FILE, "a.md", here)) == "typed"
    assert outcome(factory.blocking(Kind.VARIABLE), request(Kind.VARIABLE, "env.NAME", here)) == "value"
    assert await outcome_async(factory.api, request(Kind.API, "http://api.example/", here)) == "fetched"
    with pytest.raises(KeyError):
        factory.blocking(Kind.API)
    assert factory.of(Kind.API).paths(request(Kind.API, "x", here)) == ()
    assert len(list((tmp_path / "cache" / "responses").iterdir())) == 1
    factory.clear()
    assert list((tmp_path / "cache" / "responses").iterdir()) == []
    await factory.aclose()


def test_another_handler_can_take_a_kinds_place(tmp_path: Path) -> None:
    factory, other = HandlerFactory(), FileHandler()
    factory._blocking[Kind.FILE] = other
    assert factory.blocking(Kind.FILE) is other


def test_the_network_is_not_loaded_before_it_is_needed() -> None:
    program = "import sys, weighbridge.content.factory; sys.exit('httpx' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_requests_can_be_made_without_a_document() -> None:
    asked = ContentRequest(Kind.VARIABLE, "x", None, "d", None, Scope(None, (), settings_of()))
    assert outcome(HandlerFactory().blocking(Kind.VARIABLE), asked) == "d"
