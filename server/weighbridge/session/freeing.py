"""Long lists that nobody wants any more, freed some items in a turn: to free them all at once would hold the loop."""

import asyncio
from typing import Any

from weighbridge.session.document import Document

#: Lines, chunks of counts or places that are freed in one turn: a few milliseconds' worth.
_FREED_A_TURN = 2000


def free_soon(document: Document) -> None:
    """Free what a document let go of."""
    lists = [items for items in document.discarded if items]
    document.discarded.clear()
    if lists:
        asyncio.get_running_loop().call_soon(_free, lists)


def _free(lists: list[list[Any]]) -> None:
    del lists[-1][-_FREED_A_TURN:]
    if not lists[-1]:
        lists.pop()
    if lists:
        asyncio.get_running_loop().call_soon(_free, lists)
