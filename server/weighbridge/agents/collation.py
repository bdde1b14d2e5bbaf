"""The order in which JavaScript sorts names for people."""

import unicodedata

#: Signs as Unicode's collation sorts them, before all digits and letters: white space and punctuation, others, those of money.
_PUNCTUATION = " _-‐‑‒–—,;:!¡?¿….·'‘’“”\"«»()[]{}§¶@*/\\&#%•"  # noqa: RUF001  as they are meant
_SYMBOLS = "`´^¯¨©°®←↑→↓⇒+±÷×<=>|~"  # noqa: RUF001  as above
_MONEY = "¤¢$£¥€"

#: Letters that are sorted as others with an accent.
_LETTERS = {
    ord(letter): f"{base}\u0338"
    for letters, bases in (
        ("æœßøłđðħ", ("ae", "oe", "ss", *"olddh")),
        ("ÆŒẞØŁĐÐĦ", ("AE", "OE", "SS", *"OLDDH")),
    )
    for letter, base in zip(letters, bases, strict=True)
}


def locale_order(text: str) -> tuple[list[tuple[int, int]], list[str], str]:
    """A key that sorts texts as JavaScript's `localeCompare` does: signs in Unicode's order, digits, letters.

    Accents decide where all of these are alike, then whether letters are small.
    """
    ranks: list[tuple[int, int]] = []
    accents = [""]
    for character in unicodedata.normalize("NFKD", text.translate(_LETTERS)).lower():
        category = unicodedata.category(character)
        if category.startswith("M"):
            accents[-1] += character
        elif not category.startswith("C"):
            ranks.append(_rank(character, category))
            accents.append("")
    return ranks, accents, text.swapcase()


def _rank(character: str, category: str) -> tuple[int, int]:
    """The place of a character without accents: that of its group, and in it."""
    for group, (signs, others) in enumerate(((_PUNCTUATION, "P"), (_SYMBOLS, "S"), (_MONEY, "Sc"))):
        if character in signs:
            return 2 * group, signs.index(character)
        if category.startswith(others) and (category == "Sc") is (others == "Sc"):
            return 2 * group + 1, ord(character)
    return 6, ord(character)
