"""A session in the real Neovim, by its own functions, that uses every feature."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.patience import HANGS_AFTER

from weighbridge.tokens.registry import tokenizer

count = tokenizer("cl100k_base").count
HERE = Path(__file__).parent / "neovim"
TEXT = "# 😀 Title\n\n@docs/style.md\n{{nobody}}\n"
STYLE = "# Style\n\nShort words.\n"


def test_every_feature_in_a_session(tmp_path: Path) -> None:
    nvim = shutil.which("nvim") or str(Path(sys.executable).with_name("nvim"))
    # Neovim escapes other characters of a URI than Python does, and writes `%c3` where that writes `%C3`.
    folder = tmp_path / "wörk (1) & 語"
    (folder / "docs").mkdir(parents=True)
    (folder / "weighbridge.toml").write_text("")
    (folder / "docs" / "style.md").write_text(STYLE)
    (folder / "other.prompt.md").write_text("@docs/style.md\n")
    (folder / "a.prompt.md").write_text(TEXT, encoding="utf-8")
    seen_at = tmp_path / "seen.json"
    places = ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "HOME")
    environment = {
        **os.environ,
        **{name: str(tmp_path / name.lower()) for name in places},
        "WEIGHBRIDGE_COMMAND": json.dumps([sys.executable, "-m", "weighbridge", "serve"]),
        "WEIGHBRIDGE_SEEN": str(seen_at),
    }
    done = subprocess.run(
        [
            nvim,
            "--headless",
            "--clean",
            "-n",
            "-u",
            HERE / "init.lua",
            "a.prompt.md",
            "-S",
            HERE / "session.lua",
        ],
        cwd=folder,
        env=environment,
        capture_output=True,
        timeout=HANGS_AFTER,
        check=False,
    )
    assert seen_at.exists(), done.stderr.decode()
    seen = json.loads(seen_at.read_text(encoding="utf-8"))
    assert seen.pop("fault", None) is None
    resolved = TEXT.replace("@docs/style.md", STYLE)
    text = seen.pop("text")
    assert seen.pop("hover").startswith("**docs/style.md**")
    assert seen == {
        "encoding": "utf-32",
        "status": count(resolved),
        "diagnostics": ["variable.undefined"],
        "hints": [
            f"{count(resolved)} / 128,000 tokens",
            f"{count(STYLE)}",
        ],
        "lens": f"{count(resolved)} / 128,000 tokens (<0.1%)",
        "definition": (folder / "docs" / "style.md").as_uri(),
        "references": 2,
        "callers": ["a.prompt.md", "other.prompt.md"],
        "callees": ["style.md"],
        "leads": (folder / "docs" / "style.md").as_uri(),
        "links": 1,
        "symbols": ["😀 Title"],
        "workspace": 0,
        "selection": count("# 😀 Title\n"),
        "colour": "keyword",
        "completion": ["style.md"],
        "cost": f"{count(STYLE)} tokens",
        "completed": "@[file:docs/style.md]",
        "defined": "---\nvariables:\n  nobody: \n---",
        "renamed": ["  somebody: ", "{{somebody}}"],
        "moved": ["@papers/style.md", "@[file:papers/style.md]"],
        "total": count(text.replace("@docs/style.md", STYLE).replace("@[file:docs/style.md]", STYLE)),
    }
