"""Tables on the terminal, and floors that a measurement has to keep."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field

__all__ = ["Table"]


@dataclass
class Table:
    """Rows of a measurement, and what of it is below its floor.

    Attributes:
        title: what was measured.
        columns: their names.
    """

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]] = field(default_factory=list)
    misses: list[str] = field(default_factory=list)

    def add(self, *cells: object) -> None:
        """Add a row; numbers that are no whole ones get three decimals."""
        self.rows.append(tuple(f"{cell:.3f}" if isinstance(cell, float) else str(cell) for cell in cells))
        print("  ".join(self.rows[-1]), file=sys.stderr, flush=True)  # a long measurement shows how far it is

    def floor(self, what: str, value: float, least: float) -> None:
        """Note it if `value` is less than `least`."""
        if not value >= least:
            self.misses.append(f"{what}: {value:.3f} is less than {least:g}")

    def ceiling(self, what: str, value: float, most: float) -> None:
        """Note it if `value` is more than `most`."""
        if not value <= most:
            self.misses.append(f"{what}: {value:.3f} is more than {most:g}")

    def show(self) -> None:
        """Print the table, then its misses."""
        widths = [max(len(row[at]) for row in (self.columns, *self.rows)) for at in range(len(self.columns))]
        print(f"\n{self.title}")
        for row in (self.columns, tuple("-" * width for width in widths), *self.rows):
            print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
        for miss in self.misses:
            print(f"MISSED  {miss}")
