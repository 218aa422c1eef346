"""What stands inside a cell -> its text: tags go, entities are read, blanks are put in order."""

from __future__ import annotations

import html
import re

__all__ = ["ENTITY", "STRUCTURE", "TAG", "CellText", "is_tag", "read_cell_text"]

TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]*+)([^<>]*+)(>?)")
"""Something that looks like a tag: slash, name, attributes, end. Where the end is missing the next `<` or the text's
end has cut it. Every quantifier is possessive, so matching is linear."""

STRUCTURE = frozenset({"table", "thead", "tbody", "tfoot", "tr", "td", "th", "caption", "colgroup", "col"})
_BEHIND_NAME = " \t\n\r\f/"
_LINE_BREAKS = frozenset({"br", "p", "div", "li", "ul", "ol", "hr"})
_INLINE = frozenset("a b center code del em font i img ins mark s small span strike strong sub sup tt u".split())  # noqa: SIM905 - reads better than a list of quoted letters

# A number of digits that `int` takes, and a semicolon, so that "R&D", "?a=1&copy=2" and hostile numbers stay text.
ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")


def is_tag(found: re.Match[str]) -> bool:
    """Return whether a match of `TAG` is a tag; if not, it is text, such as `a<b` or `List<String>`.

    A tag of the table's structure may be cut, as in a damaged answer; another one is whole, and has no attributes or
    proper ones.
    """
    name, attributes = found[2].lower(), found[3]
    if attributes and attributes[0] not in _BEHIND_NAME:
        return False
    if name in STRUCTURE:
        return True
    is_whole = bool(found[4]) and (not attributes.strip(_BEHIND_NAME) or "=" in attributes)
    return is_whole and (name in _LINE_BREAKS or name in _INLINE)


class CellText:
    """Collects what stands inside one cell."""

    def __init__(self) -> None:
        self._lines: list[list[str]] = [[]]

    def add(self, raw: str) -> None:
        """Add characters that are no tag."""
        self._lines[-1].append(ENTITY.sub(_decoded, raw))

    def add_tag(self, found: re.Match[str]) -> None:
        """Add a tag that is not of the table's structure: a new line, `^` before what is raised, else nothing."""
        name = found[2].lower()
        if name in _LINE_BREAKS:
            self.break_line()
        elif name == "sup" and not found[1]:
            self._lines[-1].append("^")

    def break_line(self) -> None:
        """Begin a new line."""
        self._lines.append([])

    def __str__(self) -> str:
        lines = (" ".join("".join(parts).split()) for parts in self._lines)
        return "\n".join(line for line in lines if line)


def _decoded(entity: re.Match[str]) -> str:
    return html.unescape(entity[0])


def read_cell_text(raw: str) -> str:
    r"""Return the text of a cell of a Markdown table.

    `<br>` and the like become `\n`, `<sup>` becomes `^` (10<sup>3</sup> is not 103), other inline tags go, entities
    are decoded, and every run of blanks is one blank.
    """
    text = CellText()
    position = 0
    for found in TAG.finditer(raw):
        if is_tag(found) and found[2].lower() not in STRUCTURE:
            text.add(raw[position : found.start()])
            text.add_tag(found)
            position = found.end()
    text.add(raw[position:])
    return str(text)
