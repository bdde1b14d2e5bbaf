"""More ways to make a server read, fetch, run or tell what it may not: each in a folder of its own, all in one session.

What is opened, listed, asked for on the network or run is told by the interpreter itself (`sys.addaudithook`); so that
nothing is overlooked, the last test allows some of it and sees it told.
"""

import asyncio
import json
import os
import socket
import struct
import sys
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.chaos.test_hostile_repository import SECRET, count
from tests.e2e.process import Process, environment_in, serving

from weighbridge.cache import digest

CANARIES = ("canary-7f3a91", "canary-env", "canary-name", "root:x:0")
ENVIRONMENT = "canary-env-51c0"

#: Runs Weighbridge and writes down what happens outside: a line for each opening and listing in a forbidden place, and for
#: each look at the network and each program.
AUDITED = """
import os, runpy, sys
log = os.open(sys.argv.pop(1), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
forbidden = tuple(sys.argv.pop(1).split(os.pathsep))
WORLD = ("socket.", "subprocess.", "os.system", "os.exec", "os.spawn", "os.posix_spawn", "ctypes.dlopen", "pty.")
QUIET = {"socket.__new__", "socket.gethostname"}
def hook(event, arguments):
    if event.startswith(WORLD) and event not in QUIET:
        os.write(log, f"{event} {arguments!r:.300}\\n".encode())
    elif event in {"open", "os.listdir", "os.scandir"}:
        path = arguments[0]
        if event == "open" and (isinstance(path, int) or arguments[2] & getattr(os, "O_PATH", 0)):
            return
        try:
            real = os.readlink(f"/proc/self/fd/{path}") if isinstance(path, int) else os.path.realpath(path or ".")
        except ValueError:
            return
        if os.fsdecode(real).startswith(forbidden):
            os.write(log, f"{event} {path!r} is {real!r}\\n".encode())
sys.addaudithook(hook)
"""
RUN = 'runpy.run_module("weighbridge", run_name="__main__", alter_sys=True)'
#: Runs the command line once for each line of standard input, its words between tabs.
RUN_EACH = """
from weighbridge import cli
for line in sys.stdin.read().splitlines():
    cli.main(line.split("\\t"))
"""


@dataclass(frozen=True)
class Link:
    to: str


@dataclass(frozen=True)
class Pipe:
    """A named pipe: who opens it waits for ever."""


@dataclass(frozen=True)
class Socket:
    """A Unix socket that nobody listens at."""


@dataclass(frozen=True)
class Sparse:
    """A file that takes no room on the disk. `size`: bytes."""

    size: int


@dataclass(frozen=True)
class Folder:
    """An empty folder."""


Node = str | bytes | Link | Pipe | Socket | Sparse | Folder


def refer(*targets: str) -> dict[str, Node]:
    """A prompt that names files."""
    return {"trap.prompt.md": "".join(f"@[file:{target}]\n" for target in targets)}


def ask(*urls: str) -> dict[str, Node]:
    """A prompt that names addresses."""
    return {"trap.prompt.md": "".join(f"@[api:{url}]\n" for url in urls)}


def index(*paths: bytes) -> bytes:
    """git's index of some files."""
    entries = b""
    for path in paths:
        entry = bytes(60) + struct.pack(">H", len(path)) + path
        entries += entry + bytes(8 - len(entry) % 8)
    return struct.pack(">4sII", b"DIRC", 2, len(paths)) + entries + bytes(20)


OUT = "../../outside/secret.txt"
KEY = "{home}/.ssh/id_rsa"
BRACES = "{a,b}" * 40
COMMANDS = "---\ndescription: x\nallowed-tools: Bash(cat:*)\n---\n!`cat ../../outside/secret.txt`\n```!\ncat ../../outside/secret.txt\n```\n$(cat {home}/.ssh/id_rsa)\n@../../outside/secret.txt\n"
IMPORTS = f"@{OUT}\n@{KEY}\n@~root/.ssh/id_rsa\n@$HOME/.ssh/id_rsa\n@/proc/self/environ\n@file://{{outside}}/secret.txt\n@%2e%2e/%2e%2e/outside/secret.txt\n@inside.md\n"

