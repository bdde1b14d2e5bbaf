"""Marked text: what Claude's tokenizer tiles, with words' ends, capitals and single spaces written as markers.

A chunk is a run of characters without white space. Its marked form depends on itself and on two things beside it: whether
a space stands before it, and whether exactly one stands behind it. So chunks can be marked one by one.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from weighbridge.tokens.claude.characters import (
    CharacterKind,
    borders_as_number,
    is_capital,
    is_letter_or_mark,
    is_small,
    kind,
    lowered,
    number_category,
)
from weighbridge.tokens.claude.vocabulary import BEGIN, CAPS, END, SHIFT

#: What may follow an apostrophe as part of the word before it.
CONTRACTIONS: Final = frozenset({"s", "t", "d", "m", "ll", "re", "ve"})
_LONE: Final = frozenset(
    {CharacterKind.SIGN, CharacterKind.NUMBER, CharacterKind.IDEOGRAPH, CharacterKind.SELECTOR}
)


@dataclass(frozen=True, slots=True)
class CharacterRun:
    """Characters of one kind that stand together. `lone`: they share no run with letters, digits or punctuation."""

    kind: CharacterKind
    text: str
    lone: bool = False


#: Characters of one kind at a time where they are many, else one.
_ALIKE: Final = re.compile(
    "[A-Za-z]+|[\u4e00-\u9fff\u3400-\u4dbf\uac00-\ud7a3]+|[\u3041-\u3096\u30a1-\u30fa]+|.", re.DOTALL
)


def runs(chunk: str) -> list[CharacterRun]:
    """The runs of a chunk. A mark behind no letter opens a run of its own, which the letters behind it go on with."""
    chunk_runs: list[CharacterRun] = []
    start = 0
    last: CharacterKind | None = None
    lone = False
    for match in _ALIKE.finditer(chunk):
        at = kind(chunk[match.start()])
        is_lone = at in _LONE
        if at is CharacterKind.SELECTOR:
            # Behind a lone character it is part of that one's run, elsewhere it begins one.
            at = last if lone and last is not None else CharacterKind.IDEOGRAPH
        elif at is CharacterKind.STRAY and last is CharacterKind.WORD:
            at = CharacterKind.WORD
        if last is not None and (at is not last or is_lone is not lone):
            chunk_runs.append(CharacterRun(last, chunk[start : match.start()], lone=lone))
            start = match.start()
        last, lone = at, is_lone
    if last is not None:
        chunk_runs.append(CharacterRun(last, chunk[start:], lone=lone))
    return chunk_runs


def marked(chunk: str, *, space_before: bool, space_behind: bool, caps_from: int | None) -> str:
    """A chunk's marked form."""
    all_runs = runs(chunk)
    pieces: list[str] = []
    last = len(all_runs) - 1
    for at, run in enumerate(all_runs):
        before = space_before and at == 0
        behind = space_behind and at == last
        if run.kind is CharacterKind.WORD:
            continues = at > 0 and all_runs[at - 1].kind is CharacterKind.STRAY
            case, word = ("", run.text) if continues else cased(run.text, caps_from)
            begin = "" if continues or _is_contraction(all_runs, at) else BEGIN
            pieces += [case, begin, word, END]
        elif run.kind is CharacterKind.STRAY:
            word_follows = at < last and all_runs[at + 1].kind is CharacterKind.WORD
            pieces += [BEGIN, run.text, "" if word_follows else END]
        else:
            takes_begin = before and _takes_begin(run) and not _opens_word(all_runs, at)
            pieces += [BEGIN if takes_begin else "", run.text, END if behind and _takes_end(run) else ""]
    return "".join(pieces)


def cased(word: str, caps_from: int | None) -> tuple[str, str]:
    """A word's case marker, empty where it has none, and its letters behind it."""
    if "ẞ" in word:
        return "", word
    if "İ" in word:
        return _cased_with_dotted(word)
    if caps_from is not None and len(word) >= caps_from and _is_all_capitals(word):
        return CAPS, "".join(map(lowered, word)).replace("\u03c2", "\u03c3")
    if is_capital(word[0]) and not any(map(is_capital, word[1:])):
        return SHIFT, "".join(map(lowered, word))
    return "", word


def _cased_with_dotted(word: str) -> tuple[str, str]:
    """The case of a word with a dotted capital I, which stays as it is and counts as no capital within."""
    rest = word[1:]
    if (
        is_capital(word[0])
        and word[0] != "İ"
        and not any(is_capital(character) for character in rest if character != "İ")
    ):
        return SHIFT, lowered(word[0]) + "".join(
            character if character == "İ" else lowered(character) for character in rest
        )
    return "", word


def _is_all_capitals(word: str) -> bool:
    """Whether a word is capitals throughout: no small letter, and none without a small letter of its own."""
    letters = [character for character in word if is_capital(character) or is_small(character)]
    if not letters or not all(map(is_capital, letters)):
        return False
    return not any(
        is_letter_or_mark(character) and not is_small(character) and not is_capital(character)
        for character in word
    )


def _is_contraction(all_runs: list[CharacterRun], at: int) -> bool:
    """Whether the apostrophe before a word is the boundary between it and what stands before."""
    if at == 0 or all_runs[at].text not in CONTRACTIONS or all_runs[at - 1].text != "'":
        return False
    return at < 2 or not _takes_end(all_runs[at - 2], for_contraction=True)


def _opens_word(all_runs: list[CharacterRun], at: int) -> bool:
    """Whether a run is a lone apostrophe before a word."""
    follows = all_runs[at + 1].kind if at + 1 < len(all_runs) else None
    return all_runs[at].text == "'" and follows in (CharacterKind.WORD, CharacterKind.STRAY)


def _takes_begin(run: CharacterRun) -> bool:
    if run.kind is CharacterKind.PUNCTUATION or (run.lone and _is_sign(run.text[0])):
        return True
    return _is_number(run.text) and borders_as_number(run.text[0])


def _takes_end(run: CharacterRun, *, for_contraction: bool = False) -> bool:
    if run.kind in (CharacterKind.WORD, CharacterKind.STRAY):
        return not for_contraction
    if run.kind is CharacterKind.PUNCTUATION or (run.lone and _is_sign(run.text[-1])):
        return True
    return _is_number(run.text) and borders_as_number(run.text[-1])


def _is_sign(character: str) -> bool:
    return kind(character) in (CharacterKind.SIGN, CharacterKind.SELECTOR)


def _is_number(text: str) -> bool:
    """Whether all characters are decimal digits, or all other numbers."""
    category = number_category(text[0])
    return bool(category) and all(number_category(character) == category for character in text)


def words(marked_text: str) -> Iterator[str]:
    """Marked text cut where no token goes across: behind each word's end."""
    start = 0
    while (end := marked_text.find(END, start)) >= 0:
        yield marked_text[start : end + 1]
        start = end + 1
    if start < len(marked_text):
        yield marked_text[start:]
