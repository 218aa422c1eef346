"""Several runs on one engine: fair, bounded together, and leaving nothing behind."""

from __future__ import annotations

import threading
import time
from contextlib import closing

from dsocr_loaders.pipeline import PageRendered, PageStarted
from dsocr_loaders.testing import ScriptedEngine
from dsocr_loaders.values import PageResult

ANSWER = "<|ref|>text<|/ref|><|det|>[[0, 0, 999, 999]]<|/det|>\nwords"


def pages_of(items):
    return [item for item in items if isinstance(item, PageResult)]


def wait_until(is_so):
    deadline = time.monotonic() + 10
    while not is_so() and time.monotonic() < deadline:
        time.sleep(0.005)


def test_a_short_run_is_not_behind_a_long_one(make_pdf, run):
    """This test ensures that five pages are read among the many that came before them, and no more slots are used."""
    long, short = make_pdf(*map(str, range(60))), make_pdf(*map(str, range(5)), name="short.pdf")
    engine = ScriptedEngine(ANSWER, capacity=4, delay_s=0.03)
    items = run(long, engine)
    reading = threading.Thread(target=pages_of, args=(items,))
    reading.start()
    wait_until(lambda: len(engine.requests) >= 8)

    before = len(engine.requests)
    pages = pages_of(run(short, engine))
    others = [request for request in engine.requests[before:] if request.page.source.name.endswith("report.pdf")]
    reading.join()

    assert 5 == len(pages)
    assert len(others) <= 20
    assert 4 == engine.most_in_flight
    assert 5 == engine.loop.images.most_held
    assert (0, 0) == (engine.loop.images.held, engine.loop.slots.held)
    engine.close()


def test_page_workers_go_round_the_runs(make_pdf, spool, run):
    """This test ensures that with pages enough for every worker, a short run's are rendered between a long one's."""
    events = []
    engine = ScriptedEngine(ANSWER, capacity=200)
    items = run(make_pdf(*map(str, range(150))), engine, stream={"tell": events.append})
    reading = threading.Thread(target=pages_of, args=(items,))
    reading.start()
    wait_until(lambda: sum(isinstance(event, PageStarted) for event in events) >= 150)

    pages_of(run(make_pdf("1", "2", "3", name="short.pdf"), engine))
    rendered = sum(isinstance(event, PageRendered) for event in events)
    reading.join()

    assert rendered < 150
    engine.close()


def test_runs_that_were_given_up_leave_their_permits(make_pdf, run):
    """This test ensures that closing at any moment, even before a page has begun, takes nothing from later runs."""
    engine = ScriptedEngine(ANSWER, capacity=3, delay_s=0.02)
    path = make_pdf(*map(str, range(12)))
    for taken in range(8):
        with closing(run(path, engine)) as items:
            for _ in range(taken + 1):
                next(items)

    pages = pages_of(run(path, engine))

    assert 12 == len(pages)
    assert (0, 0) == (engine.loop.images.held, engine.loop.slots.held)
    engine.close()


def test_two_budgets_on_one_engine(make_pdf, run):
    """This test ensures that a run with a budget of its own keeps to it while another fills the engine."""
    engine = ScriptedEngine(ANSWER, capacity=6, delay_s=0.02)
    path = make_pdf(*map(str, range(24)))
    rendered = {"narrow": 0, "wide": 0}
    most = {"narrow": 0, "wide": 0}

    def reading(name, **chosen):
        def tell(event):
            kind = type(event).__name__
            rendered[name] += {"PageStarted": 1, "PageFinished": -1}.get(kind, 0)
            most[name] = max(most[name], rendered[name])

        return threading.Thread(target=pages_of, args=(run(path, engine, stream={"tell": tell}, **chosen),))

    threads = [reading("narrow", max_in_flight=2), reading("wide")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert most["narrow"] <= 2
    assert engine.loop.images.most_held <= 7
    engine.close()
