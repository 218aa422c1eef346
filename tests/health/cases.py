"""Answers made up for the tests of `dsocr_loaders.health`: honest ones that repeat themselves, and faulty ones.

Each is built by rules, so that it is as long as a real one and the table stays short. Shapes come from what pages and
the model's answers look like; no text is of either.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import cycle, islice, product

FULL = "[[60, 60, 940, 940]]"


@dataclass(frozen=True, slots=True)
class Case:
    """An answer and the faults that it has.

    Attributes:
        kept: what is still in the answer, exactly once, after its loops were cut out.
    """

    title: str
    answer: str
    faults: tuple[str, ...] = ()
    finish_reason: str | None = "stop"
    kept: str = ""
    task: str = "document"


def tag(label: str, box: str = FULL) -> str:
    return f"<|ref|>{label}<|/ref|><|det|>{box}<|/det|>\n"


def text(words: str) -> str:
    return f"{tag('text')}{words}\n\n"


def table(rows: list[list[object]], *, is_closed: bool = True) -> str:
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f"{tag('table')}\n<table>{body}{'</table>' if is_closed else ''}\n\n"


def blocks(words: list[str], *, label: str = "text", step: int = 20, columns: int = 1) -> str:
    """Return blocks one below the other, or in columns."""
    width = 880 // columns
    found = []
    for index, each in enumerate(words):
        x, y = 60 + index % columns * width, 30 + index // columns * step
        found.append(f"{tag(label, f'[[{x}, {y}, {x + width - 10}, {y + step - 4}]]')}{each}\n")
    return "\n".join(found)


def repeated(phrase: str, times: int, first: str) -> str:
    return text(f"{first} {phrase * times}")


PHRASES = {
    "English": ("The committee shall consider the report. ", "Minutes of the meeting."),
    "German": ("Die Versammlung nimmt den Bericht zur Kenntnis. ", "Niederschrift der Sitzung."),
    "Chinese": ("河流两岸的村庄、", "县志记载如下。"),
    "Japanese": ("会議の議事録を確認する。", "次のとおり決定した。"),
    "Korean": ("위원회는 보고서를 검토한다. ", "회의록입니다."),
    "Russian": ("Комиссия рассматривает доклад. ", "Протокол заседания."),
    "Arabic": ("تنظر اللجنة في التقرير. ", "محضر الاجتماع."),
    "Hindi": ("समिति रिपोर्ट पर विचार करती है। ", "बैठक का विवरण।"),
    "Thai": ("คณะกรรมการพิจารณารายงาน", "รายงานการประชุมครั้งแรก"),
    "Greek": ("Εξετάζεται η έκθεση της επιτροπής. ", "Πρακτικά της συνεδρίασης."),
}

NAMES = [
    f"{first} {last}"
    for first, last in product(
        ("Ada", "Bela", "Cleo", "Dora", "Emil", "Fritz", "Gesa", "Hugo", "Ines", "Jan", "Karla", "Lutz"),
        ("Adler", "Brandt", "Conrad", "Dietz", "Ernst", "Fuchs", "Graf", "Haas", "Iske", "Jahn"),
    )
]
NOUNS = "harbour ridge meadow quarry orchard spring bridge mill tower chapel market garden forest canal".split()  # noqa: SIM905 - shorter
VERSES = [
    "The boats go out before the day, the nets are dry and light.",
    "An old man mends a broken sail and watches for the tide.",
    "A girl has found a ring of brass below the harbour wall.",
    "The bell is cracked, the clock is slow, the ferry always late.",
    "At noon the gulls fall quiet and the water turns to glass.",
    "By night the lamps along the pier are counted one by one.",
]
REFRAIN = (
    "Roll on, roll on, the morning comes, the morning comes again,\n"
    "roll on, roll on, and sing with us, the morning comes again."
)
CHINESE = (
    "河流两岸的村庄由县里修了桥",
    "镇上的集市逢五逢十开门",
    "旧桥在那年夏天被大水冲走",
    "学堂设在祠堂后面的院子里",
    "南门外的官道通往省城",
)
MONTHS = "January February March April May June July August September October November December".split()  # noqa: SIM905 - shorter


def sentence(index: int) -> str:
    """Return a sentence that no other index has."""
    one, two, three = (NOUNS[(index * step + index // 14) % 14] for step in (1, 3, 5))
    return (
        f"In {1700 + index * 7 % 290} the {one} by the {two} was sold with its {three} for {index * 37 % 911} crowns."
    )


def prose(count: int, first: int = 0) -> str:
    return " ".join(sentence(index) for index in range(first, first + count))


def calendar() -> list[list[object]]:
    rows: list[list[object]] = []
    for month, start in zip(MONTHS, (3, 6, 6, 2, 4, 0, 2, 5, 1, 3, 6, 1), strict=True):
        days: list[object] = [""] * start + list(range(1, 31))
        rows += [[month], *[days[week : week + 7] for week in range(0, len(days), 7)]]
    return rows


HONEST = (
    Case("prose of one page", text(prose(40))),
    Case(
        "a price list",
        text("\n".join(f"{n} {m}, per piece {2 + i % 5}.90" for i, (n, m) in enumerate(product(NOUNS[:8], NOUNS[6:])))),
    ),
    Case("a table of zeros", table([[0] * 20 for _ in range(38)])),
    Case("zeros with names before them", table([[name, *[0] * 12] for name in NAMES[:60]])),
    Case("a table of ticks", table([[name, *islice(cycle("x "), 10)] for name in NAMES[:50]])),
    Case("an empty form", table([["Date", "Item", "Price", "Tax", "Sum"], *[[""] * 5 for _ in range(34)]])),
    Case("an attendance sheet", table([["Name", *range(1, 32)], *[[name, *[""] * 31] for name in NAMES[:35]]])),
    Case("a chart of 53 weeks", table([["Task", *range(1, 54)], *[[noun, *[""] * 53] for noun in NOUNS]])),
    Case("numbered lines to fill in", table([["No.", "Name", "Signature"], *[[i, "", ""] for i in range(1, 61)]])),
    Case(
        "contents with leaders",
        text(
            "\n".join(
                f"{i}.{j} The {a} and the {b} {'.' * 90} {7 * i + j}"
                for i, a in enumerate(NOUNS[:7], 1)
                for j, b in enumerate(NOUNS[7:], 1)
            )
        ),
    ),
    Case(
        "contents with leaders of dots and blanks",
        text("\n".join(f"{name} {'. ' * 50}{i}" for i, name in enumerate(NAMES[:50]))),
    ),
    Case("a multiplication table", table([[x * y for x in range(1, 21)] for y in range(1, 21)])),
    Case(
        "a multiplication table in words",
        text("\n".join(f"{x} x {y} = {x * y}" for x in range(1, 11) for y in range(1, 11))),
    ),
    Case("a hundred chart", table([list(range(row, row + 10)) for row in range(1, 100, 10)])),
    Case("a calendar of a year", table(calendar())),
    Case("a poem with a refrain", text("\n\n".join(f"{verse}\n{REFRAIN}" for verse in VERSES))),
    Case("a song that sings", text("\n".join(f"{verse}\n{'la ' * 12}" for verse in VERSES))),
    Case("a litany", text("\n".join(f"{name}, pray for us." for name in NAMES[:60]))),
    Case("a list of names", text("、".join(NAMES))),
    Case(
        "a Chinese list of names",
        text("、".join(a + b for a, b in product("王李张刘陈杨黄赵", "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超"))),
    ),
    Case(
        "a bus timetable",
        table(
            [
                [f"{noun} road", *[f"{h}:{(m + i * 3) % 60:02}" for h in range(6, 20) for m in (5, 35)]]
                for i, noun in enumerate(NOUNS)
            ]
        ),
    ),
    Case(
        "a bus timetable as text",
        text(
            "\n".join(
                f"{noun} road {' '.join(f'{h}.{(i * 4) % 60:02}' for h in range(5, 23))}"
                for i, noun in enumerate(NOUNS)
            )
        ),
    ),
    Case("an answer sheet", text("\n".join(f"{i} (A) (B) (C) (D)" for i in range(1, 201)))),
    Case("an answer sheet without numbers", text("\n".join("[A] [B] [C] [D]" for _ in range(60)))),
    Case("a worksheet", text("\n".join(f"{i % 9 + 1} + {i * 7 % 10} = ________" for i in range(60)))),
    Case(
        "lines for signatures",
        text("\n".join("Name: ____________ Date: ________ Signature: ______________" for _ in range(24))),
    ),
    Case(
        "a survey",
        text("\n".join(f"{sentence(i)}\n□ agree □ rather agree □ rather disagree □ disagree" for i in range(25))),
    ),
    Case(
        "a sheet of address labels",
        blocks(["Boat Club Harbour Mill\n7 Quay Street\n24103 Kiel"] * 30, step=90, columns=3),
    ),
    Case("four copies of a receipt", blocks([prose(6)] * 4, step=220)),
    Case(
        "sentences that come again now and then",
        text("".join(CHINESE[(i * i * 5 + i // 3) % len(CHINESE)] + "\u3002" for i in range(64))),
    ),
    Case("numbered lines of a pleading", blocks([str(i) for i in range(1, 29)], step=32) + text(prose(20))),
    Case("ticks beside a list", blocks(["□"] * 12, step=32) + blocks([sentence(i) for i in range(24)], step=32)),
    Case("a contact sheet", blocks([""] * 40, label="image", step=110, columns=5)),
    Case("a newspaper page", blocks([prose(6, 6 * i) for i in range(24)], step=150, columns=4)),
    Case(
        "a bank statement",
        table(
            [[f"{i % 28 + 1:02}.0{i // 28 + 1}.", NAMES[i * 7 % 120], f"{i * 977 % 3000},{i % 10}0"] for i in range(60)]
        ),
    ),
    Case(
        "equal prices",
        table([[noun, other, "12.90", "12.90", "0.00"] for noun, other in product(NOUNS[:6], NOUNS[6:])]),
    ),
    Case(
        "a binary matrix",
        text(
            r"\[\begin{matrix}"
            + r" \\ ".join(" & ".join(str(i * j * 7 // 3 % 2) for j in range(16)) for i in range(16))
            + r"\end{matrix}\]"
        ),
    ),
    Case("a crossword", table([["" if i * j % 3 else "#" for j in range(15)] for i in range(15)])),
    Case(
        "a listing",
        text("\n".join(f"    if ({noun} == NULL) {{ return -1; }}\n    free({noun});" for noun in NOUNS * 3)),
    ),
    Case("a Markdown table of zeros", text("| a | b | c |\n|---|---|---|\n" + "| 0 | 0 | 0 |\n" * 30), task="free"),
    Case(
        "formulas",
        blocks(
            [
                rf"\[ f_{{{i}}}(x) = \frac{{{i + 1}x^{{{i}}}}}{{{i * i + 3}}} + \sqrt{{x + {7 * i % 5}}} \quad ({i}) \]"
                for i in range(24)
            ],
            label="equation",
            step=38,
        ),
    ),
    Case(
        "a derivation",
        text("\\[ " + " = ".join(f"\\frac{{{300 - 11 * i}}}{{{2 * i + 3}}}" for i in range(12)) + " \\]"),
    ),
    *[
        Case(f"a refrain in {name}", text("\n".join(f"{phrase}{sentence(i)}" for i in range(12))))
        for name, (phrase, _) in PHRASES.items()
    ],
)


LOOPS = (
    *[
        Case(
            f"a phrase in {name}, to the limit",
            repeated(phrase, 300, first)[:-2],
            ("loop", "truncated"),
            "length",
            kept=first,
        )
        for name, (phrase, first) in PHRASES.items()
    ],
    *[
        Case(
            f"a phrase in {name} that ends by itself",
            repeated(phrase, 120, first) + text(sentence(5)),
            ("loop",),
            kept=sentence(5),
        )
        for name, (phrase, first) in PHRASES.items()
    ],
    Case("a word", repeated("again ", 2000, "Once"), ("loop",), kept="Once"),
    Case("a letter", repeated("e ", 3000, "Once"), ("loop",), kept="Once"),
    Case("dots", repeated(".", 3000, "Once"), ("loop",), kept="Once"),
    Case("a version number", repeated("1.", 2000, "Once"), ("loop",), kept="Once"),
    Case(
        "phrases that alternate",
        text(
            " ".join(f"the {a} office, the {b} office," for a, b in islice(cycle(product(NOUNS[:2], NOUNS[:3])), 400))
        ),
        ("loop",),
    ),
    Case("counting in words", text(" ".join(f"Item {i} of the list," for i in range(1, 900))), ("loop",)),
    Case("counting, cut off", text(" ".join(f"0.5ex] {i}" for i in range(200)))[:-2], ("loop", "truncated"), "length"),
    Case(
        "counting cells",
        table([["Height", *[f"1.{i:02}" for i in range(10, 99)] * 3]], is_closed=False),
        ("loop", "truncated"),
        kept="Height",
    ),
    Case(
        "counting rows",
        table([["Height", *[f"1.{i:02}" for i in range(10, 30)]] for _ in range(50)], is_closed=False)[:-9],
        ("loop", "truncated"),
        kept="Height",
    ),
    Case(
        "empty cells to the limit",
        table([["Goods", *[""] * 24]] * 120, is_closed=False)[:-12],
        ("loop", "truncated"),
        kept="Goods",
    ),
    Case(
        "a row of empty cells",
        table([["Goods", "Price"], ["", *[""] * 400]], is_closed=False)[:-12],
        ("loop", "truncated"),
        "length",
        kept="Goods",
    ),
    Case(
        "ragged empty rows that end by themselves",
        table([["x", "y"], *[[""] * (1 + i * i % 11) for i in range(60)]]),
        ("loop",),
        kept="<td>x</td>",
    ),
    Case(
        "a head that goes on",
        table([["Station", *["Organic carbon (%)"] * 200]], is_closed=False),
        ("loop", "truncated"),
        kept="Station",
    ),
    Case(
        "rows in rounds",
        table([["ED50 (95% CI)"] * 8, ["mg/kg"] * 8, ["P"] * 8, ["P"] * 8] * 25, is_closed=False),
        ("loop", "truncated"),
        kept="",
    ),
    Case(
        "tokens of tables", table([["&lt;fcel&gt;"] * 3 + ["&lt;nl&gt;"]] * 200, is_closed=False), ("loop", "truncated")
    ),
    Case(
        "a Markdown table",
        text("| a | b |\n|---|---|\n" + "| salt | 2 g |\n" * 90),
        ("loop",),
        task="free",
        kept="| salt | 2 g |",
    ),
    Case(
        "a formula",
        text(r"\(0.8 = \frac{4}{5} " + r"= \frac{12}{25} = \frac{12}{25} = \frac{12}{5} " * 150),
        ("loop", "truncated"),
        None,
    ),
    Case(
        "a formula that counts",
        text(r"\[ x " + "".join(rf"= \frac{{180^\circ}}{{3}} = \frac{{180^\circ}}{{{i}}} " for i in range(2, 200))),
        ("loop", "truncated"),
        "length",
    ),
    Case(
        "blocks at one place",
        text("Head") + (tag("image", "[[100, 200, 300, 240]]") + "\n") * 30,
        ("loop",),
        kept="Head",
    ),
    Case(
        "a page begun again and again",
        (blocks([sentence(1), sentence(2), sentence(3)], step=300) + "\n") * 40,
        ("loop",),
        kept=sentence(2),
    ),
    Case("a paragraph read nine times", text(prose(20)) + text(prose(8, 30)) * 9, ("loop",), kept=sentence(31)),
    Case(
        "a page that begins again, cut off",
        (text(" ".join(NAMES)) * 4)[:-300],
        ("loop", "truncated"),
        "length",
        kept="Karla Ernst",
    ),
    Case("blocks with the same words", blocks(["Poplar Lane 7"] * 40), ("loop",), kept="Poplar Lane 7"),
    Case("ruled paper", blocks(["NO.", "Date", *["1"] * 26], step=30), ("loop",), kept="Date"),
    Case("ruled paper that counts", blocks([str(i) for i in range(1, 31)], step=30), ("loop",)),
    Case("names in blocks", blocks(["、".join(["东山县"] * 11)] * 40), ("loop",)),
    Case("a grid of pictures", blocks([""] * 130, label="image", step=20, columns=32), ("loop",)),
    Case(
        "lines of the task ocr",
        "".join(
            f"<|ref|>Ledger of the mill<|/ref|><|det|>[[10, {i}, 300, {i + 9}]]<|/det|>\n" for i in range(0, 900, 10)
        ),
        ("loop",),
        task="ocr",
        kept="Ledger of the mill",
    ),
    Case(
        "lines of the task ocr here and there",
        "".join(
            f"<|ref|>{'again ' * 12}<|/ref|><|det|>[[{i * i % 400}, {i * 9}, 999, {i * 9 + 8}]]<|/det|>\n"
            for i in range(60)
        ),
        ("loop",),
        task="ocr",
    ),
    Case(
        "a word inside a line of the task ocr",
        f"<|ref|>{'again ' * 900}<|/ref|><|det|>[[10, 20, 300, 29]]<|/det|>\n",
        ("loop",),
        task="ocr",
    ),
)

CASES = (*HONEST, *LOOPS)
