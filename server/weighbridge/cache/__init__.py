"""Counts that survive restarts: a store over SQLAlchemy that never stands in the way.

It holds digests and numbers, no content and no paths. SQLAlchemy is imported only when a store opens.
"""

from weighbridge.cache.digest import Digester, digest, digest_of_utf8
from weighbridge.cache.entry import Counted, CountKey
from weighbridge.cache.limits import StoreLimits
from weighbridge.cache.store import CountStore

__all__ = [
    "CountKey",
    "CountStore",
    "Counted",
    "Digester",
    "StoreLimits",
    "digest",
    "digest_of_utf8",
]