TRICKS: dict[str, dict[str, Node]] = {
    # Ways to write a path.
    "percent-dots": refer("%2e%2e/%2e%2e/outside/secret.txt", "%252e%252e/%252e%252e/outside/secret.txt"),
    "percent-slashes": refer("..%2f..%2foutside%2fsecret.txt", "..%5c..%5coutside%5csecret.txt"),
    "file-url": refer("file://{outside}/secret.txt", "file:{outside}/secret.txt", "FILE:///etc/passwd"),
    "file-url-with-a-host": refer("file://localhost{outside}/secret.txt", "file://127.0.0.1/share/a.md"),
    "unc": refer(r"\\127.0.0.1\share\a.md", r"//127.0.0.1:{port}/a.md", r"\/127.0.0.1/share/a.md"),
    "windows-devices": refer(
        r"\\?\C:\secret.txt", r"\\.\pipe\x", "NUL", "CON", "C:secret.txt", "secret.txt::$DATA"
    ),
    "backslashes": refer(r"..\..\outside\secret.txt", r"..\\..\\outside\\secret.txt"),
    "nul": refer("../../outside/secret.txt\0.md", "trap\0/../../../outside/secret.txt", "%00/etc/passwd"),
    "another-user": refer("~root/.ssh/id_rsa", "~nobody", "~+/../../outside/secret.txt", "~"),
    "shell-variables": refer("$HOME/.ssh/id_rsa", "${HOME}/.ssh/id_rsa", "%HOME%/.ssh/id_rsa", "`pwd`/x.md"),
    "blanks-and-dots": refer(
        ".. /.. /outside/secret.txt", "... /.../outside/secret.txt", " ../../outside/secret.txt "
    ),
    "full-width": refer("\uff0e\uff0e/\uff0e\uff0e/outside/secret.txt", "\u2025/\u2025/outside/secret.txt"),
    "other-slashes": refer("..\u2215..\u2215outside\u2215secret.txt", "..\u2044..\u2044outside\u2044secret.txt"),
    "another-case": refer("../../OUTSIDE/secret.txt", "../../outside/SECRET.TXT", "/ETC/passwd"),
    "invisible": refer("..\u200b/..\u200b/outside/secret.txt", "\u202e../../outside/secret.txt", "..\u00ad/.."),
    "fragment": refer(f"{OUT}#L1-L2", f"{OUT}#canary", "docs/../../../outside/secret.txt#L1"),
    "down-and-up": refer("docs/../../../outside/secret.txt", "./././../.././outside/secret.txt", f"nope/../{OUT}"),
    "a-name-that-begins-alike": refer(
        "../a-name-that-begins-alike-not/secret.txt", "../../outside-not/secret.txt"
    ),
    "process-files": refer(
        "/proc/self/root{outside}/secret.txt", "/proc/self/cwd/x", "/proc/1/environ", "/proc/thread-self/environ"
    ),
    "descriptors": refer("/dev/stdin", "/dev/fd/0", "/proc/self/fd/0", "/dev/tty", "/dev/tcp/127.0.0.1/{port}"),
    "short-forms": {"trap.prompt.md": f"@{OUT} @{KEY} @/etc/passwd.md @./../../outside/secret.txt\n"},
    # Links.
    "link-to-environ": {**refer("env.md"), "env.md": Link("/proc/self/environ")},
    "link-to-stdin": {**refer("in.md"), "in.md": Link("/dev/fd/0")},
    "link-of-links": {
        **refer("a.md", "a.md#L1"),
        "a.md": Link("b/c.md"),
        "b": Link("d"),
        "d/c.md": Link("../../../outside/secret.txt"),
    },
    "link-by-its-own-folder": {
        **refer("a.md"),
        "a.md": Link("{folder}/../../outside/secret.txt"),
    },
    "link-and-up": {**refer("sub/../secret.txt", "sub/../sub/a.md"), "sub": Link("{outside}/sub")},
    "link-through-process": {**refer("a.md"), "a.md": Link("/proc/self/cwd/../../../outside/secret.txt")},
    "link-among-included": {
        **refer("docs/a.md"),
        "docs/a.md": f"@[file:b.md] @[file:c.txt] @[file:../{OUT}]\n",
        "docs/b.md": Link("{outside}/secret.txt"),
        "docs/c.txt": Link("/etc/passwd"),
    },
    "prompts-that-are-links": {
        "a.prompt.md": Link("{outside}/secret.txt"),
        "prompts": Link("{outside}"),
        "b.prompt.md": Link("nowhere"),
        "c.prompt.md": Link("c.prompt.md"),
    },
    # What is no ordinary file.
    "prompts-that-are-none": {
        "a.prompt.md": Pipe(),
        "b.prompt.md": Socket(),
        "c.prompt.md": Folder(),
        "CLAUDE.md": Folder(),
        "d.prompt.md": Sparse(3 * 1024**3),
    },
    "settings-that-are-none": {**refer("a.md"), "weighbridge.toml": Pipe(), "pyproject.toml": Socket()},
    "variables-that-are-none": {
        "trap.prompt.md": "{{v}}\n",
        "trap.prompt.md.vars.json": Socket(),
        "trap.prompt.md.vars.toml": Link("/dev/fd/0"),
    },
    # Names.
    "names": {
        "a\nERROR forged\x1b[2J.prompt.md": "@[file:no\u202e.md]\n",
        "b\u2028\u0085.prompt.md": "{{\u202e}}\n",
        os.fsdecode(b"\xff\xfe.prompt.md"): "words\n",
        "-rf.prompt.md": "words\n",
        "`id`;$(id).prompt.md": "words\n",
    },
    "deep": {**refer("/".join(["d"] * 200) + "/a.md"), "/".join(["d"] * 200) + "/a.prompt.md": f"@[file:{OUT}]\n"},
    # Settings.
    "settings-link": {"trap.prompt.md": "{{v}}\n", "weighbridge.toml": Link("{outside}/settings.toml")},
    "project-link": {"trap.prompt.md": "{{v}}\n", "pyproject.toml": Link("{outside}/pyproject.toml")},
    "settings-in-a-folder-link": {"trap.prompt.md": "{{v}}\n", "sub": Link("{outside}")},
    "include-outside": {
        "weighbridge.toml": 'include = ["../../outside/**", "/**", "{outside}/**", "**/../../outside/*", "~/**"]\n'
    },
    "glob-bombs": {
        "weighbridge.toml": f'include = ["{BRACES}", "{"**/" * 100}x", "{"*a" * 100}b", "{"[!a]*" * 60}"]\n'
        f'[dialects]\n"{BRACES}" = "claude-code"\n"{"*/**/" * 50}" = "codex"\n',
        "a" * 200 + ".prompt.md": "words\n",
    },
    "roots-again": {
        **refer(OUT, "{outside}/secret.txt"),
        "weighbridge.toml": 'file_roots = ["{outside}"]\nfileroots = ["{outside}"]\nFILEROOTS = ["/"]\n"fileRoots" = ["/"]\n',
        "pyproject.toml": '[tool.weighbridge]\nfileRoots = ["{outside}"]\nenv = ["WEIGHBRIDGE_CANARY"]\ntrusted = true\n',
    },
    "sample-that-refers": {
        "trap.prompt.md": "@[api:a]\n",
        "weighbridge.toml": f"[apis.a]\nurl = 'http://127.0.0.1:{{port}}/'\nsample = '@[file:{OUT}] {{{{env.WEIGHBRIDGE_CANARY}}}}'\n",
    },
    "variables-that-refer": {
        "trap.prompt.md": f"{{{{v}}}} {{{{w:@[file:{OUT}]}}}} @[var:x:@[file:{OUT}]]\n",
        "weighbridge.toml": f"[variables]\nv = '{{{{env.WEIGHBRIDGE_CANARY}}}} @[file:{OUT}]'\n",
    },
    # The environment.
    "environment": {
        "trap.prompt.md": "{{ENV.WEIGHBRIDGE_CANARY}} {{env.weighbridge_canary}} @[var: env.WEIGHBRIDGE_CANARY ] "
        "@[var:env.WEIGHBRIDGE_CANARY:x] ${WEIGHBRIDGE_CANARY} $(id) {{env.*}} {{env}} {{env.HOME}} {{env.PATH:}}\n",
    },
    "environment-allowed-by-itself": {
        "trap.prompt.md": "---\nenv: [WEIGHBRIDGE_CANARY]\nweighbridge: {env: [WEIGHBRIDGE_CANARY]}\n---\n"
        "<!-- weighbridge: env=WEIGHBRIDGE_CANARY trusted=true fileRoots=/ -->\n{{env.WEIGHBRIDGE_CANARY}}\n",
    },
    # Front matter and variables files.
    "tags": {
        "trap.prompt.md": "---\nvariables:\n  a: !!python/object/apply:os.system ['touch {folder}/ran']\n"
        "  b: !include ../../outside/secret.txt\n  c: !!python/name:os.environ\n---\n{{a}} {{b}} {{c}}\n",
        "trap.prompt.md.vars.yaml": "v: !include ../../outside/secret.txt\nw: !ENV ${WEIGHBRIDGE_CANARY}\n",
    },
    "merge-bomb": {
        "trap.prompt.md": "{{v}}\n",
        "trap.prompt.md.vars.yaml": "a0: &a0 {k: x}\n"
        + "".join(f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}\n" for n in range(1, 200)),
    },
    "variables-link": {"trap.prompt.md": "{{v}}\n", "trap.prompt.md.vars.toml": Link("{outside}/v.toml")},
    # git.
    "git-file": {".git": "gitdir: {outside}/git\n", "a.md": "words\n"},
    "git-file-relative": {".git": "gitdir: ../../outside/git", "a.md": "words\n"},
    "git-link": {".git": Link("{outside}/git"), "a.md": "words\n"},
    "git-index-link": {".git/index": Link("{outside}/git/index"), ".git/HEAD": "ref: refs/heads/a\n"},
    "git-pipes": {".git/index": Pipe(), ".git/HEAD": Pipe(), ".git/config": Pipe()},
    "git-is-a-pipe": {".git": Pipe(), "a.prompt.md": "words\n"},
    "git-elsewhere": {
        ".git/commondir": "{outside}/git\n",
        ".git/objects/info/alternates": "{outside}/git/objects\n",
        ".git/gitdir": "{outside}/git\n",
        ".git/worktrees/x/gitdir": "{outside}/.git\n",
        ".git/info/exclude": Link("{outside}/secret.txt"),
        ".git/info/sparse-checkout": Link("{outside}/secret.txt"),
    },
    "git-config": {
        ".git/config": "[core]\n excludesFile = {outside}/secret.txt\n fsmonitor = touch {folder}/ran\n hooksPath = {outside}\n"
        ' worktree = {outside}\n[include]\n path = {outside}/secret.txt\n[filter "x"]\n smudge = touch {folder}/ran\n',
        ".gitattributes": "* filter=x\n",
        ".gitmodules": '[submodule "x"]\n path = ../../outside\n url = http://127.0.0.1:{port}/\n',
    },
    "git-index-outside": {
        ".git/index": index(b"../../outside/a.prompt.md", b"/etc/passwd", b"sub/../../../outside/secret.txt", b".git/x"),
        ".gitignore": "*\n",
    },
    "git-index-lies": {".git/index": struct.pack(">4sII", b"DIRC", 4, 0xFFFFFFFF) + b"\xff" * 5_000},
    "ignore-bombs": {
        ".gitignore": "".join(f"{'*a' * 60}{n}\n{'**/' * 60}b{n}\n[{'a-z' * 50}{n}\n" for n in range(900)),
        "a" * 120 + ".prompt.md": "words\n",
    },
    "ignore-links": {
        name: Link("{outside}/secret.txt")
        for name in (".ignore", ".clineignore", ".geminiignore", ".aiderignore", ".cursorignore", ".gitattributes")
    },
    "ignore-pipes": {name: Pipe() for name in (".ignore", ".clineignore", ".geminiignore", ".qwenignore", ".gitignore")},
    # What agents load.
    "imports": {
        **dict.fromkeys(("CLAUDE.md", "AGENTS.md", "GEMINI.md", "QWEN.md", ".goosehints", "sub/CLAUDE.md"), IMPORTS),
        "inside.md": Link("{outside}/secret.txt"),
    },
    "commands": {
        ".claude/commands/a.md": COMMANDS,
        ".claude/skills/a/SKILL.md": COMMANDS,
        ".claude/agents/a.md": COMMANDS,
        ".gemini/commands/a.toml": 'prompt = "!{cat ../../outside/secret.txt} @{../../outside/secret.txt}"\n',
        ".github/prompts/a.prompt.md": COMMANDS,
    },
    "agents-links": {
        ".claude/agents/a.md": Link("{outside}/secret.txt"),
        ".claude/skills/a": Link("{outside}/sub"),
        ".claude/output-styles/a.md": Link(KEY),
        ".claude/CLAUDE.md": Link(KEY),
        ".cursor/rules/a.mdc": Link("{outside}/secret.txt"),
        ".cursorrules": Link("{outside}/secret.txt"),
        ".windsurfrules": Link("{outside}/secret.txt"),
        ".github/instructions/a.instructions.md": Link("{outside}/secret.txt"),
        ".github/copilot-instructions.md": Link(KEY),
        ".openhands/microagents/repo.md": Link("{outside}/secret.txt"),
        ".openhands_instructions": Link("{outside}/secret.txt"),
        ".factory/droids/a.md": Link(KEY),
        ".factory/AGENTS.md": Link(KEY),
        ".kilocode/rules/a.md": Link(KEY),
        ".kilo/skills/a/SKILL.md": Link(KEY),
        ".qwen/QWEN.md": Link(KEY),
        ".gemini/GEMINI.md": Link(KEY),
        ".goosehints": Link("{outside}/secret.txt"),
        ".continuerules": Link("{outside}/secret.txt"),
        "CONVENTIONS.md": Link("{outside}/secret.txt"),
        "AGENTS.override.md": Link(KEY),
    },
    "agents-settings-links": {
        name: Link("{outside}/settings.json")
        for name in (
            ".claude/settings.json",
            ".claude/settings.local.json",
            ".gemini/settings.json",
            ".qwen/settings.json",
            ".vscode/settings.json",
            ".codex/config.toml",
            "opencode.json",
            "opencode.jsonc",
            ".opencode/opencode.json",
            "kilo.json",
            "crush.json",
            ".crush.json",
            ".aider.conf.yml",
            ".env",
            ".vibe/config.toml",
            ".goose/config.yaml",
        )
    },
    "agents-settings-pipes": {
        name: Pipe()
        for name in (
            ".claude/settings.json",
            ".gemini/settings.json",
            ".vscode/settings.json",
            ".codex/config.toml",
            "opencode.json",
            "crush.json",
            ".aider.conf.yml",
            ".env",
            "AGENTS.md",
            "CLAUDE.local.md",
        )
    },
    "agents-settings": {
        ".claude/settings.json": '{"env": {"X": "$WEIGHBRIDGE_CANARY"}, "apiKeyHelper": "touch {folder}/ran", "additionalDirectories": ["{outside}"],'
        ' "hooks": {"SessionStart": [{"hooks": [{"type": "command", "command": "touch {folder}/ran"}]}]}}',
        ".vscode/settings.json": '{"chat.instructionsFilesLocations": {"../../outside": true, "{outside}": true, "~/.ssh": true},'
        ' "chat.promptFilesLocations": {"{outside}": true}}',
        ".gemini/settings.json": '{"context": {"includeDirectories": ["../../outside", "{outside}"], "fileName": "secret.txt",'
        ' "loadMemoryFromIncludeDirectories": true}, "mcpServers": {"x": {"command": "touch", "args": ["{folder}/ran"]}}}',
        "opencode.json": '{"instructions": ["{file:../../outside/secret.txt}", "{env:WEIGHBRIDGE_CANARY}", "{outside}/*.txt",'
        ' "http://127.0.0.1:{port}/a.md", "file://{outside}/secret.txt"], "agent": {"a": {"prompt": "{file:{outside}/secret.txt}"}}}',
        ".codex/config.toml": 'project_doc_fallback_filenames = ["secret.txt", "{outside}/secret.txt"]\n'
        'project_root_markers = ["outside"]\nexperimental_instructions_file = "{outside}/secret.txt"\nnotify = ["touch", "{folder}/ran"]\n',
        ".aider.conf.yml": "read: [{outside}/secret.txt, $HOME/.ssh/id_rsa, /proc/self/environ]\nload: {outside}/x\ntest-cmd: touch {folder}/ran\n",
        ".env": "AIDER_READ={outside}/secret.txt\nCODEX_HOME={outside}\nHOME={outside}\nCLAUDE_CONFIG_DIR={outside}\n",
        ".mcp.json": '{"mcpServers": {"x": {"command": "touch", "args": ["{folder}/ran"]}}}',
    },
    "rules-globs": {
        ".claude/rules/a.md": f"---\npaths: ['{BRACES}', '{'**/' * 200}', '../../outside/**', '{'*a' * 100}']\n---\nwords\n",
        ".cursor/rules/a.mdc": f"---\nglobs: {BRACES},{'*a' * 200}\n---\nwords\n",
        ".github/instructions/a.instructions.md": f"---\napplyTo: '{BRACES},{'?(*(a))' * 30}'\n---\nwords\n",
        ".clinerules/a.md": f"---\npaths: ['{'(a+)+' * 30}$']\n---\nwords\n",
        "a" * 120 + ".prompt.md": "words\n",
    },
    # The network.
    "credentials-in-url": ask("http://user:pass@127.0.0.1:{port}/", "http://example.com@127.0.0.1:{port}/"),
    "numbers-for-addresses": ask(
        "http://2130706433:{port}/", "http://0x7f000001:{port}/", "http://0177.0.0.1:{port}/", "http://127.1:{port}/"
    ),
    "other-addresses": ask(
        "http://[::1]:{port}/", "http://[::ffff:127.0.0.1]:{port}/", "http://0.0.0.0:{port}/", "http://[::]:{port}/"
    ),
    "names-of-this-machine": ask(
        "http://localhost:{port}/", "http://localhost.:{port}/", "http://127.0.0.1.nip.io:{port}/", "http://a.localhost:{port}/"
    ),
    "strange-urls": ask(
        r"http:\\127.0.0.1:{port}\a", "HTTP://127.0.0.1:{port}/", "http:127.0.0.1:{port}", "http://127.0.0.1:{port}\t/\x0bHost: x",
        "http://１２７.0.0.1:{port}/", "http://①②⑦.0.0.1:{port}/",
    ),
    "other-schemes": ask(
        "ftp://127.0.0.1:{port}/", "gopher://127.0.0.1:{port}/", "file://{outside}/secret.txt", "unix:///run/x.sock", "data:,x", "ws://127.0.0.1:{port}/"
    ),
    "url-with-a-variable": {
        "trap.prompt.md": "@[api:a] @[api:http://127.0.0.1:{port}/{{env.WEIGHBRIDGE_CANARY}}]\n",
        "weighbridge.toml": "apiAllow = ['127.0.0.1:{port}']\n[apis.a]\nurl = 'http://127.0.0.1:{port}/{{env.WEIGHBRIDGE_CANARY}}'\n",
    },
    "proxies": {
        **ask("http://example.com/", "https://example.com/"),
        ".env": "HTTP_PROXY=http://127.0.0.1:{port}\nhttps_proxy=http://127.0.0.1:{port}\nSSL_CERT_FILE={outside}/secret.txt\n",
        ".netrc": "machine example.com login a password b\n",
    },
    "pictures-and-links": {
        "trap.prompt.md": "![x](http://127.0.0.1:{port}/x.png) [x](file://{outside}/secret.txt) <http://127.0.0.1:{port}>\n"
        "<img src='http://127.0.0.1:{port}/'><script src='//127.0.0.1:{port}/'></script>\n\n[a]: {outside}/secret.txt\n",
    },
    "directive-that-names-more": {
        "trap.prompt.md": "<!-- weighbridge: encoding=../../outside/secret.txt model=http://127.0.0.1:{port}/ dialect={outside} -->\n"
        "<!-- weighbridge: budget=1e999 encoding=\u202e -->\nwords\n",
        "weighbridge.toml": 'encoding = "{outside}/secret.txt"\nmodel = "file://{outside}"\n[models.x]\nencoding = "http://127.0.0.1:{port}/"\n',
    },
}  # fmt: skip


