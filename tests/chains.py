"""Links that lead to one another."""

from pathlib import Path


def chain(head: Path, target: Path, links: int) -> None:
    """Make links of which each leads to the next, and the last to the target."""
    middle = [head.with_name(f".{head.name}-{number}") for number in range(1, links)]
    for link, to in zip([head, *middle], [*middle, target], strict=True):
        link.symlink_to(to)
