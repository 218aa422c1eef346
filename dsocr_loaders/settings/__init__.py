"""What a user may choose, checked once.

`Settings` is one frozen object with every choice; `Reader`, the command line and the framework classes take the same
words. A value that is not allowed raises `SettingsError`, which names the setting, the value and what is allowed.
"""

from dsocr_loaders.settings.arguments import ReaderArguments, SettingsArguments
from dsocr_loaders.settings.fields import ENGINE_NAMES, Settings
from dsocr_loaders.settings.limits import Limits
from dsocr_loaders.settings.page_ranges import selected_pages

__all__ = ["ENGINE_NAMES", "Limits", "ReaderArguments", "Settings", "SettingsArguments", "selected_pages"]
