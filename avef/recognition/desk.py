"""The page of ``10_try_a_clip``: choose or record a clip, see what is made of it."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from contextlib import contextmanager
from pathlib import Path

import ipywidgets

from avef.core.errors import ParameterError
from avef.recognition import page, video
from avef.recognition.inbox import Inbox
from avef.recognition.recogniser import Recogniser
from avef.recognition.result import Failure
from avef.recognition.trying import tried
from avef.recognition.widgets import Player, Sender

_WIDE = ipywidgets.Layout(width="min(100%, 36em)")


class Desk:
    """Three ways for a clip to come, and below them the result of the last one.

    Parameters
    ----------
    recogniser : Recogniser
    listed : dict
        Title → file, of clips to choose from; may be empty.

    Attributes
    ----------
    view : Widget
        To be displayed.
    """

    def __init__(self, recogniser: Recogniser, listed: Mapping[str, Path]):
        self._recogniser, limits = recogniser, recogniser.params.prepare
        room = {"most": limits.max_gib, "seconds": limits.max_seconds}
        self._senders = [Sender(self._arrived, **room, camera=camera) for camera in (False, True)]
        self._status, self._result = ipywidgets.HTML(), ipywidgets.VBox()
        self._buttons: list[ipywidgets.Button] = []
        ways = {
            "A file of yours": ipywidgets.VBox([self._senders[0], self._path()]),
            "Your camera": self._senders[1],
        }
        if listed:
            ways[f"A clip of {recogniser.source.title}"] = self._list(listed)
        tabs = ipywidgets.Tab(list(ways.values()), titles=tuple(ways))
        self.view = ipywidgets.VBox([tabs, self._status, self._result])

    def look(self, path: str | Path, name: str = "") -> None:
        """Recognise a clip and show it; whatever is wrong with it is said."""
        with self._busy(f"Looking at {name or path} …"):
            made = tried(path, self._recogniser, name)
            self._clear()
            self._result.children = [ipywidgets.HTML(page.summary(made))]
            if not isinstance(made, Failure):
                self._result.children += (Player(made, *self._film(path)),)

    def _clear(self):
        """Forget the last result, and with it its film."""
        last, self._result.children = self._result.children, []
        for widget in last:
            widget.close()

    def _film(self, path):
        """The clip as a browser plays it, and when the prediction's clock begins in it."""
        with tempfile.TemporaryDirectory(prefix="avef-") as folder:
            film = Path(folder) / "clip.webm"
            delay = video.playable(path, self._recogniser.params, film)
            return film.read_bytes(), delay

    def _arrived(self, inbox: Inbox):
        self.look(inbox.path, inbox.name)

    def _path(self):
        """For a file that lies where the kernel runs."""
        field = ipywidgets.Text(placeholder="or its path where Jupyter runs", layout=_WIDE)
        return self._asked(field, lambda: Path(field.value.strip()).expanduser())

    def _list(self, listed):
        field = ipywidgets.Dropdown(options=list(listed), layout=_WIDE)
        return self._asked(field, lambda: listed[field.value])

    def _asked(self, field, chosen):
        """A field and its button."""
        button = ipywidgets.Button(description="Try it")
        button.on_click(lambda _: self.look(chosen()) if field.value.strip() else None)
        self._buttons.append(button)
        return ipywidgets.HBox([field, button])

    @contextmanager
    def _busy(self, status):
        """Nothing else can be asked for meanwhile; an error of the model's own is said."""
        self._tell(status, busy=True)
        try:
            yield
            self._tell("")
        except ParameterError as error:
            self._tell(str(error))
        except Exception as error:
            self._tell(f"This failed within avef, which is no fault of the clip: {error!r}")
            raise

    def _tell(self, said: str, busy: bool = False):
        self._status.value = page.line(said)
        for button in self._buttons:
            button.disabled = busy
        for sender in self._senders:
            sender.busy = busy