def lay(folder: Path, files: dict[str, Node], words: dict[str, str]) -> None:
    """Put files into a folder; `words`: what stands for a name in braces in them."""

    def said(text: str) -> str:
        for name, value in {**words, "folder": str(folder)}.items():
            text = text.replace(f"{{{name}}}", value)
        return text

    folder.mkdir()
    for name, node in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        match node:
            case Link(to):
                path.symlink_to(said(to))
            case Pipe():
                os.mkfifo(path)
            case Socket():
                with socket.socket(socket.AF_UNIX) as unix, chdir(path.parent):
                    unix.bind(path.name)
            case Sparse(size):
                path.touch()
                os.truncate(path, size)
            case Folder():
                path.mkdir()
            case bytes():
                path.write_bytes(node)
            case _:
                path.write_bytes(said(node).encode("utf-8", "surrogateescape"))


@dataclass
class Place:
    """A repository of tricks, what lies outside of it, and what was seen to happen there."""

    top: Path
    folders: list[Path]
    happened: Path

    @property
    def outside(self) -> Path:
        return self.top / "outside"

    @property
    def environment(self) -> dict[str, str]:
        return {"WEIGHBRIDGE_CANARY": ENVIRONMENT, "HOME": str(self.top / "home")}

    def command(self, run: str = RUN) -> tuple[str, ...]:
        own = [str(self.top / "home" / name) for name in (".ssh", ".aws", "private")]
        forbidden = [
            str(self.outside),
            *own,
            "/etc/passwd",
            "/etc/shadow",
            "/dev/fd",
            "/dev/std",
            "/dev/pts",
            "/sys",
        ]
        forbidden += [f"/proc/{number}/" for number in range(1, 10)]
        return (sys.executable, "-c", AUDITED + run, str(self.happened), os.pathsep.join(forbidden))

    def seen(self) -> list[str]:
        return self.happened.read_text(encoding="utf-8").splitlines() if self.happened.exists() else []


