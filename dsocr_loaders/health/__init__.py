"""What is wrong with an answer: findings, and the page's status that they make."""

from __future__ import annotations

from dsocr_loaders.health.examining import examine
from dsocr_loaders.health.status import status_of

__all__ = ["examine", "status_of"]
