"""7. How others count while one types: the whole text again, by the libraries and tools that popular counters use."""

import json
import os
import shutil
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from statistics import median

from bench.baseline import timed, tokens, write_offline_cache
from bench.corpora import CORPORA
from bench.figures import Results
from bench.keystroke import SIZES

_PLACE = Path(__file__).resolve().parent / ".env"
_NODE = ("tiktoken", "gpt-tokenizer")
_PYTHON = ("ttok", "tokmd", "mdtoken")
#: Counts standard input `times` times, the library loaded; prints the tokens and each time in milliseconds.
_SCRIPTS = {
    "tiktoken": "const {get_encoding}=require('tiktoken');const e=get_encoding('cl100k_base');const count=t=>e.encode_ordinary(t).length;",
    "gpt-tokenizer": "const {encode}=require('gpt-tokenizer/encoding/cl100k_base');const count=t=>encode(t,{disallowedSpecial:new Set()}).length;",
}
_LOOP = (
    "const t=require('fs').readFileSync(0,'utf8');const times=[];let n=0;count('warm');"
    "for(let i=0;i<+process.argv[1];i++){const s=performance.now();n=count(t);times.push(performance.now()-s)}"
    "console.log(JSON.stringify([n,times]))"
)


def run(results: Results, folder: Path) -> None:
    """Measure."""
    for kind, size in (("prose", "100 KB"), ("prose", "1 MB")):
        text = CORPORA[kind](SIZES[size])
        expected = tokens(text)
        whole = timed(partial(tokens, text), 5)
        results.add(
            f"7/tiktoken/{size}",
            f"{kind}, {size}",
            "tiktoken (Python), whole text",
            whole.median * 1000,
            "ms",
            1.0,
        )
        for package in _NODE:
            _node(results, package, kind, size, text, expected, whole.median)
        for package in _PYTHON:
            _tool(results, package, kind, size, text, expected, whole.median, folder)


def _node(
    results: Results, package: str, kind: str, size: str, text: str, expected: int, whole: float
) -> None:
    if shutil.which("node") is None or not _installed_node(package):
        results.leave_out(package, "npm has it not, or there is no Node.js")
        return
    done = subprocess.run(
        ["node", "-e", _SCRIPTS[package] + _LOOP, "5"],
        input=text.encode(), capture_output=True, cwd=_PLACE, check=False,
    )  # fmt: skip
    if done.returncode:
        results.leave_out(package, done.stderr.decode(errors="replace").strip().split("\n")[-1])
        return
    found, times = json.loads(done.stdout)
    note = "" if found == expected else f"counts {found:,}, tiktoken {expected:,}"
    seconds = median(times) / 1000
    who = f"npm {package}, whole text again"
    results.add(f"7/{package}/{size}", f"{kind}, {size}", who, seconds * 1000, "ms", whole / seconds, note)


def _installed_node(package: str) -> bool:
    if (_PLACE / "node_modules" / package).is_dir():
        return True
    _PLACE.mkdir(exist_ok=True)
    command = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(_PLACE), package]
    return (
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode
        == 0
    )


def _tool(
    results: Results, package: str, kind: str, size: str, text: str, expected: int, whole: float, folder: Path
) -> None:
    """A command line tool: started anew for each count, as an editor would."""
    command = _PLACE / "venv" / "bin" / package
    if not command.exists() and not _installed_tool(package):
        results.leave_out(package, "PyPI has it not for this Python")
        return
    path = folder / "peer.md"
    path.write_text(text, encoding="utf-8")
    how = {"ttok": ["-m", "gpt-3.5-turbo", "-i"], "mdtoken": ["check"]}.get(package, [])
    arguments = [str(command), *how, str(path)]
    vocabularies = write_offline_cache(folder / "tiktoken")
    times = []
    for _ in range(3):
        start = time.perf_counter()
        done = subprocess.run(
            arguments, capture_output=True, check=False,
            env={**os.environ, **vocabularies}, cwd=folder, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        times.append(time.perf_counter() - start)
        if done.returncode:
            said = (done.stderr or done.stdout).decode(errors="replace").strip().split("\n")[-1]
            results.leave_out(package, said[:100])
            return
    seconds = median(times)
    note = (
        "" if f"{expected}" in done.stdout.decode(errors="replace").replace(",", "") else "counts otherwise"
    )
    who = f"{package}, a new process"
    results.add(f"7/{package}/{size}", f"{kind}, {size}", who, seconds * 1000, "ms", whole / seconds, note)


def _installed_tool(package: str) -> bool:
    venv = _PLACE / "venv"
    if not venv.exists():
        subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
    command = [str(venv / "bin" / "python"), "-m", "pip", "install", "--quiet", package]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return done.returncode == 0 and (venv / "bin" / package).exists()
