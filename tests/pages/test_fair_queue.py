from __future__ import annotations

import threading

from dsocr_loaders.pages.fair_queue import FairQueue


def test_goes_round_the_parties():
    """This test ensures that a short run's jobs are taken between those of a long one, each run's in order."""
    queue = FairQueue()
    for number in range(4):
        queue.put(f"long {number}", "long")
    for number in range(2):
        queue.put(f"short {number}", "short")

    assert ["long 0", "short 0", "long 1", "short 1", "long 2", "long 3"] == [queue.get() for _ in range(6)]


def test_ends_when_it_is_closed_and_empty():
    """This test ensures that what waits is still taken after the end, and that every waiting thread then goes."""
    queue, taken = FairQueue(), []
    threads = [threading.Thread(target=lambda: taken.append(queue.get()), daemon=True) for _ in range(4)]
    for thread in threads[:3]:
        thread.start()
    queue.put("one", None)
    queue.close()
    queue.put("two", None)
    queue.close()
    threads[3].start()
    for thread in threads:
        thread.join(timeout=5.0)

    assert [None, None, "one", "two"] == sorted(taken, key=str)
