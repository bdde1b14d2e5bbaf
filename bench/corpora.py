r"""Texts to measure on: made the same way on every machine that has the same Python, and never stored in the project.

prose   sentences of the Python reference that comes with Python (`pydoc_data.topics`), shuffled into Markdown
code    the modules of Python's own library, joined in the order of their names (tests left out)
CJK     Chinese and Japanese words of frequent characters, drawn by Zipf's law, with their punctuation
JSON    records of those sentences and of numbers, minified: one line
markup  the same, with HTML or Markdown in one string of ten, as messages and pages have in them

All line ends are `\n`. Nothing in them is a reference. Random numbers are seeded by what is asked for.
"""

import json
import random
import re
import sysconfig
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from pydoc_data import topics
from typing import Final

KB: Final = 1000
MB: Final = 1000 * KB

_CHARACTERS: Final = "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日军者意无力它与长把机十民第公此已工使情明性知全三又关点正业外将两高间由问很最重并物手应战向头文体政美相见被利什二等产或新己制身果加西斯月话合回特代内信表化老给世位次度门任常先海通教儿原东声提立及比员解水名真论处走义各入几口认条平系气题活尔更别打女变四神总何电数安少报才结反受目太量再感建务做接必场件计管期市直德资命山金指克许统区保至队形社便空决治展马科司五基眼书非则听白却界达光放强即像难且权思王象完设式色路记南品住告类求据程北边死张该交规万取拉格望觉术领共确传师观清今切院让识候带导争运"
_KANA: Final = (
    *("です", "ます", "こと", "する", "これ", "それ", "ため", "よう", "ない", "ある", "いる", "から", "まで"),
    *("として", "について", "による", "テキスト", "モデル", "トークン", "データ", "システム", "ファイル"),
    *("プロンプト", "サーバー", "エディタ", "カウント", "ください", "しました", "であり", "および"),
)


def prose(characters: int, seed: int = 0) -> str:
    """Markdown: headings, paragraphs and lists of shuffled sentences."""
    chance = random.Random(f"prose {characters} {seed}")
    return _filled(characters, lambda: _paragraph(chance))


def code(characters: int, seed: int = 0) -> str:
    """Python, from a place in the library that the seed picks."""
    whole = _library()
    start = random.Random(f"code {seed}").randrange(len(whole)) if seed else 0
    start = whole.rfind("\n", 0, start) + 1
    text = whole[start : start + characters]
    while len(text) < characters:
        text += whole[: characters - len(text)]
    return text


def cjk(characters: int, seed: int = 0) -> str:
    """Paragraphs without spaces. A character is three bytes."""
    chance = random.Random(f"cjk {characters} {seed}")
    return _filled(characters, lambda: _cjk_paragraph(chance))


def minified_json(characters: int, seed: int = 0) -> str:
    """One line."""
    return _records(characters, random.Random(f"json {characters} {seed}"), str)


def json_with_markup(characters: int, seed: int = 0) -> str:
    """One line."""
    chance = random.Random(f"markup {characters} {seed}")
    return _records(characters, chance, lambda sentence: _marked_up(sentence, chance))


def _records(characters: int, chance: random.Random, written: Callable[[str], str]) -> str:
    """Minified JSON. `written`: how a sentence is."""
    known = _sentences()
    records: list[dict[str, object]] = []
    size = 0
    while size < characters:
        record: dict[str, object] = {
            "id": len(records),
            "name": written(chance.choice(known)[:30]),
            "score": round(chance.random() * 1000, 4),
            "tags": [chance.choice(known).split()[0] for _ in range(3)],
            "text": written(chance.choice(known)),
            "done": chance.random() < 0.5,
        }
        records.append(record)
        size += len(json.dumps(record, separators=(",", ":"))) + 1
    return json.dumps(records, separators=(",", ":"))[:characters]


