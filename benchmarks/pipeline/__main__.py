"""What the pipeline keeps of an endpoint's speed, and what faults, kills and long files cost: prints tables.

    python benchmarks/pipeline [--short] [TABLE ...]

TABLE is one or more of: share, faults, memory, first-chunk, kills, stages, rivals; all by default. The endpoint is
simulated (`dsocr_loaders.testing.endpoint`): a real HTTP server in a process of its own, with a real server's slots,
step times and spread of answer lengths, and no model. It is slowed down or sped up until two cores can feed it:
`runs.plan_for` says how. All else is real: PDF in, page workers, HTTP, parsing, chunks out.

`--short` takes a few minutes and keeps lower floors, for runs beside other work; the long form takes about an
hour on two idle cores and keeps those that are promised. The exit status is 1 if a floor was missed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from faults import LATENCY_CEILING, THROUGHPUT_FLOOR, fault_table
from kills import kill_table
from memory import first_chunk_table, memory_table
from rivals import rival_table
from share import SHARE_FLOOR, share_table
from stages import stage_table

if TYPE_CHECKING:
    from collections.abc import Callable

    from tables import Table

LONG: dict[str, Callable[[Path], Table]] = {
    "share": lambda at: share_table(at, waves={16: 80, 64: 20, 256: 10}, pages_per_s=12.0, floor=SHARE_FLOOR),
    "faults": lambda at: fault_table(
        at, slots=64, pages=600, pages_per_s=12.0, floor=THROUGHPUT_FLOOR, ceiling=LATENCY_CEILING
    ),
    "memory": lambda at: memory_table(at, short=500, long=10_000),
    "first-chunk": lambda at: first_chunk_table(at, short=10, long=10_000, rounds=7),
    "kills": lambda at: kill_table(at, pages=400, kills=20),
    "stages": lambda at: stage_table(at, pages=100, slots=(64, 256)),
    "rivals": lambda at: rival_table(at, slots=64, pages=640, pages_per_s=12.0),
}
SHORT: dict[str, Callable[[Path], Table]] = {
    "share": lambda at: share_table(at, waves={16: 12}, pages_per_s=8.0, floor=0.90),
    "faults": lambda at: fault_table(at, slots=16, pages=160, pages_per_s=8.0, floor=0.85, ceiling=1.5),
    "memory": lambda at: memory_table(at, short=500, long=1500),
    "first-chunk": lambda at: first_chunk_table(at, short=10, long=2000, rounds=3),
    "kills": lambda at: kill_table(at, pages=80, kills=4),
}


def main() -> int:
    """Measure what was asked for; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tables", nargs="*", metavar="TABLE")
    parser.add_argument("--short", action="store_true")
    asked = parser.parse_args()
    known = SHORT if asked.short else LONG
    unknown = [name for name in asked.tables if name not in known]
    if unknown:
        parser.error(f"no such table: {', '.join(unknown)}; there are {', '.join(known)}")
    misses = 0
    with tempfile.TemporaryDirectory(prefix="dsocr-benchmark-") as folder:
        for name in asked.tables or known:
            table = known[name](Path(folder))
            table.show()
            sys.stdout.flush()
            misses += len(table.misses)
    return 1 if misses else 0


if __name__ == "__main__":
    sys.exit(main())
