"""Tokenizers from a Hugging Face `tokenizer.json`, counted by splintr (the `fast` extra). Nothing is fetched.

Such a file holds patterns that may take any time, replacements that may take any memory, and whoever loads a large one holds the
interpreter for seconds. So each counts in a process of its own (`local_process.py`), which gets the file's bytes and texts, opens
nothing, and is ended when it takes too long or more memory than it may.
"""

import hashlib
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Final

from weighbridge import disk
from weighbridge.errors import WeighbridgeError
from weighbridge.tokens.base import Borders, Exactness
from weighbridge.tokens.borders import NO_BORDERS
from weighbridge.tokens.engine import repaired
from weighbridge.tokens.local_process import NUMBER, receive, send

#: What the encoding of such a file begins with; its path follows.
LOCAL: Final = "tokenizer:"
#: Bytes of the largest file that is loaded: the largest known are half of it.
LARGEST: Final = 64 * 1024 * 1024
#: Seconds that a file may take to load, and a text to count besides a second for so many characters.
_SECONDS_TO_LOAD: Final = 60.0
_SECONDS_TO_COUNT: Final = 10.0
_CHARACTERS_A_SECOND: Final = 100_000

_PROGRAM: Final = (sys.executable, "-P", "-m", "weighbridge.tokens.local_process")


class BrokenTokenizerError(WeighbridgeError):
    """A file's tokenizer can't count; the message says why. It is not asked again."""


class LocalTokenizer:
    """A file's tokenizer. Without borders: nothing is proven for its pattern. Thread-safe."""

    exactness: Final = Exactness.EXACT
    borders: Final[Borders] = NO_BORDERS

    def __init__(self, name: str, data: bytes) -> None:
        """Raises BrokenTokenizerError if it can't be understood."""
        from importlib.metadata import version  # noqa: PLC0415  starting is what users feel

        self.name: Final = name
        self.version: Final = f"splintr-{version('splintr-rs')}-{hashlib.sha256(data).hexdigest()}"
        #: Why it can't count any more; None as long as it can.
        self.broken: str | None = None
        self._data = data
        self._asking = threading.Lock()
        self._process = _Process(data)
        self.count("A text to try it with: it's 日本語.\n")

    def count(self, text: str) -> int:
        """Tokens of `text`: what spells a special token is text. Raises BrokenTokenizerError."""
        try:
            data = text.encode()
        except UnicodeEncodeError:
            data = repaired(text).encode()
        with self._asking:
            if self.broken is None:
                try:
                    if self._process.owner != os.getpid():
                        # A process that was forked has one of its own: two can't share the answers.
                        self._process = _Process(self._data)
                    return self._process.count(data, _SECONDS_TO_COUNT + len(text) / _CHARACTERS_A_SECOND)
                except BrokenTokenizerError as error:
                    self.broken = str(error)
            raise BrokenTokenizerError(self.broken)

    def close(self) -> None:
        """End its process."""
        self._process.end()


class _Process:
    """A process that counts by one file."""

    def __init__(self, data: bytes) -> None:
        self.owner: Final = os.getpid()
        self._process = subprocess.Popen(  # noqa: S603  a module of ours
            _PROGRAM, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0
        )
        fault = self._ask(data, _SECONDS_TO_LOAD).decode("utf-8", "replace")
        if fault:
            self.end()
            raise BrokenTokenizerError(fault)

    def count(self, text: bytes, seconds: float) -> int:
        """Tokens of a text."""
        tokens: int = NUMBER.unpack(self._ask(text, seconds))[0]
        return tokens

    def _ask(self, data: bytes, seconds: float) -> bytes:
        """The answer to a message. Ends the process where there is none in time."""
        late = threading.Event()

        def end() -> None:
            late.set()
            self._process.kill()

        timer = threading.Timer(seconds, end)
        timer.daemon = True
        timer.start()
        try:
            assert self._process.stdin is not None  # noqa: S101  both are pipes
            assert self._process.stdout is not None  # noqa: S101
            send(self._process.stdin, data)
            answer = receive(self._process.stdout)
        except (OSError, ValueError):
            answer = None
        finally:
            timer.cancel()
            timer.join()
        if answer is None:
            self.end()
            why = (
                f"takes longer than {seconds:.0f} seconds"
                if late.is_set()
                else "takes more memory than it may"
            )
            raise BrokenTokenizerError(why)
        return answer

    def end(self) -> None:
        """End it, whatever it does."""
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        self._process.wait()


def load(name: str) -> LocalTokenizer:
    """The tokenizer of an encoding that begins with `LOCAL`. Raises OSError, ValueError, BrokenTokenizerError: it can't be used."""
    path = name.removeprefix(LOCAL)
    folder, within, _ = path.partition(disk.WITHIN)
    real = disk.followed(Path(path))
    if within and folder and not real.is_relative_to(disk.followed(Path(folder))):
        raise ValueError("it leads out of the workspace")
    with disk.opened(real) as (descriptor, status):
        if status.st_size > LARGEST:
            raise ValueError(f"larger than {LARGEST:,} bytes")
        with open(descriptor, "rb", closefd=False) as file:
            data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise ValueError(f"larger than {LARGEST:,} bytes")
    return LocalTokenizer(name, data)
