"""Claude's tokenizer: a text's tokens as the least number of pieces that its marked form can be tiled with.

What makes it fast: no piece goes on behind a word's end, none holds a word's beginning but at its own, and none mixes
white space with anything else. So a chunk of characters without white space costs the same wherever it stands between
spaces, and what chunks cost is remembered.

A count is of a whole message's text, without the message's frame: line feeds at its end are priced as they are there.
Two things differ from a measured message. A text that begins with a line feed does not pay for the frame's own marker,
and the empty text costs nothing: so counts join before line feeds.
"""

import re
import threading
from functools import lru_cache
from typing import Final

from weighbridge.tokens.base import Borders, Exactness
from weighbridge.tokens.borders import PairBorders
from weighbridge.tokens.claude.characters import normalized
from weighbridge.tokens.claude.marking import CONTRACTIONS, cased, marked, words
from weighbridge.tokens.claude.vocabulary import (
    BEGIN,
    CAPS,
    END,
    MARKERS,
    SHIFT,
    ClaudeFamily,
    Vocabulary,
    load,
)

#: White space but the single spaces between chunks.
_WHITE: Final = re.compile("([ \t\n\u3000]{2,}|[\t\n\u3000])")
_ASCII_RUNS: Final = re.compile("[A-Za-z]+|[0-9]+|[^A-Za-z0-9]+")
_BEGINS: Final = re.compile(f"[{SHIFT}{CAPS}]*{BEGIN}")

#: Characters of a chunk whose cost is remembered, and chunks that are, before all are forgotten.
_LONGEST_KEPT: Final = 64
_MOST_KEPT: Final = 50_000

# A line feed behind a visible character, whatever follows; no control, which would vanish and let what is before it come up.
_LINE_FEED: Final = r"[!-~\xa1-\xac\xae-\u02ff\u0370-\u0482\u048a-\u0590\u3001-\u3029\u3030-\u3098\u309b-\ud7a3\uff01-\uff9f]\n"
# Between letters, digits and signs of ASCII: where the frame ends in no marker a text may begin with any of them.
_ASCII: Final = r"[A-Za-z][!-@\[-`{-~]|[0-9][!-/:-~]|[!-&(-/:-@\[-`{-~][0-9A-Za-z]|'[0-9]"


class _ChunkCosts(dict[str, int]):
    """What chunks cost beside white space of one kind, remembered: tokens times 4, + 2 where a marked chunk ends a word,
    + 1 where it begins one.
    """

    def __init__(self, tiler: "_Tiler", *, space_before: bool, space_behind: bool) -> None:
        super().__init__({"": 0})
        self._tiler = tiler
        self._space_before = space_before
        self._space_behind = space_behind

    def __missing__(self, chunk: str) -> int:
        cost = self._tiler.chunk(chunk, space_before=self._space_before, space_behind=self._space_behind)
        if len(chunk) <= _LONGEST_KEPT:
            if len(self) >= _MOST_KEPT:
                self.clear()
                self[""] = 0
            self[chunk] = cost
        return cost


class _Tiler:
    """The least number of pieces for marked text, by a family's vocabulary."""

    def __init__(self, family: ClaudeFamily, vocabulary: Vocabulary) -> None:
        self._caps_from = family.caps_from
        self._prefixes: dict[str, bool] = {}
        for piece in vocabulary.pieces:
            for end in range(2, len(piece)):
                self._prefixes.setdefault(piece[:end], False)
        for piece in vocabulary.pieces:
            self._prefixes[piece] = True
        #: Characters that a longer piece begins with.
        self._openers = {piece[0] for piece in vocabulary.pieces if len(piece) > 1}
        self._bytes = vocabulary.prefixes | {
            piece.encode() for piece in vocabulary.pieces if len(piece) == 1 and piece not in MARKERS
        }
        self._longest = max(map(len, self._bytes))
        self.character = lru_cache(maxsize=65_536)(self._character)
        self._run = lru_cache(maxsize=_MOST_KEPT)(self.tiles)
        self._ascii_word = lru_cache(maxsize=_MOST_KEPT)(self._tile_ascii_word)

    def chunk(self, chunk: str, *, space_before: bool, space_behind: bool) -> int:
        """A chunk's cost, and how it ends and begins, as `_ChunkCosts` keeps them."""
        if not chunk:
            return 0
        if chunk.isascii():
            return self._ascii(chunk, space_before=space_before, space_behind=space_behind)
        text = marked(chunk, space_before=space_before, space_behind=space_behind, caps_from=self._caps_from)
        tokens = sum(map(self._tile_word, words(text)))
        return tokens * 4 + 2 * text.endswith(END) + (_BEGINS.match(text) is not None)

    def _ascii(self, chunk: str, *, space_before: bool, space_behind: bool) -> int:
        """What `chunk` says of one of ASCII: run by run, since no piece goes across the ends of words and numbers.

        Three to five times as fast as by its marked form; most of code's chunks are met for the first time.
        """
        parts = _ASCII_RUNS.findall(chunk)
        last = len(parts) - 1
        tokens = 0
        joined = False
        for at, part in enumerate(parts):
            if joined:
                joined = False
            elif part[0].isalpha():
                tokens += self._ascii_word(part)
            elif part[0].isdigit():
                tokens += self._run(part)
            else:
                follows = parts[at + 1] if at < last else ""
                opens_word = part == "'" and follows[:1].isalpha()
                if opens_word and follows in CONTRACTIONS and (at == 0 or parts[at - 1][0].isalnum()):
                    joined = True
                    tokens += self._run(f"'{follows}{END}")
                    continue
                begin = BEGIN if space_before and at == 0 and not opens_word else ""
                tokens += self._run(f"{begin}{part}{END if space_behind and at == last else ''}")
        is_sign = not parts[-1][0].isalnum()
        ends = parts[-1][0].isalpha() or (is_sign and space_behind)
        opens = parts[0] == "'" and last > 0 and parts[1][0].isalpha()
        begins = parts[0][0].isalpha() or (not parts[0][0].isalnum() and space_before and not opens)
        return tokens * 4 + 2 * ends + begins

    def _tile_ascii_word(self, word: str) -> int:
        case, letters = cased(word, self._caps_from)
        return self.tiles(f"{case}{BEGIN}{letters}{END}")

    def _tile_word(self, text: str) -> int:
        """As `tiles`, remembered where it is short."""
        return self._run(text) if len(text) <= _LONGEST_KEPT else self.tiles(text)

    def tiles(self, text: str) -> int:
        """The least number of pieces that marked text can be tiled with, a character without a piece by its bytes."""
        size = len(text)
        best = [0, *([1 << 60] * size)]
        prefixes, openers, character = self._prefixes, self._openers, self.character
        for start, letter in enumerate(text):
            base = best[start]
            cost = base + character(letter)
            best[start + 1] = min(best[start + 1], cost)
            if letter in openers:
                base += 1
                for end in range(start + 2, size + 1):
                    is_piece = prefixes.get(text[start:end])
                    if is_piece is None:
                        break
                    if is_piece and base < best[end]:
                        best[end] = base
        return best[size]

    def _character(self, character: str) -> int:
        """Tokens of one character alone."""
        if character in MARKERS or self._prefixes.get(character):
            return 1
        utf8 = character.encode()
        best = [0, *([len(utf8)] * len(utf8))]
        for start in range(len(utf8)):
            for end in range(start + 1, min(len(utf8), start + self._longest) + 1):
                if end == start + 1 or utf8[start:end] in self._bytes:
                    best[end] = min(best[end], best[start] + 1)
        return best[-1]


