"""How finely a counted buffer cuts its document."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Grain:
    """Sizes, in characters or rows; whatever they are, counts are the same.

    `at_once`: characters of a text that is counted between two keystrokes; a longer one is a worker's job.
    `least_chunk`, `most_chunk`: characters wanted of a chunk that is counted as one.
    `least_cut`: characters at least between two cuts that the caller asks for; what is closer is counted row by row.
    `regroup`: characters of rows that are counted row by row when they are grouped anew; more become coarse chunks.
    `rows`: of a fine chunk, before it is split. `patch`: rows an edit may put into a fine chunk without grouping anew.
    `whole_cell`: characters of a cell that is counted whole at each edit; a longer one is kept in pieces.
    `fine_piece`, `coarse_piece`: characters at least of such a piece, counted at once and by a worker.
    """

    at_once: int = 16 * 1024
    least_chunk: int = 3 * 1024
    most_chunk: int = 8 * 1024
    least_cut: int = 512
    regroup: int = 24 * 1024
    rows: int = 512
    patch: int = 32
    whole_cell: int = 240
    fine_piece: int = 120
    coarse_piece: int = 6 * 1024


STANDARD = Grain()
