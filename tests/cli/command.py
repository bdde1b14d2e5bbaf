"""The command line in a process of its own, as people run it, without the second that each start takes.

A program that has loaded it forks for each command: who runs it knows nothing of those before. That each command loads what
it needs by itself is what `test_starting.py` says.
"""

import atexit
import gc
import json
import os
import pkgutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pathlib import Path

from tests.patience import HANGS_AFTER

import weighbridge

#: Where the tests and the package that is tested are, wherever another is installed.
_PATH = (Path(__file__).parents[2], Path(weighbridge.__file__).parents[1])


def run(*arguments: str, cwd: Path, env: Mapping[str, str]) -> subprocess.CompletedProcess[bytes]:
    """Run a command in a folder, in this environment and no other."""
    asking = _asking()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as error:
        question = json.dumps([arguments, str(cwd), dict(env)]).encode()
        socket.send_fds(asking, [question], [out.fileno(), error.fileno()])
        code = int(asking.recv(100))
        out.seek(0)
        error.seek(0)
        return subprocess.CompletedProcess(arguments, code, out.read(), error.read())


@cache
def _asking() -> socket.socket:
    """The connection to the program that forks, which ends with this process."""
    asking, answering = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    asking.settimeout(HANGS_AFTER)
    program = subprocess.Popen(
        [sys.executable, "-P", "-m", "tests.cli.command", str(answering.fileno())],
        env={"PYTHONPATH": os.pathsep.join(map(str, _PATH)), "PATH": ""},
        stdin=subprocess.DEVNULL,
        pass_fds=[answering.fileno()],
    )
    answering.close()

    def end() -> None:
        asking.close()
        program.wait()

    atexit.register(end)
    return asking


def _load() -> None:
    from weighbridge.tokens.registry import tokenizer

    for module in pkgutil.walk_packages(weighbridge.__path__, "weighbridge."):
        if not module.name.endswith("__main__"):
            import_module(module.name)
    for encoding in ("cl100k_base", "o200k_base"):
        tokenizer(encoding).count("words")
    gc.collect()
    gc.freeze()


def _fork_for_each(answering: socket.socket) -> None:
    """Return in a process for each question; there are no more when the other end is closed."""
    while True:
        question, descriptors, _, _ = socket.recv_fds(answering, 1 << 20, 2)
        if not question:
            sys.exit()
        child = os.fork()
        if not child:
            break
        for descriptor in descriptors:
            os.close(descriptor)
        answering.send(b"%d" % os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    answering.close()
    arguments, folder, environment = json.loads(question)
    for standard, descriptor in enumerate(descriptors, start=1):
        os.dup2(descriptor, standard)
        os.close(descriptor)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv[1:] = arguments


if __name__ == "__main__":
    _load()
    _fork_for_each(socket.socket(fileno=int(sys.argv[1])))
    from weighbridge.cli import main

    result = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # To take down all that was loaded takes longer than most commands do.
    os._exit(result)
