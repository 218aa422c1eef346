"""The text layer of born-digital PDFs as an engine.

A page goes through the modules in this order: `documents` opens the file, `extract` makes a `layer` of the page (with
`ruled` for tables), `refusal` says whether that is a text layer at all, `sizes` tells body from headings, `furniture`,
`order`, `rows` and `blocks` put the text together, `kinds`, `parts` and `captions` say what it is, `regions` is the
whole way, and `engine` is what the rest of the package sees.
"""

from __future__ import annotations

from dsocr_loaders.engines.text_layer.engine import TextLayerEngine

__all__ = ["TextLayerEngine"]
