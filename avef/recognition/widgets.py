"""What ipywidgets lacks: a film above its timeline, and a way for files and recordings to come.

Each is a small module for the browser in ``browser/``, which anywidget brings there with no
build and no network.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import resources
from typing import Any

import anywidget
import traitlets

from avef.core.errors import ClipError
from avef.protocol import EMOTIONS
from avef.recognition import drawing
from avef.recognition.inbox import Inbox
from avef.recognition.result import Prediction
from avef.recognition.timeline import shown

_BROWSER = resources.files("avef.recognition") / "browser"


def _text(*names):
    return "\n".join((_BROWSER / name).read_text(encoding="utf-8") for name in names)


class Player(anywidget.AnyWidget):
    """A clip, beside it the emotions of the moment, below it the timeline with a cursor.

    Parameters
    ----------
    prediction : Prediction
    film : bytes
        The clip as WebM.
    delay : float
        Seconds into the film at which the prediction's times begin.
    """

    _esm, _css = _text("element.js", "player.js"), _text("widgets.css")
    film = traitlets.Bytes().tag(sync=True)
    facts = traitlets.Dict().tag(sync=True)

    def __init__(self, prediction: Prediction, film: bytes, delay: float):
        super().__init__(film=film, facts=facts(prediction, delay))


class Sender(anywidget.AnyWidget):
    """Chooses a file, or records one with the camera, and sends it to the kernel in parts.

    Parameters
    ----------
    then : callable
        Called with the inbox once a file is there; afterwards the file is removed.
    most : float, GiB
        Of a file.
    seconds : float
        Of a recording.
    camera : bool
        Whether it records.
    """

    _esm, _css = _text("element.js", "sender.js"), _text("widgets.css")
    camera = traitlets.Bool().tag(sync=True)
    seconds = traitlets.Float().tag(sync=True)
    busy = traitlets.Bool(False).tag(sync=True)

    def __init__(
        self, then: Callable[[Inbox], None], *, most: float, seconds: float, camera: bool = False
    ):
        super().__init__(camera=camera, seconds=seconds)
        self._inbox, self._then = Inbox(most), then
        self.on_msg(self._heard)

    def _heard(self, _, said, parts):
        """A message of the browser's: a file is announced, or here is a part of it."""
        try:
            self._take(said, parts)
        except ClipError as error:
            self._refuse(str(error))
        except OSError as error:
            self._refuse(f"the file cannot be kept: {error.strerror}")

    def _take(self, said: dict[str, Any], parts):
        if "name" in said:
            self._inbox.begin(str(said["name"]), int(said["size"]))
        else:
            self._inbox.add(bytes(parts[0]) if parts else b"")
        if not self._inbox.whole:
            self.send({"next": self._inbox.taken})
            return
        self.send({"done": True})
        try:
            self._then(self._inbox)
        finally:
            self._inbox.clear()

    def _refuse(self, why):
        self._inbox.clear()
        self.send({"refused": why})


def facts(prediction: Prediction, delay: float) -> dict[str, Any]:
    """What the player shows beside the film, as plain values."""
    return {
        "names": list(EMOTIONS),
        "whole": prediction.probabilities.round(4).tolist(),
        "spans": shown(prediction.times).round(3).tolist(),
        "rows": prediction.timeline.round(4).tolist(),
        "answer": prediction.emotion,
        "duration": prediction.duration,
        "delay": delay,
        "picture": drawing.inline(prediction)._asdict(),
    }
