"""Parents: the section that several chunks are parts of, the table that was split."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING

from dsocr_loaders.chunking.drafts import Draft, Part
from dsocr_loaders.chunking.headings import common_section, path_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from dsocr_loaders.chunking.budget import Budget

__all__ = ["MOST_CHILDREN", "Families"]

MOST_CHILDREN = 16
"""A section of more chunks has several parents, so that parents fit a context and memory stays bounded."""


class Families:
    """Takes drafts in order and returns them with their parents, each right before its first child.

    The chunks of one section, that is of what stands right below one heading, have a parent if there are at least two;
    its text is that of the section, once. The parts of a split table have the whole table as their parent, which may
    itself be a child of a section.
    """

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._group: list[Draft] = []

    def add(self, drafts: Iterable[Draft]) -> list[Draft]:
        """Take the next drafts; return those whose families are whole."""
        final: list[Draft] = []
        for draft in drafts:
            if self._group and not self._goes_on(draft):
                final += self._closed()
            self._group.append(draft)
        return final

    def finish(self) -> list[Draft]:
        """Return the last drafts."""
        return self._closed()

    def _goes_on(self, draft: Draft) -> bool:
        last = self._group[-1]
        if draft.whole is not None and draft.whole is last.whole:
            return True
        return (
            bool(draft.parts and last.parts)
            and path_of(draft.section) == path_of(last.section)
            and draft.page.text_source is last.page.text_source
            and len(self._group) < MOST_CHILDREN
        )

    def _closed(self) -> list[Draft]:
        group, self._group = self._group, []
        members = [list(drafts) for _, drafts in groupby(group, key=_member)]
        if len(members) < 2 or not all(draft.parts for draft in group):  # noqa: PLR2004 - a family has two children
            return [each for drafts in members for each in self._with_table(drafts, None)]
        section = _section(group, len(members), self._budget)
        return [section, *(each for drafts in members for each in self._with_table(drafts, section))]

    def _with_table(self, drafts: Sequence[Draft], section: Draft | None) -> Iterator[Draft]:
        """Yield a member of a family: a draft, or a split table before its parts."""
        whole = drafts[0].whole
        if whole is None:
            for draft in drafts:
                yield replace(draft, parent=section)
            return
        table = replace(
            drafts[0],
            parts=whole.parts,
            context=whole.context,
            table=whole.table,
            children=len(drafts),
            parent=section,
        )
        yield table
        for draft in drafts:
            yield replace(draft, parent=table)


def _member(draft: Draft) -> int:
    return id(draft if draft.whole is None else draft.whole)


def _section(group: Sequence[Draft], members: int, budget: Budget) -> Draft:
    """Return the section that the drafts make: every text once, tables whole, nothing repeated."""
    parts: list[Part] = []
    for draft in group:
        if draft.whole is not None:
            if not parts or draft.whole.parts[-1] is not parts[-1]:
                parts += draft.whole.parts
            continue
        for part in draft.parts:
            last = parts[-1] if parts else None
            if last is not None and part.passage is not None and part.passage is last.passage:
                joined = budget.part_of(part.passage, last.start, part.end)
                parts[-1] = replace(joined, heading=part.heading)
            else:
                parts.append(part)
    first = group[0]
    section = common_section(first.section, group[-1].section)
    context, _ = budget.context(section, parts)
    image = next((draft.image_path for draft in group if draft.image_path), "")
    return Draft(first.page, tuple(parts), section, context, children=members, image_path=image)
