"""One run over one PDF in a process of its own, as a user's program would do it; says what it took as JSON.

    python benchmarks/pipeline/client.py '{"pdf": "pages-500.pdf", "engine": "http://127.0.0.1:8000/v1"}'

The other words of the request are settings of `Reader`, and `"give_up_after": N` (pages) and `"log": PATH` (a line for
each page that was handed over, written before the next is asked for).
"""

from __future__ import annotations

import json
import logging
import os
import resource
import sys
import threading
import time
from array import array
from contextlib import ExitStack, closing
from pathlib import Path

from dsocr_loaders import PageResult, Reader
from dsocr_loaders.pipeline import PageFinished, PageRead, PageRendered, PageRetried, PageStarted
from dsocr_loaders.runs import ChunkRun

MEBIBYTE = 1 << 20


class Watching:
    """Keeps when each page was read, how long that took, and how many images were held at once."""

    def __init__(self) -> None:
        self.read_s = array("d")  # by page number, 0 for a page that was not read: compact, since memory is measured
        self.retried: set[int] = set()
        self.held: set[int] = set()
        self.most_held = 0

    def observe(self, event: object) -> None:
        """Take the next event."""
        match event:
            case PageStarted(place=place):
                self.held.add(place.page_number)
                self.most_held = max(self.most_held, len(self.held))
            case PageRendered(place=place, attempt=attempt):
                if attempt > 1:
                    self.retried.add(place.page_number)
                self.held.add(place.page_number)
                self.most_held = max(self.most_held, len(self.held))
            case PageRead(place=place, waited_s=waited_s, took_s=took_s):
                missing = place.page_number + 1 - len(self.read_s)
                self.read_s.extend([0.0] * missing)
                self.read_s[place.page_number] = waited_s + took_s
                self.held.discard(place.page_number)
            case PageRetried(place=place) | PageFinished(place=place):
                self.held.discard(place.page_number)
            case _:
                pass


class PeakMemory:
    """Watches the resident memory of this process and its children; the largest sum, in MiB."""

    def __init__(self) -> None:
        self.own = self.children = 0.0
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> PeakMemory:  # noqa: PYI034 - no subclasses
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._is_over.wait(0.05):
            self.own = max(self.own, _resident_mib(os.getpid()))
            children = _children(os.getpid())
            self.children = max(self.children, sum(map(_resident_mib, children)))


def _children(process_id: int) -> list[int]:
    try:
        listed = Path(f"/proc/{process_id}/task/{process_id}/children").read_text()
    except OSError:
        return []
    return [int(word) for word in listed.split()]


def _resident_mib(process_id: int) -> float:
    try:
        pages = int(Path(f"/proc/{process_id}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0.0
    return pages * resource.getpagesize() / MEBIBYTE


def main() -> None:
    """Do what the command line asks for."""
    asked = json.loads(sys.argv[1])
    logging.disable(logging.WARNING)
    pdf, give_up_after, log = asked.pop("pdf"), asked.pop("give_up_after", None), asked.pop("log", None)
    watching = Watching()
    pages = array("l")
    statuses: dict[str, int] = {}
    chunks, known = 0, 0
    first_chunk_s = None
    with ExitStack() as stack:
        memory = stack.enter_context(PeakMemory())
        lines = stack.enter_context(Path(log).open("a")) if log else None
        # What is measured is the way of a given number of reads; damaged answers would ask for more.
        quiet = {"on_page_error": "placeholder", "repair": False}
        reader = stack.enter_context(Reader(observers=[watching], **quiet, **asked))
        began = time.perf_counter()
        cpu = time.process_time()
        if reader.settings.ordered:
            run = ChunkRun(reader.settings)
            items = stack.enter_context(closing(reader.iter_items(pdf)))
            for item in items:
                for _ in run.chunks(item):
                    chunks += 1
                    first_chunk_s = first_chunk_s or time.perf_counter() - began
                if isinstance(item, PageResult):
                    pages.append(item.page_number)
                    statuses[item.status] = statuses.get(item.status, 0) + 1
                    if lines:
                        lines.write(f"{item.page_number}\n")
                        lines.flush()
                    if give_up_after and len(pages) >= give_up_after:
                        break
        else:
            for page in reader.iter_pages(pdf):
                pages.append(page.page_number)
                statuses[page.status] = statuses.get(page.status, 0) + 1
        took_s = time.perf_counter() - began
        cpu_s = time.process_time() - cpu
        if reader.last_report is not None:
            known = reader.last_report.known_pages
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    result = {
        "took_s": took_s,
        "first_chunk_s": first_chunk_s,
        "pages": len(pages),
        "page_numbers": list(pages),
        "statuses": statuses,
        "chunks": chunks,
        "known_pages": known,
        "cpu_s": cpu_s,
        "workers_cpu_s": spent.ru_utime + spent.ru_stime,
        "peak_mib": memory.own,
        "workers_peak_mib": memory.children,
        "most_held": watching.most_held,
        "read_s": {number: took_s for number, took_s in enumerate(watching.read_s) if took_s},
        "retried": sorted(watching.retried),
    }
    sys.stdout.write(json.dumps(result))


if __name__ == "__main__":
    main()
