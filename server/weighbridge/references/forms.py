r"""How references are written: `@[kind:target]`, `@path`, `{{name}}`. Where they count is for the inline scanner to say.

    @[file:docs/style guide.md#Tone]   a file; `#L10-L40` or `#Heading` selects a part of it
    @[api:issues]  @[api:https://…]    a named API, or an address
    @[var:name:default]  {{name:default}}   a variable; `env.NAME` is one of the environment's
    @docs/style.md                     a file, where it looks like a path

In brackets, `\]` and `\\` stand for `]` and `\`. A default may be empty, and is taken as typed. In braces it holds no brace
and begins with no blank or quote: `{{ width: "100%" }}` is code. References stand in one line, and hold no other.

A short form is taken for a path behind white space, an opening bracket or quote, a dash or the like, never behind a letter
(`me@example.com`); where its last part has an extension of letters and digits, or it begins with `./` or `../`; and
where no `(` follows, which would make it code (`@app.route("/")`). So `@someone`, `@scope/package` and `@v1.2` stay text.
Punctuation that ends a sentence or closes emphasis is not part of it.
"""

import re
from collections.abc import Iterator
from typing import Final

from weighbridge.references.model import Kind, Reference, Typo

# A target ends at the first `]` that is not escaped. Another `@[` inside means that the first one was never closed.
_EXPLICIT = re.compile(r"@\[(file|api|var):((?:[^\]\\\r\n@]|\\[^\r\n]|@(?!\[)){0,2000}+)\]")
_UNESCAPE = re.compile(r"\\([\\\]])")
_BRACES = re.compile(
    r"\{\{[ \t]{0,99}+([^\W\d][\w.-]{0,255}+)[ \t]{0,99}+(?::((?![\s\"'])[^{}\r\n]{0,3000}+))?\}\}"
)
#: A character of a short path: punctuation of all sorts ends one.
IN_PATH = (
    r"(?:[^\s\x00-\x1f\x7f@<>\"'`|(){}\[\]*?;,:#\\。，、；：！？（）【】「」『』《》“”‘’„‚«»‹›…—–―،؛؟۔।॥"  # noqa: RUF001
    r"\u200b\u200e\u200f\u2066-\u2069\ufeff]|:(?=[^\s:]))"
)
_PATH = re.compile(rf"@({IN_PATH}{{1,2000}}+)(?!{IN_PATH})(?:#([\w./%:~-]{{1,1000}}+))?")
#: As much of each of them as there is: what decides that there is none stands at most `_DECIDING` characters behind it.
_EXPLICIT_SO_FAR = re.compile(r"@\[[a-z]{0,4}+(?::(?:[^\]\\\r\n@]|\\[^\r\n]|@(?!\[)){0,2001}+)?")
_BRACES_SO_FAR = re.compile(
    r"\{\{[ \t]{0,100}+(?:[^\W\d][\w.-]{0,256}+[ \t]{0,100}+(?::[^{}\r\n]{0,3001}+)?)?"
)
_PATH_SO_FAR = re.compile(rf"@{IN_PATH}{{0,2001}}+(?:#[\w./%:~-]{{0,1001}}+)?")
_DECIDING: Final = 2
#: Characters of the longest typo, and what it may hold: nothing that begins or ends something else.
_LONGEST_TYPO: Final = 400
_MEANT = r"[^\[\]\\\r\n@`<>{}]"
#: One that nothing closes, up to the first blank.
_OPENED = re.compile(rf"@\[(?:file|api|var):(?=\S)(?!{_MEANT}{{0,300}}+\\?\])(?:(?!\s){_MEANT}){{1,300}}+")
#: What is behind the `@` of a reference in brackets: without them, no path begins so.
_KIND = re.compile(r"(?:file|api|var):", re.IGNORECASE)
#: One with its kind in other letters; a path without its kind, of a text or in a folder; a path with a drive's letter.
_MISTYPED = re.compile(
    rf"@\[[ \t]?(?i:(file|api|var))[ \t]?:({_MEANT}{{1,300}}+)\]"
    r"|@\[((?:\.{1,2}/)?(?:[\w.-]{1,40}+/){0,6}+[\w.-]{1,60}\.(?:md|markdown|mdc|txt|prompt))\](?![(\[:])"
    r"|@([A-Za-z]:\\[\w.\\-]{1,300}+)"
)
#: What each of them begins with.
_MARK = re.compile(r"@|\{(?=\{)")
#: Characters of the longest reference: the patterns above allow no longer one.
LONGEST_REFERENCE: Final = 4096
#: What may stand before a short file reference, besides white space: punctuation, and marks that nobody sees.
_BEFORE_PATH = frozenset(
    "([{\"'“‘„‚«‹<>*_~|,;:=-—–―!（【「『《，、：；。،؛؟۔।॥"  # noqa: RUF001  likewise
    "\u200b\u200e\u200f\u2066\u2067\u2068\u2069\ufeff"
)
#: What ends a sentence or closes emphasis behind a path or heading.
TRAILING = ".!?_~"
_EXTENSION = re.compile(r"\.[A-Za-z][A-Za-z0-9]{0,11}$")
_RELATIVE = re.compile(r"\.{1,2}/.")