class ClaudeTokenizer:
    """The tokenizer of one generation of Claude. Thread-safe."""

    exactness: Final = Exactness.RECONSTRUCTION

    def __init__(self, family: ClaudeFamily) -> None:
        self._family = family
        self._tiler = _Tiler(family, load(family))
        self._costs = {
            (before, behind): _ChunkCosts(self._tiler, space_before=before, space_behind=behind)
            for before in (False, True)
            for behind in (False, True)
        }
        self._white = lru_cache(maxsize=4_096)(self._tiler.tiles)
        self._borders = PairBorders.of(_LINE_FEED, *(() if family.frame_begins_word else (_ASCII,)))
        self._counting = threading.Lock()

    @property
    def name(self) -> str:
        return self._family.name

    @property
    def version(self) -> str:
        return f"claude-1-{self._family.digest[:12]}"

    @property
    def frame(self) -> int:
        """Tokens that a message costs besides its text."""
        return self._family.frame

    @property
    def borders(self) -> Borders:
        return self._borders

    def count(self, text: str) -> int:
        """Tokens of `text` in a message, without the message's frame. Never raises."""
        if not text:
            return 0
        whole = normalized(text, folds_quotes=self._family.folds_quotes)
        body = whole.rstrip("\n")
        tokens = self._at_end(len(whole) - len(body))
        begins_word = self._family.frame_begins_word
        if begins_word and text[0] == " " and body[:1] == " " and body[1:2] != " ":
            # The frame's own marker stands for it.
            body = body[1:]
        if not body:
            return tokens + (begins_word and text[0] != "\n")
        pays = begins_word and text[0] != "\n" and body[0] != " "
        return tokens + (pays and self._at_start(body)) + self._inside(body)

    def _at_end(self, line_feeds: int) -> int:
        """What line feeds at a text's end cost: the frame goes on with two, which it pays for."""
        return self._white("\n" * (line_feeds + 2)) - 1 if line_feeds else 0

    def _at_start(self, text: str) -> int:
        """What the frame's marker costs where the text does not take it up."""
        first = re.split("[ \t\n\u3000]", text, maxsplit=1)[0]
        return int(not first or not self._costs[True, False][first] & 1)

    def _inside(self, text: str) -> int:
        """Tokens of a text between its message's ends.

        A space between two chunks is free where the one ends a word and the other begins one.
        """
        after_white, between = self._costs[False, True], self._costs[True, True]
        white_cost = self._white
        parts = _WHITE.split(text)
        parts.append("")
        tokens = 0
        first_costs = between if self._family.frame_begins_word else after_white
        for row, white in zip(parts[::2], parts[1::2], strict=True):
            if row:
                *chunks, last = row.split(" ")
                space_behind = white[:1] == " " and white[:2] != "  "
                if chunks:
                    values = list(map(between.__getitem__, chunks))
                    values[0] = first_costs[chunks[0]]
                    values.append(self._costs[True, space_behind][last])
                    ends = 0
                    for value in values:
                        tokens += (value >> 2) + (not (ends and value & 1))
                        ends = value & 2
                    # No space stands before the first.
                    tokens -= 1
                else:
                    tokens += self._costs[first_costs is between, space_behind][last] >> 2
            if white:
                tokens += white_cost(white)
                first_costs = between if white[-1] == " " else after_white
        return tokens
