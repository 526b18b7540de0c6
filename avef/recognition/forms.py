"""A result as text for people, as a line of JSON, and as a row of a CSV table."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import numpy as np

from avef.core import inert
from avef.protocol import EMOTION_MODELS, EMOTIONS
from avef.recognition.result import Failure, Prediction
from avef.recognition.timeline import stretches

#: Of the CSV table; ``emotion`` is the best guess even where ``sure`` is false.
COLUMNS = (
    *("clip", "headline", "emotion", "sure", "confidence", "agreement", "voices"),
    *EMOTIONS,
    *("arousal", "arousal_probability", "valence", "valence_probability"),
    *("duration", "segments", "speech_share", "face_share"),
    *("note", "warnings", "learnt", "error", "corpus", "data", "key"),
)


def text(result: Prediction | Failure) -> str:
    """A result in a few lines, however long the clip is."""
    if isinstance(result, Failure):
        return f"{inert.shown(result.clip)}: cannot be used: {inert.shown(result.reason)}"
    lines = [f"{inert.shown(result.clip)}: {result.headline}"]
    lines += [f"  {line}" for line in about(result)]
    lines += [f"  warning: {inert.shown(said)}" for said in result.warnings]
    return "\n".join(lines + _over_time(result))


def about(result: Prediction) -> list[str]:
    """What stands below the answer: how sure it is, what else it may be, what it rests on."""
    lines = [
        _confidence(result),
        _likely(result.probabilities, 3),
        f"{_side('arousal', result.arousal)}, {_side('valence', result.valence)}",
        f"speech in {100 * result.speech_share:.0f} % of {result.duration:.2f} s, "
        f"a face in {100 * result.face_share:.0f} % of the frames",
    ]
    if result.note:
        lines.append(result.note)
    if result.learnt:
        lines.append(f"{result.learnt} of the {result.folds} folds learnt from this very clip.")
    return lines


def json_line(result: Prediction | Failure, key: str | None = None) -> str:
    """A result as one object on one line; ``key`` as in :mod:`avef.recognition.batch`.

    Any path fits into it: what is no printable ASCII is escaped.
    """
    return json.dumps(result.to_dict() | {"key": key})


def csv_line(result: Prediction | Failure, key: str | None = None) -> str:
    """A result as a row of a table with :data:`COLUMNS`; it has no timeline."""
    row = _failed(result) if isinstance(result, Failure) else _row(result)
    return joined([row.get(name, "") for name in COLUMNS[:-1]] + [key or ""])


def joined(cells: list[Any]) -> str:
    """Cells as a line of CSV that no program takes for a formula.

    Examples
    --------
    >>> joined(["=1+1.mp4", "a, b", 0.5])
    '\\'=1+1.mp4,"a, b",0.5'
    """
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow([_cell(cell) for cell in cells])
    return line.getvalue()


def _cell(value):
    if not isinstance(value, str):
        return value
    return inert.cell(inert.shown(value))


def _failed(failure):
    return {"clip": failure.clip, "error": failure.reason}


def _row(result):
    whole = result.to_dict()
    sides = {name: max(whole[name], key=whole[name].get) for name in ("arousal", "valence")}
    odds = {f"{name}_probability": whole[name][side] for name, side in sides.items()}
    said = {"warnings": "; ".join(result.warnings), "segments": len(result.times)}
    voices = "; ".join(f"{name} {count}" for name, count in result.voices.items())
    return whole | whole["probabilities"] | sides | odds | said | {"voices": voices}


def _confidence(result):
    agreed = f"{result.voices[result.emotion]} of {result.folds} folds say {result.emotion}"
    said = f"{agreed}, its probability is {_percent(result.confidence)}"
    if result.sure or len(result.equals) > 1:
        return said
    of_answers = f"{_percent(result.share)} of the answers on unheard speakers were right"
    if not np.isfinite(result.threshold):
        return f"{said}; from none on {of_answers}"
    return f"{said}; from {_percent(result.threshold)} on {of_answers}"


def _over_time(result):
    pieces, count = stretches(result.times, result.timeline), len(result.times)
    head = "  1 segment:" if count == 1 else f"  {count} segments, summed up:"
    rows = [f"  {begin:7.2f} … {end:7.2f} s  {_likely(row, 2)}" for begin, end, row in pieces]
    return [head, *rows]


def _likely(probabilities, count):
    order = np.argsort(probabilities)[::-1][:count]
    return ", ".join(f"{EMOTIONS[n]} {_percent(probabilities[n])}" for n in order)


def _side(dimension, odds):
    side = max(EMOTION_MODELS[dimension], key=odds.get)
    return f"{dimension} {side} {_percent(odds[side])}"


def _percent(share):
    return f"{100 * share:.0f} %"
