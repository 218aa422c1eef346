"""An answer's text -> regions. Total: nothing raises, and every character is accounted for.

The way of one answer through this package, each module handing values to the next:

```
characters -> lines    scanner   keeps what is not a whole line yet
lines      -> marks    lines     Tag, Cut and Content; the grammar is in `tagged` (boxes, labels, stripped)
marks      -> blocks   blocks    the text behind a tag, cut at its tables    (parts)
blocks     -> settled  clusters  rows behind a caption, captions and owners
blocks     -> regions  wording   the text of a region, by documented rules
```

A line is the unit: no tag crosses its end. So every step looks at one line, one tag's text or one cluster of tables,
figures and captions, and an answer that is still being written gives the same regions as the whole one.
"""

from __future__ import annotations

from dsocr_loaders.grounding.answer import parse_answer
from dsocr_loaders.grounding.issues import ISSUES
from dsocr_loaders.grounding.scanner import AnswerScanner

__all__ = ["ISSUES", "AnswerScanner", "parse_answer"]
