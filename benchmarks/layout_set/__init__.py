"""PDFs whose layout is known because they were built here: what `benchmarks/text_layer.py` measures with.

`prose` invents texts; `sheet` takes what is painted on a page together with the truth about it, and writes both;
`setting` breaks paragraphs and lets them flow through columns and pages; `parts` sets lists, tables, figures, formulas
and notes; `recipes`, `reports` and `scripts` put pages together; `catalogue` names every document, those to look at
while working and those kept apart.
"""

from __future__ import annotations

from layout_set.catalogue import CATALOGUE, Entry, build

__all__ = ["CATALOGUE", "Entry", "build"]
