"""Text that byte-pair tokenizers, Unicode tables and line splitters disagree about."""

from hypothesis import strategies as st

CONTRACTIONS = ("'s", "'S", "'ſ", "'ll", "'Ll", "'re", "'VE", "'m", "'d", "'T", "'l", "''s", "’s")
LINE_ENDS = ("\n", "\r", "\r\n", "\n\n", "\n\r", "\n/", "/\n", "\n//", "\v", "\f", "\x85", "\u2028", "\u2029")
BLANKS = (
    *(
        " ",
        "\t",
        "  ",
        " \t",
        "\xa0",
        "\u1680",
        "\u2003",
        "\u202f",
        "\u205f",
        "\u3000",
        "\x1c",
        "\x1d",
        "\x1f",
    ),
    *("\u180e", "\u200b", "\u200c", "\u200d", "\ufeff", "\u2060"),
)
LETTERS = (
    *(
        "a",
        "Z",
        "s",
        "S",
        "ll",
        "é",
        "e\u0301",
        "ß",
        "ſ",
        "K",
        "ǅ",
        "ʰ",
        "ª",
        "º",
        "µ",
        "İ",
        "ı",
        "Я",
        "ж",
        "ש",
        "ك",
        "\u0640",
    ),
    *("中", "字", "ア", "ー", "ㄱ", "가", "ก", "ำ", "กิ", "क", "कि", "𐐀", "\u3005", "\u3006"),
)
MARKS = ("\u0301", "\u0345", "\u093f", "\u20dd", "\ufe0f", "\u3099", "\u0e31", "\U000e0100")
DIGITS = ("0", "9", "12", "1234", "٣", "९", "０", "²", "½", "Ⅷ", "①", "〇", "\u3021", "\U0001d7ce", "❶")
SIGNS = (
    *(
        "'",
        '"',
        "/",
        "//",
        ".",
        ",",
        "-",
        "_",
        "=",
        "==",
        "<|",
        "|>",
        "<|endoftext|>",
        "{",
        "}",
        "(",
        "#",
        "\\",
        "$",
        "+",
    ),
    *(
        "\x00",
        "\x7f",
        "\x80",
        "’",
        "。",
        "，",
        "＇",
        "·",
        "«",
        "\u3004",
        "\ufffd",
        "\ufffe",
        "\ue000",
        "€",
        "→",
        "─",
    ),
)
EMOJI = ("😀", "👍🏽", "👨\u200d👩\u200d👧", "🇩🇪", "❤\ufe0f", "🫩")
# Assigned only in late versions of Unicode, or not yet.
NEW = (
    "\u0378",
    "\u0897",
    "\u1c89",
    "\ua7dc",
    "\U00010d40",
    "\U000105c0",
    "\U00016d40",
    "\U0001e5d0",
    "\u2065",
    "\U0010ffff",
)
SURROGATES = ("\ud83d", "\ude00", "\ud801", "\udc00", "\ud801\udc00", "\udc3d")

ALL = CONTRACTIONS + LINE_ENDS + BLANKS + LETTERS + MARKS + DIGITS + SIGNS + EMOJI + NEW + SURROGATES

COMMON = ("a", "Z", "中", "7", "'", "'s", ".", "/", " ", "\n", "\r", "\t")


def texts(max_pieces: int = 14) -> st.SearchStrategy[str]:
    """Hostile text: pieces of all kinds, of a few kinds (so that they repeat), or any characters."""
    few = st.lists(st.sampled_from(ALL), min_size=2, max_size=4, unique=True)
    mixtures = st.one_of(
        st.lists(st.sampled_from(ALL), max_size=max_pieces),
        few.flatmap(lambda pieces: st.lists(st.sampled_from(pieces), max_size=max_pieces)),
        st.lists(st.one_of(st.sampled_from(COMMON), st.characters()), max_size=max_pieces),
    )
    return mixtures.map("".join)
