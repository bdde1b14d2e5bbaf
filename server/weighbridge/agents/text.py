"""Text as agents' runtimes see it: decoding, trimming, line ends, front matter, JSON with comments."""

import html
import json
import re
import tomllib
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

from weighbridge.agents.model import Files

#: What JavaScript calls white space: `trim()` and `\s` know these and no others.
JS_SPACE = (
    "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000\ufeff"
)
#: The same as the inside of a regular expression's character class.
JS_SPACE_CLASS = re.escape(JS_SPACE)
#: What Unicode calls white space: Rust's `trim()` knows these and no others.
SPACE = f"{JS_SPACE.removesuffix(chr(0xFEFF))}\u0085"

_BYTE_ORDER_MARK = "\ufeff"


def decoded(data: bytes, *, keep_mark: bool = False) -> str:
    """UTF-8 with U+FFFD for what is none. A byte order mark at the start goes unless `keep_mark`."""
    text = data.decode("utf-8", "replace")
    return text if keep_mark else text.removeprefix(_BYTE_ORDER_MARK)


def read_text(files: Files, path: Path, *, own: bool = True, keep_mark: bool = False) -> str | None:
    """A file's text, None where there is none, or it may not be opened. `own`: as `Files.read` has it; `keep_mark`: as `decoded` has it."""
    data = files.read(path, own=own)
    return None if data is None else decoded(data, keep_mark=keep_mark)


def as_javascript(value: object) -> str:
    """A value of YAML as JavaScript writes it as a text; empty for mappings and nothing."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ",".join(map(as_javascript, value))
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value) if isinstance(value, str | int | float | date) else ""


def escaped(text: str) -> str:
    """A text as it stands in XML."""
    return html.escape(text).replace("&#x27;", "&apos;")


def js_trim(text: str) -> str:
    """The text without JavaScript's white space at both ends."""
    return text.strip(JS_SPACE)


def js_trim_end(text: str) -> str:
    """The text without JavaScript's white space at its end."""
    return text.rstrip(JS_SPACE)


def unix_lines(text: str) -> str:
    """The text with every line end as a line feed."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def utf16_units(text: str) -> int:
    """The text's length in UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def first_units(text: str, units: int, half: str = "replace") -> str:
    """The first UTF-16 units of a text; half a character is U+FFFD, or goes (`half`: as `bytes.decode` has `errors`)."""
    return text.encode("utf-16-le", "surrogatepass")[: 2 * units].decode("utf-16-le", half)


def cut_at_line(text: str, units: int, half: str = "replace") -> str:
    """The text up to the last line end in its first UTF-16 units, of which there is one more; up to those where there is none."""
    if utf16_units(text) <= units:
        return text
    end = first_units(text, units + 1).rfind("\n")
    return text[:end] if end > 0 else first_units(text, units, half)


def kilobytes(units: int) -> str:
    """A number in thousands of 1,024 with one digit, rounded as JavaScript does: a half upwards."""
    tenths = (20 * units + 1024) // 2048
    return f"{tenths // 10}.{tenths % 10}"


def js_order(text: str) -> bytes:
    """A key that sorts texts as JavaScript does: by their UTF-16 units."""
    return text.encode("utf-16-be", "surrogatepass")


def toml_table(data: bytes | None) -> dict[str, Any]:
    """A TOML file's values by name; empty where there is none, or it can't be read."""
    try:
        return {} if data is None else tomllib.loads(decoded(data))
    except (tomllib.TOMLDecodeError, RecursionError):
        return {}


_COMMENT_OR_STRING = re.compile(r'"(?:[^"\\]|\\.)*"|//[^\n]*|/\*.*?\*/', re.DOTALL)
_TRAILING_COMMA = re.compile(r'"(?:[^"\\]|\\.)*"|,(?=\s*[}\]])', re.DOTALL)


def json_object(data: bytes | None, *, lenient: bool = True) -> dict[str, Any]:
    """A JSON object's values by name; empty where it is none. `lenient`: comments and trailing commas are passed over."""
    if data is None:
        return {}
    text = decoded(data)
    for pattern in (_COMMENT_OR_STRING, _TRAILING_COMMA) if lenient else ():
        text = pattern.sub(lambda match: match[0] if match[0].startswith('"') else " ", text)
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return values if isinstance(values, dict) else {}


def split_patterns(patterns: str, opening: str = "{", closing: str = "}") -> list[str]:
    """The patterns of a list with commas, those within braces left alone."""
    parts, depth = [""], 0
    for character in patterns:
        depth += (character in opening) - (character in closing)
        if character == "," and depth <= 0:
            parts.append("")
        else:
            parts[-1] += character
    return parts


def anywhere(patterns: Iterable[str]) -> tuple[str, ...]:
    """Patterns of files, from the folder that they speak of and from any below it: for agents that may take either."""
    written = [pattern.strip().removeprefix("./").lstrip("/") for pattern in patterns]
    return tuple(form for pattern in written if pattern for form in (pattern, f"**/{pattern}"))
