"""Where words stand on a page, as a model that looks at it says: a run that asks the task `locate`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dsocr_loaders.errors import SettingsError
from dsocr_loaders.runs import Run
from dsocr_loaders.settings import Settings
from dsocr_loaders.tasks import prompt_for
from dsocr_loaders.values import LocatedWords, PageResult, Task

if TYPE_CHECKING:
    from dsocr_loaders.pipeline import RunItem

__all__ = ["LocateRun", "locating_settings"]


def locating_settings(settings: Settings, words: str, page: int | None, pages: str | None) -> Settings:
    """Return the settings of a run that looks for `words`, on one page or several.

    Args:
        settings: of the reader.
        words: what to find.
        page: one page, from 1; -1 is the last.
        pages: several, as `Settings.pages`; the reader's own if neither is given.

    Raises:
        SettingsError: the model was not trained for it, or words or pages are not allowed.
    """
    if page is not None and pages is not None:
        raise SettingsError(f"page={page} and pages={pages!r} exclude each other; name one of them.")
    prompt_for(settings.model, Task.LOCATE, words)
    changed = {
        "task": Task.LOCATE,
        "prompt": words,
        "pages": settings.pages if page is None and pages is None else pages or str(page),
        # An answer to such a question is no page to be saved, mended, or taken from a text layer; and that a page
        # failed must not look as if nothing were found on it.
        "save_images": None,
        "repair": False,
        "read_figures": False,
        "prefer_text_layer": False,
        "on_page_error": "skip" if settings.on_page_error == "skip" else "raise",
    }
    return Settings(**{name: getattr(settings, name) for name in Settings.model_fields} | changed)


class LocateRun(Run):
    """Collects where the words are."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._words = " ".join((settings.prompt or "").split())
        self._found: list[LocatedWords] = []

    def add(self, item: RunItem) -> None:
        """Take the next item."""
        page = self.take(item)
        if isinstance(page, PageResult):
            boxes = tuple(dict.fromkeys(box for region in page.regions for box in region.boxes))
            if boxes:
                self._found.append(LocatedWords(page.source, page.page_number, self._words, boxes))

    def found(self) -> tuple[LocatedWords, ...]:
        """Return the pages with the words, or raise what has to be raised at the end of the run."""
        self.finish()
        return tuple(self._found)
