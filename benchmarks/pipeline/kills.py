"""Killed at random moments and started again: nothing lost, nothing read twice that was finished."""

from __future__ import annotations

import base64
import hashlib
import json
import random
import subprocess
import sys
import time
from functools import partial
from typing import TYPE_CHECKING

from documents import make_pdf
from runs import CLIENT, client, plan_for
from tables import Table

from dsocr_loaders.engines.encode import encode_page
from dsocr_loaders.pages import OpenOptions, PageWorker, RenderJob
from dsocr_loaders.sources import Spool, resolve_sources
from dsocr_loaders.testing.endpoint import SimulatedEndpoint
from dsocr_loaders.values import Decoding, Task

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["kill_table"]

SLOTS = 16


def kill_table(folder: Path, *, pages: int, kills: int) -> Table:
    """Return what twenty lives of one job cost: each is killed with SIGKILL, the last one may finish.

    A page counts as finished when the client had it in hand before the kill. The endpoint says how often each page's
    picture was asked for.
    """
    table = Table(
        "Killed and started again, with a journal",
        ("kills", "pages", "handed over before a kill", "lost", "finished and read again", "requests", "in flight"),
    )
    pdf = make_pdf(folder, pages)
    names = _digests(pdf, pages)
    dice = random.Random(5)  # noqa: S311 - the same moments each time
    log, journal = folder / "handed-over.txt", folder / "journal.sqlite"
    finished: set[int] = set()
    read_again = most_requests = 0
    with SimulatedEndpoint(plan_for(SLOTS, 12.0)) as endpoint:
        for _ in range(kills):
            before = dict(endpoint.report().attempts)
            already = set(finished)
            log.write_text("")
            request = {"pdf": str(pdf), "engine": endpoint.base_url, "journal": str(journal), "log": str(log)}
            process = subprocess.Popen(  # noqa: S603 - our own script
                [sys.executable, str(CLIENT), json.dumps(request)], stdout=subprocess.DEVNULL
            )
            time.sleep(dice.uniform(1.0, 5.0))
            process.kill()
            process.wait()
            finished |= {int(line) for line in log.read_text().splitlines() if line}
            attempts = endpoint.report().attempts
            read_again += sum(attempts.get(names[page], 0) > before.get(names[page], 0) for page in already)
        before = dict(endpoint.report().attempts)
        said = client(endpoint, pdf, journal=str(journal))
        report = endpoint.report()
        read_again += sum(report.attempts.get(names[page], 0) > before.get(names[page], 0) for page in finished)
        most_requests = sum(report.attempts.values())
    lost = pages - len(set(said["page_numbers"])) + said["statuses"].get("failed", 0)
    table.add(kills, pages, len(finished), lost, read_again, most_requests, most_requests - pages)
    table.ceiling("pages lost", lost, 0)
    table.ceiling("finished pages read again", read_again, 0)
    if not finished:
        table.misses.append("no page was handed over before a kill")
    if set(names.values()) - set(report.attempts):
        table.misses.append("some pictures were never asked for, so the count of them says nothing")
    return table


def _digests(pdf: Path, pages: int) -> dict[int, str]:
    """Return the sha256 of each page's picture as it is sent, a data URL."""
    digests = {}
    with Spool() as spool, PageWorker() as worker:
        source = next(resolve_sources(pdf, spool=spool))
        for number in range(1, pages + 1):
            job = RenderJob(
                source=source,  # type: ignore[arg-type]  # our own PDF is a source
                page_number=number,
                options=OpenOptions(),
                needs_image=True,
                prepare=partial(encode_page, image_format="jpeg"),
                task=Task.DOCUMENT,
                prompt="",
                resolution="gundam",
                decoding=Decoding(),
            )
            prepared = worker.run(job).prepared
            image = prepared.payload  # type: ignore[union-attr]  # not blank
            sent = f"data:{image.media_type};base64,{base64.b64encode(image.data).decode()}"
            digests[number] = hashlib.sha256(sent.encode()).hexdigest()
    return digests
