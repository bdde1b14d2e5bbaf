"""What the scanner finds is what it found when its rules were numbered: what is remembered of texts relies on it."""

import hashlib
import itertools
import json
import random
from pathlib import Path

from weighbridge.references.dialect import MARKDOWN, RULES
from weighbridge.references.model import Reference
from weighbridge.text import split_lines

EXAMPLES: list[str] = json.loads(
    Path(__file__).with_name("commonmark_examples.json").read_text(encoding="utf-8")
)
REFERENCES = (
    *(
        "{{m}}",
        "{{ m : x }}",
        "{{m:x y}}",
        "{{m:{x}}}",
        "{{}}",
        "\\{{m}}",
        "{{m",
        "@[var:m]",
        "@[var:m:d]",
        "@[file:a.md#L1-L2]",
    ),
    *("@[file:a b.md]", "@[file:a\\]b.md]", "@[api:n]", "@[file:]", "\\@[file:a.md]", "@docs/a.md", "@a.md,"),
    *(
        "(@a/b.md)",
        "me@a.md",
        "@a",
        "@./a",
        "@a.md#T",
        "@@a.md",
        "“@a.md”",
        "漢@a.md",
        "\u3000@a.md",
        "@é.md؛",
        "@file:a.md",
    ),
)
SURROUNDINGS = (
    *(
        "%s",
        "`%s`",
        "``` %s\n%s\n```",
        "    %s",
        "a\n    %s",
        "<!-- %s -->",
        "<!--\n\n%s\n-->",
        "> %s",
        "- %s",
    ),
    *(
        "# %s",
        "[%s](%s)",
        "[a]: %s",
        "<a href='%s'>",
        "\\%s",
        "*%s*",
        "---\na: %s\n---\n%s",
        "~~~\n%s",
        "<pre>\n%s",
    ),
    *(
        "|%s|",
        "%s\n===",
        "\t%s",
        "1. %s\n\n   %s",
        "- a\n\n      %s",
        "`%s\n%s`",
        "<?%s?>",
        "&lt;%s",
        "%s  \r\n%s\r%s",
    ),
)
#: A digest of all that is found in these texts, by the rules' number.
FOUND = {4: "931d57cb71792bcd"}


def texts() -> list[str]:
    """Every reference in every surrounding, CommonMark's examples with references strewn in, and both joined at random."""
    made = [
        surrounding.replace("%s", one) for surrounding, one in itertools.product(SURROUNDINGS, REFERENCES)
    ]
    chance = random.Random(1)
    for example in EXAMPLES:
        place = chance.randrange(len(example) + 1)
        made.append(f"{example[:place]}{chance.choice(REFERENCES)}{example[place:]}")
    for _ in range(500):
        made.append("\n".join(chance.choice(made) for _ in range(5)))
    return made


def found_in(text: str) -> list[tuple[int, Reference]]:
    scanner = MARKDOWN.stream_scanner()
    scanned = [one for line in split_lines(text) for one in scanner.feed(line)] + [*scanner.close()]
    return [(line, reference) for line, one in scanned for reference in one.references]


def test_what_is_found_is_what_the_rules_number_stands_for() -> None:
    hashed = hashlib.sha256()
    for text in texts():
        hashed.update(f"{text}\0{found_in(text)!a}\0".encode())
    assert hashed.hexdigest()[:16] == FOUND[RULES], (
        "the scanner finds other references than it did: raise RULES in references/dialect.py by one, so that nobody "
        "relies on what is remembered, and put this digest beside the new number"
    )
