"""Count letter pairs over the translations on this machine, and measure what the text layer makes of them.

    python benchmarks/legibility.py            # honest text accused, nonsense found, for each script
    python benchmarks/legibility.py --write    # count again: engines/text_layer/letter_pairs.txt

The text is in the message catalogues of installed programs (/usr/share/locale). Half of each language is counted, the
other half is measured. Nonsense is the same text with its letters swapped at random, or each moved on by a few places.
"""

from __future__ import annotations

import argparse
import gettext
import math
import random
import re
from collections import Counter, defaultdict
from pathlib import Path

from dsocr_loaders.engines.text_layer import letter_pairs as tables_module
from dsocr_loaders.engines.text_layer.legibility import letter_of, letter_pairs, why_illegible

CATALOGUES = Path("/usr/share/locale")
TABLE = Path(tables_module.__file__).with_name("letter_pairs.txt")
# Most bits for each script: between what honest text of a language that was not counted costs and what nonsense does.
MOST_BITS = {
    "LATIN": 4.6, "CYRILLIC": 5.4, "GREEK": 4.6, "ARABIC": 5.8, "HEBREW": 4.7, "ARMENIAN": 5.0, "GEORGIAN": 4.9,
    "DEVANAGARI": 5.4, "BENGALI": 5.0, "GURMUKHI": 5.0, "GUJARATI": 5.0, "TAMIL": 4.9, "TELUGU": 5.0,
    "KANNADA": 5.0, "MALAYALAM": 5.0, "THAI": 5.1, "ORIYA": 5.0, "SINHALA": 5.0,
}  # fmt: skip
MOST_LETTERS = {"LATIN": 26, "CYRILLIC": 40}
MOST_LETTERS_ELSEWHERE = 48
FEWEST_PAIRS = 1500  # of a language and script, to be counted
UNSEEN = 0.01
Texts = dict[str, tuple[str, str]]
Counts = dict[str, dict[str, Counter[tuple[str, str]]]]
PLACEHOLDERS = re.compile(r"%[-+ #0-9.*]*[a-zA-Z$]+|<[^>]*>|\\[nt]|--?[a-z-]+|[_&](?=\w)")


def texts() -> Texts:
    """Return language -> (text to count, text to measure)."""
    found = defaultdict(lambda: ([], []))
    for path in sorted(CATALOGUES.glob("*/LC_MESSAGES/*.mo")):
        language = path.parts[-3].partition(".")[0]
        try:
            with path.open("rb") as file:
                catalogue = gettext.GNUTranslations(file)
        except (OSError, ValueError, LookupError):
            continue
        for number, (message, translation) in enumerate(sorted(catalogue._catalog.items(), key=str)):  # noqa: SLF001 - there is no other way to list them
            if message and isinstance(translation, str) and translation not in {"", message}:
                found[language][number % 2].append(PLACEHOLDERS.sub(" ", translation))
    found.pop("en@shaw", None)
    return {language: (" ".join(count), " ".join(measure)) for language, (count, measure) in found.items()}


def counted(found: Texts) -> Counts:
    """Return script -> language -> counts of pairs."""
    counts = defaultdict(dict)
    for language, (text, _) in found.items():
        by_script = defaultdict(Counter)
        for (script, first), (other, second) in letter_pairs(text[:600_000]):
            if script == other:
                by_script[script][first, second] += 1
        for script, pairs in by_script.items():
            if script in MOST_BITS and pairs.total() >= FEWEST_PAIRS:
                counts[script][language] = pairs
    return counts


def written(counts: Counts) -> str:
    """Return the file's text."""
    lines = []
    for script, most_bits in MOST_BITS.items():
        languages = counts[script].values()
        frequency = Counter()
        for pairs in languages:
            for (first, _), count in pairs.items():
                frequency[first] += count / pairs.total()
        letters = [letter for letter, _ in frequency.most_common(MOST_LETTERS.get(script, MOST_LETTERS_ELSEWHERE))]
        shares = Counter()
        for pairs in languages:
            rows = Counter()
            for (first, second), count in pairs.items():
                rows[first] += count if second in letters else 0
            for (first, second), count in pairs.items():
                if first in letters and second in letters:
                    shares[first, second] += count / rows[first] / len(languages)
        lines += [f"{script} {most_bits}", "".join(letters)]
        floor = UNSEEN / len(letters)
        lines += [
            "".join(str(min(9, round(-math.log2((1 - UNSEEN) * shares[first, second] + floor)))) for second in letters)
            for first in letters
        ]
    return "\n".join(lines) + "\n"


def swapped(text: str, script: str, rng: random.Random, shift: int) -> str:
    """Return `text` with the letters of `script` swapped at random, or moved on by `shift` places."""
    letters = sorted({each.lower() for each in text if (letter_of(each) or ("",))[0] == script})
    others = letters[shift:] + letters[:shift] if shift else rng.sample(letters, len(letters))
    return text.lower().translate(str.maketrans("".join(letters), "".join(others)))


def measure(found: Texts, tries: int, characters: int) -> None:
    """Print, for each script, how many honest texts are accused and how many of nonsense are found."""
    rng = random.Random(1)  # noqa: S311 - the same table every time
    accused, caught, honest, nonsense = (Counter() for _ in range(4))
    guilty = Counter()
    for language, (_, text) in sorted(found.items()):
        if len(text) < 5 * characters:
            continue
        counts = Counter((letter_of(each) or ("",))[0] for each in text[:20_000])
        counts.pop("", None)
        script = counts.most_common(1)[0][0]
        for _ in range(tries):
            start = rng.randrange(len(text) - characters)
            piece = text[start : start + characters]
            honest[script] += 1
            if why_illegible(piece):
                accused[script] += 1
                guilty[language] += 1
            if script in MOST_BITS:
                for shift in (0, 3):
                    nonsense[script] += 1
                    caught[script] += why_illegible(swapped(piece, script, rng, shift)) is not None
    print(f"{characters} characters a text; accused: {sum(accused.values())} of {sum(honest.values())} {dict(guilty)}")
    for script in honest:
        share = f"{100 * caught[script] / nonsense[script]:5.1f} %" if nonsense[script] else "  no table"
        print(f"  {script:12} honest {honest[script]:5} accused {accused[script]:3}   nonsense found {share}")


def main() -> None:
    """Count if asked to, and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="count again")
    parser.add_argument("--tries", type=int, default=40, help="texts for each language")
    arguments = parser.parse_args()
    found = texts()
    if arguments.write:
        TABLE.write_text(written(counted(found)), encoding="utf-8")
    for characters in (200, 500, 1500):
        measure(found, arguments.tries, characters)


if __name__ == "__main__":
    main()
