"""Write the example documents and the index of the recorded answers, the same bytes each time.

    python examples/build_documents.py [--root FOLDER]

`FOLDER/documents` gets the born-digital PDFs, `FOLDER/scans` the scanned letter as PDF and as picture,
`FOLDER/answers/answers.json` the digest of its page. The answer itself, `answers/letter-1.txt`, was written by hand in
the model's form. All content is invented.

Needs `pip install "dsocr-loaders[pymupdf]"`. Another version of PyMuPDF than the one named in a PDF's producer field
may write other bytes for the same pages.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from builder import annual_report, answers, arabic, chinese, letter, manual, paper


def main() -> None:
    """Build everything and say what was written."""
    parser = argparse.ArgumentParser(description="Write the example documents.")
    parser.add_argument(
        "--root", type=Path, default=Path(__file__).parent, help="folder to write into (default: this one)"
    )
    root: Path = parser.parse_args().root
    documents, scans, recorded = root / "documents", root / "scans", root / "answers"
    for folder in (documents, scans, recorded):
        folder.mkdir(parents=True, exist_ok=True)
    paper.build(documents / "paper.pdf")
    annual_report.build(documents / "annual-report.pdf")
    manual.build(documents / "manual.pdf")
    chinese.build(documents / "chinese.pdf")
    arabic.build(documents / "arabic.pdf")
    letter.build(scans / "letter.pdf", scans / "letter.png")
    answers.write_index(recorded / "answers.json", scans / "letter.pdf")
    for path in sorted([*documents.iterdir(), *scans.iterdir()]):
        print(f"{path.stat().st_size:>8} {path}")


if __name__ == "__main__":
    main()
