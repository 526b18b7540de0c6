"""The clips of a raw corpus as the pipeline keeps them: who, what, and what the headers say.

A corpus has pictures, or it is sound alone, of which the audio-net can learn. A film whose
header tells of no pictures is sound alone, too; and where some clips have pictures, those that
have none are left out, as both networks must be tested on the same clips. Left out, too, are
emotions that the paper does not have.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pandas as pd

from avef import corpora
from avef.core import outside, paths
from avef.core.errors import ClipError
from avef.core.files import write_csv
from avef.corpora._tree import outside_six
from avef.preparation import media
from avef.preparation.child import USUAL, Limits
from avef.preparation.prepared import AUDIO
from avef.protocol import EMOTIONS


class Listing(NamedTuple):
    """What is known of a corpus before any clip is decoded.

    Attributes
    ----------
    clips, left_out : DataFrame
        From :func:`avef.corpora.clip_table`.
    files : DataFrame
        From :func:`media_facts`.
    """

    clips: pd.DataFrame
    left_out: pd.DataFrame
    files: pd.DataFrame


def media_facts(clips: pd.DataFrame, root: str | Path, limits: Limits = USUAL) -> pd.DataFrame:
    """What the headers of a corpus' files say: one row a clip (Table 1).

    Columns ``clip``, ``sample_rate`` (Hz), ``channels``, ``fps``, ``width``,
    ``height``, ``duration`` (s); NaN where a file cannot be opened, lacks a stream, or is
    beyond the limits.
    """
    rows = []
    for clip, path in clips[["clip", "path"]].itertuples(index=False):
        try:
            rows.append({"clip": clip} | media.describe(Path(root) / path, limits))
        except ClipError:
            rows.append({"clip": clip})
    columns = ["clip", "sample_rate", "channels", "fps", "width", "height", "duration"]
    return pd.DataFrame(rows, columns=columns)


def of_one_kind(listed: Listing) -> Listing:
    """Let the headers say which clips have pictures; if any has, those without are left out.

    Examples
    --------
    >>> clips = pd.DataFrame({"clip": ["a", "b"], "path": ["a.mp4", "b.mp4"],
    ...                       "kind": "audio-visual"})
    >>> files = pd.DataFrame({"clip": ["a", "b"], "sample_rate": 48000, "width": [640, None]})
    >>> nothing = pd.DataFrame(columns=["path", "reason"])
    >>> of_one_kind(Listing(clips, nothing, files)).left_out.to_dict("records")
    [{'path': 'b.mp4', 'reason': 'sound alone, in a corpus with pictures'}]
    """
    clips, left_out, files = listed
    unread = files[["sample_rate", "width"]].isna().all(axis=1)
    blind = files["width"].isna() & ~unread
    seen = files["width"].notna() & (clips["kind"] != AUDIO)
    if blind.any() and not seen.any():  # a damaged file's suffix promises no pictures
        blind |= unread
    clips = clips.assign(kind=clips["kind"].mask(blind, AUDIO))
    shown = clips["kind"] != AUDIO
    if not shown.any():
        return Listing(clips, left_out, files)
    reason = pd.Series("sound alone, in a corpus with pictures", clips.index)
    return _without(Listing(clips, left_out, files), reason.where(~shown))


def of_the_six(listed: Listing) -> Listing:
    """Leave out clips of other emotions, which Emo-DB's reader tells for the VAD's sake."""
    emotion = listed.clips["emotion"]
    return _without(listed, emotion.map(outside_six).where(~emotion.isin(EMOTIONS)))


def _listed(corpus, root, reader, limits):
    clips, left_out = corpora.clip_table(corpus, root, reader=reader, limits=limits)
    return of_one_kind(of_the_six(Listing(clips, left_out, media_facts(clips, root, limits))))


def _without(listed, reason):
    """The listing without the clips for which there is a reason."""
    lost = listed.clips[["path"]].assign(reason=reason).dropna()
    left_out = pd.concat([listed.left_out, lost]).sort_values(["path", "reason"], ignore_index=True)
    clips, files = (t[reason.isna()].reset_index(drop=True) for t in (listed.clips, listed.files))
    return Listing(clips, left_out, files)


def write(
    corpus: str, root: str | Path, *, reader: str | None = None, limits: Limits = USUAL
) -> Listing:
    """List a raw corpus into ``data/clips/<corpus>/``; errors as in ``clip_table``."""
    made = _listed(corpus, root, reader, limits)
    for name, table in made._asdict().items():
        write_csv(paths.clips(corpus).with_name(f"{name}.csv"), table)
    return made


def read(corpus: str, root: str | Path, *, reader: str | None = None) -> Listing:
    """What :func:`write` left; before that has run, what it would leave with the usual limits."""
    folder = paths.clips(corpus).parent
    if not (folder / "files.csv").is_file():  # written last
        return _listed(corpus, root, reader, USUAL)
    clips, left_out = (
        outside.table(folder / f"{name}.csv", dtype=str, keep_default_na=False)
        for name in ("clips", "left_out")
    )
    return Listing(clips, left_out, outside.table(folder / "files.csv", dtype={"clip": str}))
