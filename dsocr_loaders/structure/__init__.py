"""Pages -> a document's structure, as annotations that change no text, no box and no order.

`Structurer` takes the pages of one source in order and hands them on with their structure; `build_document` makes a
document of them. What is found is in the fields of `dsocr_loaders.values.Region`: levels of headings and where they
come from, what goes on over a page break (`continues`; `joined` puts texts together), headers and footers that the
model took for text (`original_type`), numbers of figures and who mentions them (`number`, `refers_to`,
`referred_from`). `unstructured` takes all of it back. `with_figure_texts` makes what was read
in figures part of their text.
"""

from dsocr_loaders.structure.document import build_document
from dsocr_loaders.structure.edges import FURNITURE
from dsocr_loaders.structure.figure_texts import with_figure_texts
from dsocr_loaders.structure.headings import HEADINGS
from dsocr_loaders.structure.joined import joined
from dsocr_loaders.structure.latex import FormulaSpan, bracketed_numbers_in, formulas_in, normalised_latex
from dsocr_loaders.structure.structurer import LOOK_AHEAD_PAGES, PAGES_HELD_BACK, Structurer, unstructured

__all__ = [
    "FURNITURE",
    "HEADINGS",
    "LOOK_AHEAD_PAGES",
    "PAGES_HELD_BACK",
    "FormulaSpan",
    "Structurer",
    "bracketed_numbers_in",
    "build_document",
    "formulas_in",
    "joined",
    "normalised_latex",
    "unstructured",
    "with_figure_texts",
]
