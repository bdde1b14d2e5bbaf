"""HTML in Markdown, as CommonMark knows it: tags, and what begins and ends an HTML block."""

import re
from typing import Final

OPEN_TAG: Final = (
    r"<[A-Za-z][A-Za-z0-9-]*+(?:[ \t\r\n]++[a-zA-Z_:][a-zA-Z0-9:._-]*+"
    r"(?:[ \t\r\n]*+=[ \t\r\n]*+(?:[^\"'=<>` \t\r\n]++|'[^']*+'|\"[^\"]*+\"))?+)*+[ \t\r\n]*+/?>"
)
CLOSE_TAG: Final = r"</[A-Za-z][A-Za-z0-9-]*+[ \t\r\n]*+>"
_NAMED = r"</?[A-Za-z][A-Za-z0-9-]*+"
#: As much of a tag as there is: where its last value has no end, the quote that would be it is the group.
_TAG_SO_FAR = re.compile(
    rf"{_NAMED}(?:[ \t\r\n]++[a-zA-Z_:][a-zA-Z0-9:._-]*+"
    r"(?:[ \t\r\n]*+=[ \t\r\n]*+(?:[^\"'=<>` \t\r\n]++|'[^']*+'|\"[^\"]*+\"))?+)*+[ \t\r\n]*+(?:=[ \t\r\n]*+([\"'])?)?"
)
#: The type of HTML block that an HTML line may begin only where no paragraph is open.
ANY_TAG: Final = 7
#: HTML blocks of this type and above end at a blank line.
ENDS_AT_BLANK: Final = 6

_BLOCK_TAGS = (
    "address|article|aside|base|basefont|blockquote|body|caption|center|col|colgroup|dd|details|dialog|dir|div|dl|dt|"
    "fieldset|figcaption|figure|footer|form|frame|frameset|h[123456]|head|header|hr|html|iframe|legend|li|link|main|"
    "menu|menuitem|nav|noframes|ol|optgroup|option|p|param|search|section|summary|table|tbody|td|tfoot|th|thead|title|"
    "tr|track|ul"
)
#: One group for each of the seven types, in their order.
_OPEN = re.compile(
    r"(<(?:script|pre|textarea|style)(?:[ \t>]|$))"
    r"|(<!--)"
    r"|(<[?])"
    r"|(<![A-Z])"
    r"|(<!\[CDATA\[)"
    rf"|(</?(?:{_BLOCK_TAGS})(?:[ \t]|/?>|$))"
    rf"|((?:{OPEN_TAG}|{CLOSE_TAG})[ \t]*$)",
    re.IGNORECASE | re.ASCII,
)
_CLOSE = (
    re.compile(r"</(?:script|pre|textarea|style)>", re.IGNORECASE | re.ASCII),
    re.compile(r"-->"),
    re.compile(r"\?>"),
    re.compile(r">"),
    re.compile(r"\]\]>"),
)


def tag_seen(text: str, at: int) -> tuple[int, str]:
    """Behind the last character that is looked at for a tag at a `<`, where there is none; a little more may be said.

    And the quote without which it stays none, whatever else comes behind that; empty if it is not for want of a quote.
    """
    match = _TAG_SO_FAR.match(text, at)
    if match is None:
        return at + 2, ""
    return match.end() + 2, match[1] or ""


def block_begun(line: str, at: int) -> int:
    """The type (1 to 7) of the HTML block that begins at a `<` of a line without its end; 0 if none does."""
    match = _OPEN.match(line, at)
    # CDATA is written in capitals, though all else may be in either case.
    if match is None or (match.lastindex == 5 and not line.startswith("<![CDATA[", at)):
        return 0
    return match.lastindex or 0


def block_ends(block_type: int, line: str, at: int) -> bool:
    """Whether a line ends an HTML block, itself its last line."""
    return block_type < ENDS_AT_BLANK and _CLOSE[block_type - 1].search(line, at) is not None


def ends_in_comment(line: str, start: int, *, inside: bool) -> bool:
    """Whether raw HTML from `start` on ends inside a comment, having begun inside one or not."""
    at = start
    while True:
        if inside:
            at = line.find("-->", at)
            if at < 0:
                return True
            at += 3
        at = line.find("<!--", at)
        if at < 0:
            return False
        # `<!-->` and `<!--->` are comments of their own.
        at += 2
        inside = True
