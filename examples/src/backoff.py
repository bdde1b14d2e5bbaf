"""When to try a delivery again: exponential backoff with full jitter."""

import random
from collections.abc import Iterator

#: Seconds: the first pause, the longest one, and how long an endpoint may stay away before deliveries are parked.
FIRST = 5.0
LONGEST = 3_600.0
GIVE_UP_AFTER = 72 * 3_600.0


def pauses(rng: random.Random) -> Iterator[float]:
    """Seconds to wait before each further attempt, until the endpoint has been away for too long.

    Full jitter: each pause is drawn evenly from zero to its ceiling, so that customers who went down together do not
    come back to thousands of deliveries at the same second.
    """
    waited = 0.0
    ceiling = FIRST
    while waited < GIVE_UP_AFTER:
        pause = rng.uniform(0, ceiling)
        waited += pause
        yield pause
        ceiling = min(LONGEST, ceiling * 2)
