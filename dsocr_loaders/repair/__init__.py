"""The ladder of repairs: what is done about an answer that is damaged. Pure; `pipeline.repairing` climbs it.

A page whose answer has a fault is taken up the ladder rung by rung, each only for the faults that it mends, until an
answer without a fault is there or the extra reads are used up. The best answer is the page's; what was there already
stays if nothing is better.

`rungs` says which rung mends what; `plans` what the engine is asked for one, as a `questions.Question`; `framing` how a
page is turned or cut before it is asked about, and how boxes come back; `trimming` cuts loops out of an answer;
`halves` says where a page is cut and `joining` makes one page of both answers; `ranking` says which of two readings is
better; `budget` how many extra reads there may be.
"""

from __future__ import annotations

from dsocr_loaders.repair.budget import RepairBudget
from dsocr_loaders.repair.framing import WHOLE, Framing, prepare_framed, prepare_part
from dsocr_loaders.repair.joining import joined
from dsocr_loaders.repair.plans import plans_for
from dsocr_loaders.repair.questions import Question
from dsocr_loaders.repair.ranking import is_better
from dsocr_loaders.repair.readings import Reading, as_truncated
from dsocr_loaders.repair.rungs import DEFAULT_LADDER, ladder_of, mends
from dsocr_loaders.repair.trimming import Trim, trim_of

__all__ = [
    "DEFAULT_LADDER",
    "WHOLE",
    "Framing",
    "Question",
    "Reading",
    "RepairBudget",
    "Trim",
    "as_truncated",
    "is_better",
    "joined",
    "ladder_of",
    "mends",
    "plans_for",
    "prepare_framed",
    "prepare_part",
    "trim_of",
]
