"""The faces of the example documents: fonts that PyMuPDF brings along, so that nothing has to be downloaded."""

from __future__ import annotations

import functools

import pymupdf

__all__ = ["FACES", "face_for", "font", "text_length"]

ARABIC_SCRIPT = 6  # MuPDF's number of the script, see ucdn.h

FACES = {
    "roman": "tiro",
    "italic": "tiit",
    "bold": "tibo",
    "bold italic": "tibi",
    "sans": "helv",
    "sans italic": "heit",
    "sans bold": "hebo",
    "mono": "cour",
    "symbol": "symb",
    "chinese": "china-s",
}


@functools.cache
def font(face: str) -> pymupdf.Font:
    """The font of a face; "arabic" is Noto Naskh Arabic, which holds the joined letter forms."""
    if face == "arabic":
        return pymupdf.Font(script=ARABIC_SCRIPT)
    return pymupdf.Font(FACES[face])


@functools.cache
def face_for(character: str, face: str) -> str:
    """The face itself if it has the character, else the symbol face, else the roman one.

    Raises:
        ValueError: no face has the character (a document would show an empty box).
    """
    for candidate in (face, "symbol", "roman"):
        if font(candidate).has_glyph(ord(character)):
            return candidate
    raise ValueError(f"no face has {character!r} (U+{ord(character):04X}), wanted in {face}")


@functools.cache
def text_length(text: str, face: str) -> float:
    """Width of a text at one point of size; kept, since line breaking asks for the same words over and over."""
    length: float = font(face).text_length(text, 1)
    return length