@pytest.fixture
def place(tmp_path: Path, unused_tcp_port: int) -> Place:
    top = tmp_path.resolve()
    outside, home, repository = top / "outside", top / "home", top / "repository"
    secrets: dict[str, Node] = {
        "secret.txt": f"---\nname: {SECRET}---\n# canary\n{SECRET}",
        "sub/SKILL.md": SECRET,
        "sub/a.md": SECRET,
        "canary-name.prompt.md": SECRET,
        "settings.toml": f'[variables]\nv = "{SECRET.strip()}"\n',
        "pyproject.toml": f'[tool.weighbridge.variables]\nv = "{SECRET.strip()}"\n',
        "settings.json": json.dumps({"context": {"fileName": "canary-7f3a91"}, "instructions": ["canary-7f3a91"]}),
        "v.toml": f'v = "{SECRET.strip()}"\n',
        "git/index": index(b"canary-name.prompt.md", b"a.md"),
        "git/HEAD": "ref: refs/heads/canary-7f3a91\n",
    }  # fmt: skip
    lay(outside, secrets, {})
    lay(home, {".ssh/id_rsa": SECRET, ".aws/credentials": SECRET, "private/a.md": SECRET}, {})
    repository.mkdir()
    lay(repository / "a-name-that-begins-alike-not", {"secret.txt": SECRET}, {})
    words = {"outside": str(outside), "home": str(home), "port": str(unused_tcp_port)}
    for name, files in TRICKS.items():
        lay(repository / name, files, words)
    return Place(top, [repository / name for name in TRICKS], top / "happened.log")


