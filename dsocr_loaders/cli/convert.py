"""`dsocr convert`: the main job."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from dsocr_loaders.cli.exits import ExitStatus, status_of
from dsocr_loaders.cli.options import CHUNK_SETTINGS, READ_SETTINGS, setting_options, settings_from
from dsocr_loaders.cli.outputs import OutputFolder
from dsocr_loaders.errors import EngineError, JournalError, OutputError, placed
from dsocr_loaders.values import PageError, PageStatus

if TYPE_CHECKING:
    from dsocr_loaders.observers import RunReport
    from dsocr_loaders.pipeline import RunItem, SourceOpened
    from dsocr_loaders.settings import Settings
    from dsocr_loaders.values import PageResult, SourceFailure

__all__ = ["convert"]


@click.command()
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.option("-o", "--output", required=True, metavar="FOLDER", help="Where the results go; made if missing.")
@click.option(
    "--on-page-error",
    type=click.Choice(["skip", "placeholder", "text_layer"]),
    default="skip",
    show_default=True,
    help="What becomes of a page that failed: left out of the chunks, a chunk without text, or read from the PDF's "
    "text layer. The document's JSON has it with its error in any case.",
)
@click.option(
    "--journal",
    metavar="FILE",
    help="Where raw answers are kept, so that a rerun reads no page again; a file or folder on a local disk. "
    "[default: dsocr-journal.sqlite in the output folder]",
)
@click.option("--no-journal", is_flag=True, help="Keep no raw answers: a rerun reads every page again.")
@setting_options((*READ_SETTINGS, *CHUNK_SETTINGS))
def convert(
    sources: tuple[str, ...], output: str, journal: str | None, *, no_journal: bool, **options: object
) -> ExitStatus:
    """Turn PDFs and images into FOLDER/<name>.json, .chunks.jsonl and .md, and print a report.

    SOURCE is a file, a folder or a glob pattern. What cannot be read is said in one line each; the rest is done.
    """
    from dsocr_loaders.observers import ProgressObserver  # noqa: PLC0415 - `dsocr --help` needs none of it
    from dsocr_loaders.reader import Reader  # noqa: PLC0415 - likewise

    if no_journal and journal is not None:
        raise click.UsageError("--journal and --no-journal exclude each other")
    settings = settings_from(options | {"journal": journal})
    watching = [ProgressObserver(says_failures=False)] if settings.show_progress else []  # failures are said below
    folder = OutputFolder(output)
    if journal is None and not no_journal:
        settings = settings.model_copy(update={"journal": _journal_in(folder)})
    job = _Job(settings, folder)
    with Reader.from_settings(settings.model_copy(update={"show_progress": False})) as reader:
        items = reader.iter_items(list(sources), observers=watching)
        try:
            for item in items:
                job.take(item)
        except (EngineError, JournalError) as error:
            click.echo(f"Error: {error}", err=True)
            job.end_early(error)
            job.report(reader.last_report)
            return job.status_after(error)
        finally:
            items.close()
    job.report(reader.last_report)
    return job.status


def _journal_in(folder: OutputFolder) -> str | None:
    """Return the journal of an output folder; None, with a warning, where none can be."""
    from dsocr_loaders.journal import JOURNAL_FILE  # noqa: PLC0415 - `dsocr --help` needs none of it
    from dsocr_loaders.journal.filesystems import network_filesystem  # noqa: PLC0415 - likewise

    path = folder.folder / JOURNAL_FILE
    kind = network_filesystem(path)
    if kind is not None:
        click.echo(
            f"Warning: {folder.folder} is on a network filesystem ({kind}), where no journal can be kept: a rerun "
            "reads every page again. --journal names a file on a local disk.",
            err=True,
        )
        return None
    return str(path)


class _Job:
    """Writes the files of each source as soon as it is read, and counts for the report."""

    def __init__(self, settings: Settings, folder: OutputFolder) -> None:
        self._settings = settings
        self._folder = folder
        self._opened: SourceOpened | None = None
        self._pages: list[PageResult] = []
        self._files: Counter[str] = Counter()
        self._statuses: Counter[PageStatus] = Counter()
        self._chunks: Counter[str] = Counter()
        self._has_advised = False

    def take(self, item: RunItem) -> None:
        from dsocr_loaders.pipeline import SourceDone, SourceOpened  # noqa: PLC0415 - loaded by the reader already
        from dsocr_loaders.values import SourceFailure  # noqa: PLC0415 - likewise

        if isinstance(item, SourceFailure):
            self._fail(item)
        elif isinstance(item, SourceOpened):
            self._opened, self._pages = item, []
            if not item.page_numbers:
                total = item.info.total_pages
                click.echo(f"Error: {item.source.name}: --pages chooses none of its {total} pages", err=True)
        elif isinstance(item, SourceDone):
            self._finish()
        else:
            self._take_page(item)

    def _fail(self, failure: SourceFailure) -> None:
        self._files["failed"] += 1
        click.echo(f"Error: {placed(failure.message, failure.name)}", err=True)

    def _take_page(self, page: PageResult) -> None:
        self._statuses[page.status] += 1
        self._pages.append(page)
        if page.error is not None:
            click.echo(f"Error: {self._advised_once(page.error.message)}", err=True)

    def _advised_once(self, message: str) -> str:
        """Return the message, with the ways to get an engine only when they are told for the first time."""
        from dsocr_loaders.engines.advice import HOW_TO_GET_OCR  # noqa: PLC0415 - loaded by the reader already

        if HOW_TO_GET_OCR not in message:
            return message
        if self._has_advised:
            return message.replace(HOW_TO_GET_OCR, "").strip()
        self._has_advised = True
        return message

    def end_early(self, error: EngineError | JournalError) -> None:
        """Write what was read of the file under way; its other pages have failed with `error`."""
        if self._opened is None or not self._pages:
            return
        done = {page.page_number for page in self._pages}
        cause = error.cause if isinstance(error, EngineError) else ""
        why = PageError(type(error).__name__, cause, f"the run ended before this page: {error}")
        failed = replace(
            self._pages[0],
            status=PageStatus.FAILED,
            regions=(),
            answer=None,
            attempts=0,
            repairs=(),
            error=why,
            width=0.0,
            height=0.0,
        )
        missing = [
            replace(failed, page_number=number, label=self._opened.info.labels[number - 1])
            for number in self._opened.page_numbers
            if number not in done
        ]
        self._pages += missing
        self._statuses[PageStatus.FAILED] += len(missing)
        self._finish()

    def _finish(self) -> None:
        from dsocr_loaders.export import chunk_to_json, document_markdown, document_to_json  # noqa: PLC0415 - likewise
        from dsocr_loaders.granularity import cut  # noqa: PLC0415 - likewise
        from dsocr_loaders.structure import Structurer, build_document  # noqa: PLC0415 - likewise

        if self._opened is None:
            raise AssertionError("a source is done that was never opened")
        opened, self._opened = self._opened, None
        if all(page.status is PageStatus.FAILED for page in self._pages):
            self._files["failed"] += 1
            click.echo(f"Error: {opened.source.name}: no page was read, so nothing is written for it", err=True)
            return
        structurer = Structurer(opened.info, self._settings.structure)
        pages = [ready for page in self._pages for ready in structurer.add(page)] + structurer.finish()
        document = build_document(opened.source, opened.info, pages)
        has_placeholders = self._settings.on_page_error == "placeholder"
        shown = replace(
            document, pages=tuple(page for page in pages if has_placeholders or page.status is not PageStatus.FAILED)
        )
        chunks = list(cut(shown, self._settings))
        texts = {
            ".json": document_to_json(document),
            ".chunks.jsonl": "".join(f"{chunk_to_json(chunk)}\n" for chunk in chunks),
            ".md": f"{document_markdown(document, table_format=self._settings.table_format)}\n",
        }
        try:
            self._folder.write(opened.source, texts)
        except OutputError as error:
            self._files["failed"] += 1
            click.echo(f"Error: {error}", err=True)
            return
        self._files["written"] += 1
        self._chunks.update(chunk.metadata.region_type for chunk in chunks)

    def report(self, run: RunReport | None) -> None:
        """Print what was done."""
        files = f"{self._files['written']} written to {self._folder.folder}"
        if self._files["failed"]:
            files += f", {self._files['failed']} failed"
        click.echo(f"files   {files}")
        click.echo(f"pages   {_counts({status.value: count for status, count in sorted(self._statuses.items())})}")
        click.echo(f"chunks  {_counts(dict(self._chunks.most_common()))}")
        for line in run.cost_lines if run else ():
            click.echo(line)

    def status_after(self, error: EngineError | JournalError) -> ExitStatus:
        """How the job went, ended by `error`."""
        return status_of(error) if isinstance(error, EngineError) else max(self.status, ExitStatus.SOME_FAILED)

    @property
    def status(self) -> ExitStatus:
        """How the job went as a whole."""
        read = sum(count for status, count in self._statuses.items() if status is not PageStatus.FAILED)
        if not read:
            return ExitStatus.NOTHING_READ
        has_failed = self._files["failed"] or self._statuses[PageStatus.FAILED]
        return ExitStatus.SOME_FAILED if has_failed else ExitStatus.OK


def _counts(counts: dict[str, int]) -> str:
    total = sum(counts.values())
    if not total:
        return "0"
    return f"{total}: " + ", ".join(f"{count} {name}" for name, count in counts.items())
