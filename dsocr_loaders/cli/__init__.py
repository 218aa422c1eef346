"""The command line: `dsocr convert`, `parse`, `chunks`, `engines`, `digest`.

`app` has `main` and the exit statuses, `options` makes options of settings, `convert` and `outputs` do the main job,
`inspect` has the small commands.
"""

from __future__ import annotations

from dsocr_loaders.cli.app import main

__all__ = ["main"]