def test_there_are_many_tricks() -> None:
    assert len(TRICKS) >= 60


def prompts_of(folder: Path) -> list[tuple[Path, str]]:
    """What a user would open in a folder. What a link leads to would be sent by the editor itself, and so is left out."""
    named = sorted({folder / "trap.prompt.md", *folder.glob("*.md"), *folder.glob("*/*.md")})
    found = []
    for path in named:
        if not path.exists():
            found.append((path, "words\n"))
        elif path.is_file() and path.stat().st_size < 1_000_000:
            found.append((path, path.read_bytes().decode("utf-8", "replace")))
    return [(path, text) for path, text in found if os.path.realpath(path) == os.fspath(path)]


async def sprung(server: Process, folder: Path) -> None:
    """Have a server look at everything in a folder that an editor may show of it."""
    for path, text in prompts_of(folder):
        uri = server.open(path, text)
        rendered = await server.ask("weighbridge/render", {"textDocument": {"uri": uri}})
        report = await server.report(uri)
        if report["encoding"] == "cl100k_base":
            assert report["tokens"] == count(rendered["text"])
        document, at = {"textDocument": {"uri": uri}}, {"line": 0, "character": 9}
        await asyncio.gather(
            *(server.ask(f"textDocument/{one}", {**document, "position": at}) for one in ("hover", "completion", "definition")),
            server.ask("textDocument/diagnostic", document),
            server.ask("textDocument/codeAction", {**document, "range": {"start": at, "end": at}, "context": {"diagnostics": []}}),
        )  # fmt: skip
        server.tell("textDocument/didClose", {"textDocument": {"uri": uri}})
    await server.ask("weighbridge/context", {"folder": folder.as_uri()})


