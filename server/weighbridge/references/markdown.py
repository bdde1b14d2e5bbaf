"""The dialect `markdown`, the default: native references in CommonMark text. See `blocks`, `inlines` and `leaves`."""

from weighbridge.references.index import ScanIndex, StreamScanner, scan

__all__ = ["ScanIndex", "StreamScanner", "scan"]
