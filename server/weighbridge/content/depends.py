"""What of the disk something depends on."""

from dataclasses import dataclass
from pathlib import Path

_NONE: frozenset[Path] = frozenset()


@dataclass(frozen=True, slots=True)
class Depends:
    """Files and folders, existing or not, that something would be another without. `listed`: folders whose names matter, too."""

    paths: frozenset[Path] = _NONE
    listed: frozenset[Path] = _NONE

    def __or__(self, other: "Depends") -> "Depends":
        return Depends(self.paths | other.paths, self.listed | other.listed)


NOTHING = Depends()
