"""The figures of the annual report; sums are worked out here, so that they agree."""

from __future__ import annotations

import itertools

__all__ = ["DIVISIONS", "ITEMS", "zones"]

FIRST = ("Alden", "Bellis", "Corva", "Dun", "Esker", "Fallo", "Garro", "Hollin", "Iven", "Kest")
SECOND = ("by", "ford", "holme", "mere", "thorpe", "wick")
CONNECTIONS, SUPPLIED, BILLED, BREAKS = 6412, 2_600_000, 1_960_400, 167

DIVISIONS = ("Springs and reservoirs", "Mains and meters", "Office and members")


ZONES = len(FIRST) * len(SECOND)


def zones() -> list[tuple[str, ...]]:
    """Sixty zones and their total: number, name, connections, m³ supplied, m³ billed, per cent lost, breaks."""
    names = [first + second for first in FIRST for second in SECOND]
    connections = _shares([35 + (place * 53 + place * place * 7) % 140 for place in range(ZONES)], CONNECTIONS)
    supplied = _shares([share * (90 + (place * 29) % 40) for place, share in enumerate(connections)], SUPPLIED)
    billed = _shares(
        [amount * (100 - (6 + (place * place * 5 + place * 11) % 37)) for place, amount in enumerate(supplied)], BILLED
    )
    breaks = _shares([1 + (place * place * 5 + place * 3) % 13 for place in range(ZONES)], BREAKS)
    rows = list(zip(names, connections, supplied, billed, breaks, strict=True))
    rows.append(("All zones", CONNECTIONS, SUPPLIED, BILLED, BREAKS))
    return [
        (
            str(number) if number <= ZONES else "",
            name,
            _thousands(count),
            _thousands(water),
            _thousands(sold),
            f"{100 - 100 * sold / water:.1f}",
            str(repairs),
        )
        for number, (name, count, water, sold, repairs) in enumerate(rows, 1)
    ]


def _shares(weights: list[int], total: int) -> list[int]:
    """Whole numbers in proportion to the weights that add up to the total."""
    sums = [0]
    for weight in weights:
        sums.append(sums[-1] + weight)
    marks = [round(total * part / sums[-1]) for part in sums]
    return [high - low for low, high in itertools.pairwise(marks)]


def _thousands(number: int) -> str:
    return f"{number:,}".replace(",", " ")


def _summed(*groups: tuple[tuple[str, tuple[int, ...]], ...]) -> tuple[int, ...]:
    return tuple(sum(column) for column in zip(*(values for group in groups for _, values in group), strict=True))


INCOME = (
    ("Water charges", (0, 0, 3120, 3094, 0, 0)),
    ("Standing charges", (0, 0, 0, 0, 1480, 1496)),
    ("New connections", (0, 0, 210, 236, 40, 44)),
    ("Sale of power", (85, 97, 0, 0, 0, 0)),
    ("Grants", (260, 260, 340, 310, 0, 12)),
)
EXPENDITURE = (
    ("Wages", (-610, -618, -1120, -1134, -705, -698)),
    ("Energy", (-395, -352, -118, -109, -22, -21)),
    ("Repairs", (-180, -214, -560, -671, -15, -19)),
    ("Treatment materials", (-142, -138, 0, 0, 0, 0)),
    ("Water bought", (-20, -64, 0, 0, 0, 0)),
    ("Vehicles", (-48, -51, -164, -158, -12, -12)),
    ("Data and telemetry", (-36, -33, -72, -69, -88, -94)),
    ("Insurance and levies", (-74, -74, -51, -51, -66, -67)),
    ("Depreciation", (-330, -330, -448, -462, -30, -32)),
)
ITEMS = (
    *INCOME,
    ("Income", _summed(INCOME)),
    *EXPENDITURE,
    ("Expenditure", _summed(EXPENDITURE)),
    ("Result", _summed(INCOME, EXPENDITURE)),
)
