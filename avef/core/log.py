"""What happened, for whoever looks for it later: a log file a stage.

Modules log to their own logger, such as ``avef.learning.training``; nothing of it decides
or changes a result. A stage runs in several processes, which all append to one file: its
path travels in the environment.
"""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

from avef.core.inert import shown


class _Lines(logging.Formatter):
    """Messages may hold names that others gave."""

    def format(self, record: logging.LogRecord) -> str:
        return shown(super().format(record), keep="\n\t")


class _File(logging.FileHandler):
    """A line that cannot be written is lost: on a full disk what was at work says why it stops."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 (logging's name)
        """Let it pass; logging would print a traceback for each line."""


_FILE = "AVEF_LOG"
_LINES = "%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s"


def start(path: str | Path) -> None:
    """Begin a log file, for this process and those that it starts."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text("", encoding="utf-8")
    os.environ[_FILE] = str(Path(path).resolve())
    follow()


def follow() -> None:
    """Append this process' messages to the log file that was begun, if one was."""
    path = os.environ.get(_FILE)
    logger = logging.getLogger("avef")
    there = {getattr(handler, "baseFilename", None) for handler in logger.handlers}
    if not path or path in there or not Path(path).parent.is_dir():
        return
    handler = _File(path, encoding="utf-8")
    handler.setFormatter(_Lines(_LINES))
    logger.addHandler(handler)
    logger.setLevel(min(logging.INFO, logger.level or logging.INFO))


def show(verbose: int) -> None:
    """Messages on standard error, too: 0 warnings, 1 what is done, 2 all."""
    level = {0: logging.WARNING, 1: logging.INFO}.get(verbose, logging.DEBUG)
    handler = logging.StreamHandler(sys.stderr)
    handler.setLevel(level)
    handler.setFormatter(_Lines("%(name)s: %(message)s"))
    logger = logging.getLogger("avef")
    logger.addHandler(handler)
    logger.setLevel(min(level, logging.INFO))
