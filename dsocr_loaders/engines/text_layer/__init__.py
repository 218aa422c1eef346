"""The text layer of born-digital PDFs as an engine.

A page goes through the modules in this order: `documents` opens the file; `extract` makes a `layer` of the page, from
what `spans` and `drawings` understand of PyMuPDF's answers, with `ruled` and `open_tables` for the grids of tables;
`refusal` says whether that is a text layer at all; `sizes` tells the body from headings; `furniture` takes headers and
footers away, `figures` finds the images worth a region, `order` puts columns one after the other; `rows`, `joining` and
`blocks` make paragraphs of lines; `kinds`, `parts`, `grid_html` and `captions` say what they are. `regions` is the way
of one page through all that, and `engine` is what the rest of the package sees.
"""

from __future__ import annotations

from dsocr_loaders.engines.text_layer.engine import TextLayerEngine

__all__ = ["TextLayerEngine"]