def _marked_up(sentence: str, chance: random.Random) -> str:
    """One of ten sentences in HTML or Markdown."""
    first, _, rest = sentence.partition(" ")
    page = f"https://example.com/{chance.randrange(1000)}"
    if chance.random() >= 0.1:
        return sentence
    return chance.choice(
        (
            f'<p class="note"><b>{first}</b> {rest}<br/></p>',
            f'<a href="{page}?a=1&b=2">{first}</a> {rest} <!-- more -->',
            f"**{first}** [{rest}]({page})\n\n- `{first}`",
            f"`{first}` {rest}\n\n```python\nif 1 < 2: pass\n```\n",
            # In prose, what looks like markup is not always closed.
            f"{first} < {rest} `",
        )
    )


#: By name. A size is in UTF-8 bytes: CJK has a third of the characters.
CORPORA: Final[Mapping[str, Callable[[int], str]]] = {
    "prose": prose,
    "code": code,
    "CJK": lambda size: cjk(size // 3),
    "minified JSON": minified_json,
    "JSON with markup": json_with_markup,
}


def write_files(folder: Path, count: int, size: int, suffix: str = ".md") -> list[Path]:
    """Write files of `size` bytes each, all different, prose and code in turn. Code goes in a fence: it refers to nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number in range(count):
        path = folder / f"part-{number:05}{suffix}"
        text = prose(size, number + 1) if number % 2 else f"```python\n{code(size - 20, number + 1)}\n```\n"
        path.write_text(text, encoding="utf-8")
        paths.append(path)
    return paths


def _filled(characters: int, more: Callable[[], str]) -> str:
    parts: list[str] = []
    size = 0
    while size < characters:
        parts.append(more())
        size += len(parts[-1])
    return "".join(parts)[:characters]


def _paragraph(chance: random.Random) -> str:
    known = _sentences()
    kind = chance.random()
    if kind < 0.08:
        return f"{'#' * chance.randint(1, 3)} {chance.choice(known)[:40].strip()}\n\n"
    if kind < 0.2:
        return "".join(f"- {chance.choice(known)}\n" for _ in range(chance.randint(2, 6))) + "\n"
    words = " ".join(chance.choice(known) for _ in range(chance.randint(2, 7))).split(" ")
    lines, line = [], ""
    for word in words:
        if len(line) + len(word) > 96:
            lines.append(line)
            line = ""
        line = f"{line} {word}" if line else word
    return "\n".join([*lines, line]) + "\n\n"


def _cjk_paragraph(chance: random.Random) -> str:
    words, weights = _cjk_words()
    picked = iter(chance.choices(words, weights, k=120))
    return "".join(_cjk_sentences(picked, chance)) + "\n\n"


def _cjk_sentences(words: Iterator[str], chance: random.Random) -> Iterator[str]:
    for place, word in enumerate(words, 1):
        yield word
        if place % 7 == 0:
            yield chance.choice(",,,、。。?:")


@cache
def _cjk_words() -> tuple[list[str], list[float]]:
    chance = random.Random("cjk words")
    made = ["".join(chance.choices(_CHARACTERS, k=chance.choice((1, 2, 2, 2, 3, 4)))) for _ in range(4000)]
    words = [*_KANA, *made]
    chance.shuffle(words)
    return words, [1 / (place + 3) for place in range(len(words))]


@cache
def _sentences() -> tuple[str, ...]:
    """Sentences that hold no sign of a reference, a heading or markup that crosses lines."""
    whole = " ".join(" ".join(topics.topics[name] for name in sorted(topics.topics)).split())
    found = re.split(r"(?<=[.!?]) +(?=[A-Z])", whole)
    plain = (one for one in found if 20 <= len(one) <= 400 and not re.search(r"[@{<`\[|*~=#>]", one))
    return tuple(dict.fromkeys(plain))


@cache
def _library() -> str:
    root = Path(sysconfig.get_paths()["stdlib"])
    left_out = {"site-packages", "test", "tests", "idle_test", "lib2to3", "__pycache__"}
    paths = sorted(path for path in root.rglob("*.py") if not left_out & set(path.relative_to(root).parts))
    texts = (path.read_text(encoding="utf-8", errors="ignore") for path in paths)
    # A template or an address in code is no reference: the mark of one is left out.
    joined = "\n".join(texts).replace("\r\n", "\n").replace("\r", "\n")
    return joined.replace("{{", "{ {").replace("@", "(at)").replace("```", "'''")
