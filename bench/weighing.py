"""python -m bench.weighing FOLDER: weigh the folder's prompts once; seconds and tokens as JSON. What `throughput` starts."""

import json
import sys
import time
from pathlib import Path

from bench.baseline import ENCODING
from weighbridge.batch import weigh
from weighbridge.cache import database
from weighbridge.tokens.registry import tokenizer


def main() -> None:
    """Measure once the vocabulary is loaded, and all modules are."""
    assert database is not None
    place = Path(sys.argv[1])
    tokenizer(ENCODING)
    start = time.perf_counter()
    outcomes = weigh([place / "prompts"], {})
    seconds = time.perf_counter() - start
    tokens = sum(outcome.report.tokens for outcome in outcomes if outcome.report is not None)
    sys.stdout.write(json.dumps({"seconds": seconds, "tokens": tokens, "files": len(outcomes)}))


if __name__ == "__main__":
    main()
