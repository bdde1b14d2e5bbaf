"""Somebody who types: words, key by key, at places all over a text; some keys are taken back, some lines are broken."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

#: Keys typed at one place before going to another.
KEYS_AT_A_PLACE: Final = 20
_JSON: Final = 'and 12,"more":[1,2.5,"a new text"]'
_PHRASES: Final = {
    "CJK": "这个模型的文本应该很长,然后我们计数。プロンプトを書く",
    "minified JSON": _JSON,
    "JSON with markup": _JSON,
}
_PHRASE: Final = "the words that I type, one by one: (count them) and"


@dataclass(frozen=True, slots=True)
class Key:
    """Replace what stands between two places by a text. Columns in code points."""

    line: int
    column: int
    end_line: int
    end_column: int
    text: str

    def change(self) -> dict[str, Any]:
        """What the protocol calls a content change, in utf-32."""
        start = {"line": self.line, "character": self.column}
        end = {"line": self.end_line, "character": self.end_column}
        return {"range": {"start": start, "end": end}, "text": self.text}


class Typist:
    """Types without end. `text()` is what the text is now: to check that counts were true."""

    def __init__(self, text: str, kind: str = "prose", seed: int = 0) -> None:
        self._lines = text.split("\n")
        self._phrase = _PHRASES.get(kind, _PHRASE)
        self._chance = random.Random(f"typist {seed}")

    def text(self) -> str:
        return "\n".join(self._lines)

    def keys(self) -> Iterator[Key]:
        """Type words, at one place after the other; of twenty keys, two take back the one before."""
        while True:
            line, column = self._place()
            begin = self._chance.randrange(len(self._phrase))
            for step in range(KEYS_AT_A_PLACE):
                if step in {9, 15}:
                    yield self._press(Key(line, column - 1, line, column, ""))
                    column -= 1
                else:
                    char = self._phrase[(begin + step) % len(self._phrase)]
                    yield self._press(Key(line, column, line, column, char))
                    column += 1

    def steady_keys(self) -> Iterator[Key]:
        """Type some characters and a new line, and take all of it back: the text stays as long as it was."""
        while True:
            line, column = self._place()
            typed = self._chance.randint(1, KEYS_AT_A_PLACE)
            for step in range(typed):
                yield self._press(Key(line, column + step, line, column + step, self._phrase[step]))
            column += typed
            yield self._press(Key(line, column, line, column, "\n"))
            yield self._press(Key(line, column, line + 1, 0, ""))
            for _ in range(typed):
                yield self._press(Key(line, column - 1, line, column, ""))
                column -= 1

    def _place(self) -> tuple[int, int]:
        line = self._chance.randrange(len(self._lines))
        return line, self._chance.randint(0, len(self._lines[line]))

    def _press(self, key: Key) -> Key:
        head = self._lines[key.line][: key.column]
        tail = self._lines[key.end_line][key.end_column :]
        self._lines[key.line : key.end_line + 1] = f"{head}{key.text}{tail}".split("\n")
        return key
