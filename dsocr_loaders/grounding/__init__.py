"""An answer's text -> regions. Total: nothing raises, and every character is accounted for.

The way through this package: `tags` finds the tags in one scan, `boxes` reads their numbers, `labels` knows what the
words mean, `blocks` gives every character to a region or to a drop, `links` ties captions to tables and figures, and
`answer` puts it together.
"""

from __future__ import annotations

from dsocr_loaders.grounding.answer import parse_answer

__all__ = ["parse_answer"]