def may_begin_path(text: str, at: int) -> bool:
    """Whether the `@` of a short file reference may stand at a place of a text: not behind a letter, say."""
    return at == 0 or text[at - 1] in _BEFORE_PATH or text[at - 1].isspace()


def reference_at(text: str, at: int) -> Reference | None:
    """The reference that begins at an `@` or `{` of a text; its columns are the text's. Linear in what it reads."""
    if text[at] == "{":
        match = _BRACES.match(text, at)
        if match is None:
            return None
        return Reference(Kind.VARIABLE, match[1], at, match.end(), default=match[2], explicit=False)
    match = _EXPLICIT.match(text, at)
    if match is not None:
        return _explicit(match[1], _UNESCAPE.sub(r"\1", match[2]), at, match.end())
    short = _short(text, at)
    return None if short is None or _KIND.match(short.target) else short


def typo_at(text: str, at: int) -> Typo | None:
    """What is meant as a reference at an `@` or `{` that begins none. It holds nothing that could be something else."""
    if not text.startswith("@", at) or not may_begin_path(text, at):
        return None
    match = _OPENED.match(text, at)
    if match is not None:
        return Typo(at, match.end(), f"{match[0].rstrip(TRAILING + ',;:')}]", certain=False)
    match = _MISTYPED.match(text, at)
    if match is None:
        return _without_brackets(text, at)
    kind, target, path, drive = match.groups()
    if kind is not None:
        written = f"@[{kind.lower()}:{target}]"
        # Of `@[api:]` nobody can tell what is meant.
        typo = Typo(at, match.end(), written, certain=True)
        return typo if written != match[0] and reference_at(written, 0) is not None else None
    named = path or drive.rstrip(TRAILING)
    if not _EXTENSION.search(named):
        return None
    return Typo(at, match.end() if path else at + 1 + len(named), f"@[file:{named}]", certain=False)


def _without_brackets(text: str, at: int) -> Typo | None:
    short = _short(text, at)
    if short is None or _KIND.match(short.target) is None:
        return None
    kind, _, target = text[at + 1 : short.end].partition(":")
    return Typo(at, short.end, f"@[{kind.lower()}:{target}]", certain=False)


def reference_seen(text: str, at: int) -> int:
    """Behind the last character that `reference_at` looks at; a little more may be said, never less."""
    if text[at] == "{":
        so_far = _BRACES_SO_FAR
    else:
        so_far = _EXPLICIT_SO_FAR if text.startswith("[", at + 1) else _PATH_SO_FAR
    match = so_far.match(text, at)
    # A typo of what is none is looked for a little further.
    return max(at + _LONGEST_TYPO, at if match is None else match.end()) + _DECIDING


def holds_reference(text: str) -> bool:
    """Whether anything in a text looks like a reference, or a typo of one, wherever it stands: never wrongly no.

    Linear in the text.
    """
    return any((reference_at(text, at) or typo_at(text, at)) is not None for at in _marks(text))


def _marks(text: str) -> Iterator[int]:
    return (match.start() for match in _MARK.finditer(text))


def _explicit(kind: str, target: str, start: int, end: int) -> Reference | None:
    """A reference in brackets; None if it names nothing."""
    if kind == "api":
        address = target.strip()
        return Reference(Kind.API, address, start, end) if address else None
    if kind == "file":
        path, _, fragment = (part.strip() for part in target.partition("#"))
        return Reference(Kind.FILE, path, start, end, fragment or None) if path else None
    name, colon, default = target.partition(":")
    name = name.strip()
    if not name:
        return None
    return Reference(Kind.VARIABLE, name, start, end, default=default if colon else None)


def _short(text: str, at: int) -> Reference | None:
    """A path behind an `@`, where it looks like one."""
    if not may_begin_path(text, at):
        return None
    match = _PATH.match(text, at)
    if match is None or text.startswith("(", match.end()):
        return None
    path: str = match[1]
    fragment = (match[2] or "").rstrip(TRAILING + "/:%-")
    if not fragment:
        path = path.rstrip(TRAILING)
    if not _looks_like_path(path):
        return None
    end = at + 1 + len(path) + (1 + len(fragment) if fragment else 0)
    return Reference(Kind.FILE, path, at, end, fragment or None, explicit=False)


def _looks_like_path(path: str) -> bool:
    if "://" in path or path.endswith("/") or path.startswith("-"):
        return False
    return _RELATIVE.match(path) is not None or _EXTENSION.search(path) is not None
