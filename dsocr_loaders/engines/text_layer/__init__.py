"""The text layer of born-digital PDFs as an engine.

The way of a page, from top to bottom; a module on the right serves the one on its left:

```
engine       what the rest of the package sees: prepare, in a page worker
 ├ documents     files that are open, damage as errors
 ├ extract       PyMuPDF's page -> layer           spans · spacing · stacks · directions   lines -> runs
 │                                                 links                         addresses and where they lie
 │                                                 drawings · ruled · open_tables   paths -> tables, boxes, strokes
 ├ refusal       whether that is a text layer at all
 ├ sizes         body and headings of the file     repetition                    running heads and feet of the file
 └ regions       layer -> regions
    ├ figures        images and drawings, labels   clusters                      what is painted near each other
    ├ furniture      headers, footers, page numbers
    ├ drop_caps      initials put before their words
    ├ insets         tables, figures, panels       panels                        texts in a frame or on a tint
    ├ reading        text and insets -> parts in order
    │  ├ order           columns, bands, sidebars -> flows
    │  ├ formulas        displayed formulas of a flow
    │  ├ unruled         tables of a flow that nothing rules
    │  ├ blocks          rows -> paragraphs        rows · joining                runs -> rows -> running text
    │  ├ notes           footnotes at the foot of a flow
    │  └ kinds           heading or not, and how deep
    ├ parts          regions in the making         grid_html                     a table as HTML
    ├ titles         the title, and authors below it
    └ captions       which text belongs to which table or figure
```

`layer` holds the values in between: everything in points of the reading frame, the page turned so that most of its text
runs to the right. Work on a page grows with what is on it; where it would grow faster, a named limit ends the search
(`_MOST_...`), and the text is read without what was searched for.
"""

from __future__ import annotations

from dsocr_loaders.engines.text_layer.engine import TextLayerEngine

__all__ = ["TextLayerEngine"]