async def test_nothing_outside_is_read_fetched_run_or_told(place: Place) -> None:
    async with serving(
        place.top, command=(*place.command(), "serve"), environment=place.environment
    ) as server:
        await server.initialize(*place.folders)
        for folder in place.folders:
            await sprung(server, folder)
        await server.ask("workspace/diagnostic", {"previousResultIds": []})
        await server.ask("workspace/symbol", {"query": ""})
        moved = {"oldUri": place.folders[0].as_uri(), "newUri": place.folders[0].with_name("x").as_uri()}
        await server.ask("workspace/willRenameFiles", {"files": [moved]})
        assert await server.leave() == 0
        told = server.said()
        assert all(line.isprintable() for line in server.log.read_text(encoding="utf-8").splitlines())
    assert place.seen() == []
    assert [canary for canary in CANARIES if canary in told] == []
    nothing_kept(place)


def nothing_kept(place: Place) -> None:
    """The cache holds no secret and no digest of one, and nothing was run that leaves a trace."""
    kept = [path.read_bytes() for path in (place.top / "cache").rglob("*") if path.is_file()]
    assert kept
    secrets = [SECRET, SECRET.strip(), ENVIRONMENT, (place.outside / "secret.txt").read_text()]
    telling = [*(canary.encode() for canary in CANARIES), *map(digest, secrets)]
    assert [one for one in telling if any(one in data for data in kept)] == []
    assert [folder for folder in place.folders if (folder / "ran").exists()] == []


