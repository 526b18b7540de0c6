"""A result as a piece of a page: the answer in large letters, and what belongs to it."""

from __future__ import annotations

from html import escape

from avef.core.inert import shown
from avef.recognition import forms
from avef.recognition.result import Failure, Prediction

_LARGE = '<p style="font-size: 1.7em; font-weight: 600; line-height: 1.4; margin: 0">{}</p>'
_SMALL = '<p style="opacity: 0.75; line-height: 1.5; margin: 0">{}</p>'
_LINE = '<p style="line-height: 1.5; margin: 0">{}</p>'
_WARNING = _LINE.format("⚠ {}")


def summary(result: Prediction | Failure) -> str:
    """What is answered of a clip, as HTML in which nothing of the file's own is markup.

    Examples
    --------
    >>> "<b>" in summary(Failure("<b>.mp4", "no speech was found"))
    False
    """
    name = _SMALL.format(_safe(result.clip))
    if isinstance(result, Failure):
        return "\n".join([name, _LARGE.format("Cannot be used"), line(result.reason)])
    headline = result.headline[0].upper() + result.headline[1:]
    lines = [name, _LARGE.format(_safe(headline))]
    lines += [line(said) for said in forms.about(result)]
    lines += [_WARNING.format(_safe(said)) for said in result.warnings]
    if result.data:
        lines.append(_SMALL.format(_safe(result.data)))
    return "\n".join(lines)


def line(said: str) -> str:
    """A sentence of the page's own; nothing if it is empty."""
    return _LINE.format(_safe(said)) if said else ""


def _safe(said):
    return escape(shown(said))
