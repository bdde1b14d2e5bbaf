"""What agents' real programs send of files, beside what was written down of earlier runs, which Weighbridge is held to."""

import json
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.agents.recorded import Case, expected, lay, runs
from tests.agents.test_recorded import DISK_ORDER
from tests.patience import HANGS_AFTER
from tests.real.agents.model_server import serving
from tests.real.agents.programs import PROGRAMS_BY_AGENT


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
        # What a folder's own order decides is sent in that.
        if case.name not in DISK_ORDER.get(agent, ())
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
    start = laid.start()
    words = case.settings.get("words", [start.prompt or "Go."])
    with serving(program.provider) as model:
        subprocess.run(
            program.command(*start.arguments, words=words),
            cwd=laid.folder,
            env={
                **environment,
                **program.environment(model.url),
                **start.environment,
                "HOME": str(laid.home),
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=HANGS_AFTER,
            check=True,
        )
    sent = [laid.with_placeholders(text) for text in texts(model.requests[0])]
    # Of a long part the hash alone is known, and not where in a text it stands.
    for part in (part for part in expected(case) if isinstance(part, str)):
        assert any(part.strip("\n") in text for text in sent), part