@pytest.mark.parametrize("words", [("count", "--format", "json"), ("check",)])
async def test_nor_by_the_command_line(place: Place, words: tuple[str, ...]) -> None:
    process = await asyncio.create_subprocess_exec(
        *place.command(),
        *words,
        ".",
        cwd=place.folders[0].parent,
        env={**environment_in(place.top), **place.environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    told, _ = await process.communicate()
    # Some of it is unusable input, and says so.
    assert process.returncode == 2, told.decode()
    assert place.seen() == []
    assert [canary for canary in CANARIES if canary.encode() in told] == []


async def test_nor_for_what_agents_load(place: Place) -> None:
    """`weighbridge context` in each folder, of all agents, with the texts that would arrive."""
    process = await asyncio.create_subprocess_exec(
        *place.command(RUN_EACH),
        cwd=place.top,
        env={**environment_in(place.top), **place.environment},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    lines = [
        "\t".join(("context", os.fspath(folder), "--format", "json", "--texts")) for folder in place.folders
    ]
    told, _ = await process.communicate("\n".join(lines).encode())
    assert process.returncode == 0, told.decode()
    assert told.count(b'"contexts"') == len(lines)
    # Some of them are loaded.
    assert b'"claude-code"' in told
    assert b'"codex"' in told
    assert place.seen() == []
    assert [canary for canary in CANARIES if canary.encode() in told] == []


async def test_what_would_happen_is_seen(place: Place) -> None:
    """What the tests above look for is there to be found once it is allowed."""
    allowed = {
        "fileRoots": [str(place.outside)],
        "env": ["WEIGHBRIDGE_CANARY"],
        "apiAllow": ["localhost"],
        "retry": {"attempts": 1},
    }
    async with serving(
        place.top, command=(*place.command(), "serve"), environment=place.environment
    ) as server:
        await server.initialize(place.folders[0], options=allowed)
        text = "@[file:../../outside/secret.txt] {{env.WEIGHBRIDGE_CANARY}} @[api:http://localhost:1/]\n"
        uri = server.open(place.folders[0] / "trap.prompt.md", text)
        rendered = await server.ask("weighbridge/render", {"textDocument": {"uri": uri}})
        assert SECRET in rendered["text"]
        assert ENVIRONMENT in rendered["text"]
        assert await server.leave() == 0
    seen = "\n".join(place.seen())
    assert f"open '{place.outside}/secret.txt'" in seen or "outside/secret.txt" in seen
    assert "socket.getaddrinfo" in seen or "socket.connect" in seen
