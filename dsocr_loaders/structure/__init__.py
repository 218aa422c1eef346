"""Pages -> a document's structure, as annotations that change no text, no box and no order.

`Structurer` takes the pages of one source in order and hands them on with their structure; `build_document` makes a
document of them. What it writes is in `dsocr_loaders.values.Region`: levels of headings and where they come from,
what goes on over a page break (`continues`; `joined` puts texts together), headers and footers that the model took
for text (`original_type`), numbers of figures and who mentions them (`number`, `refers_to`, `referred_from`).
"""

from dsocr_loaders.structure.joined import joined
from dsocr_loaders.structure.structurer import FURNITURE, HEADINGS, Structurer, build_document

__all__ = ["FURNITURE", "HEADINGS", "Structurer", "build_document", "joined"]
