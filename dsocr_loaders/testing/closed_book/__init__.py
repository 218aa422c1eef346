"""A checkpoint that knows eight pages by heart, to test engines with real vLLM where real weights cannot be had.

`checkpoint()` returns a folder as a model hub has it. The architecture is DeepSeek-OCR's, the vision tower is made of
random numbers, the language part is tiny and has been trained until it answers each page of a fixture PDF with that
page's text, letter by letter, and other prompts with other answers. vLLM loads, serves and runs it as it would the
real one: processor, tiles, image tokens, special tokens, prompts, n-gram arguments, the end of an answer.

It proves plumbing: that the right page reaches the model in the right form with the right prompt, and that what comes
back arrives whole and in order. It proves nothing about reading: a page that it was not taught gets some other page's
answer, or nonsense.

`PAGES` tells what is on the pages and what is answered, `LOOPING` is a page that makes the model repeat itself;
`write_book` and `write_looping_page` write them as PDFs. `python -m dsocr_loaders.testing.closed_book FOLDER` builds.

```
pages ── sheet             what is drawn, and the answers
  │
lessons                    the pages as page workers and encoders make them
  │ images
sight                      vLLM shows them to the tower: weights, configuration, tokenizer
  │ numbers
projection                 what tells the pages apart
  │
training ── language       until every answer is told for sure
  │
building, cache            a folder, whole or not at all
```
"""

from __future__ import annotations

from dsocr_loaders.testing.closed_book.cache import NotBuilt, checkpoint, checkpoint_name
from dsocr_loaders.testing.closed_book.pages import (
    BOOK,
    LOOPING,
    MODEL,
    PAGES,
    BookPage,
    write_book,
    write_looping_page,
)
from dsocr_loaders.testing.closed_book.tokenizer import SPECIAL_TOKENS

__all__ = [
    "BOOK",
    "LOOPING",
    "MODEL",
    "PAGES",
    "SPECIAL_TOKENS",
    "BookPage",
    "NotBuilt",
    "checkpoint",
    "checkpoint_name",
    "write_book",
    "write_looping_page",
]
