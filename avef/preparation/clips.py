"""A raw clip becomes a prepared clip (§2.1); a corpus becomes a folder of them.

A prepared clip is one ``.npz`` of arrays: what both cases need, once. It also
holds a key made from the raw bytes and the settings, so that a rerun redoes
only what changed, and a killed run goes on where it stopped.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from avef.config.schema import Prepare
from avef.core import parallel, store, sums
from avef.core.errors import OF_THE_FILE, ClipError, ParameterError
from avef.core.files import leads_out, write_csv
from avef.preparation import child, faces, media, pictures, sound, speech, vad, vad_net
from avef.preparation.prepared import (
    AUDIO,
    AUDIO_VISUAL,
    QUARANTINE,
    TABLE,
    PreparedClip,
    load_clip,
    save_clip,
)

#: Sound and picture must share this much of the longer one's time, or else a
#: clip's last faces would stand for all the sound beyond them.
OVERLAP = 0.8


def prepare_clip(
    path: str | Path,
    *,
    vad_method: str = "mrcg_dnn",
    vad_threshold: float | None = None,
    vad_weights: str | Path | None = None,
    spectrum_power: float = 2.0,
    face_size: int = 112,
    face_margin: float = 0.6,
    detect_every: int = 10,
    min_face_share: float = 0.5,
    hearing: sound.Reading = sound.USUAL,
    seeing: pictures.Reading | None = pictures.USUAL,
    limits: child.Limits = child.USUAL,
) -> PreparedClip:
    """Decode and prepare one clip (§2.1).

    Parameters
    ----------
    path : path
    vad_method, vad_weights
        See :func:`avef.preparation.vad.speech_probability`.
    vad_threshold : float in 0…1, or None
        None is the method's own.
    spectrum_power : float
        See :func:`avef.preparation.speech.log_mel`.
    face_size : int
        Pixels, the side of a crop.
    face_margin : float
        See :func:`avef.preparation.faces.face_box`.
    detect_every : int
        See :func:`avef.preparation.faces.track`.
    min_face_share : float in 0…1
        Of the frames; a clip with a face in fewer cannot be used.
    hearing : Reading
        See :func:`avef.preparation.sound.read_audio`.
    seeing : Reading or None
        See :func:`avef.preparation.pictures.read_video`. None takes the clip as sound alone,
        whatever pictures it may have.
    limits : Limits
        What reading it may take.

    Raises
    ------
    ClipError
        With the plain reason why the clip cannot be used.
    """
    audio = media.read_audio(path, hearing, limits)
    y = speech.mono_16k(audio.samples, audio.rate)
    log_mel = speech.log_mel(speech.pre_emphasis(y), power=spectrum_power)
    if len(log_mel) == 0:
        raise ClipError(f"the audio lasts {1000 * len(y) / speech.RATE:.0f} ms, less than a frame")
    if vad_threshold is None:
        vad_threshold = vad.threshold(vad_method, vad_weights)
    probability = vad.speech_probability(y, method=vad_method, weights=vad_weights)
    mask = vad.speech_mask(probability, vad_threshold)
    voiced = mask[1 : len(log_mel) + 1]  # the middle of frame t lies in the 10 ms of entry t + 1
    if not voiced.any():
        raise ClipError(f"no speech was found; the loudest sample is {np.abs(y).max():.4f}")

    if seeing is None:
        none = np.zeros((0, face_size, face_size, 3), np.uint8)
        no_frame = none[:, 0, 0, 0]
        return PreparedClip(log_mel, voiced, none, no_frame, no_frame + 0.0, 0.0, _seen(audio))
    video = media.read_video(path, seeing, limits)
    times = video.times - audio.start
    _require_overlap((0.0, len(y) / speech.RATE), (times[0], times[-1] + 1 / video.fps))
    track = faces.track(video.frames, every=detect_every)
    shown = track.status != faces.NONE
    if shown.sum() < max(1, min_face_share * len(shown)):
        raise ClipError(
            f"a face in {shown.sum()} of {len(shown)} frames; {min_face_share:.0%} are needed"
        )
    boxes = faces.face_box(track.points, margin=face_margin)
    crops = faces.crop(video.frames, boxes[_nearest(shown)], face_size)
    seen = _seen(audio, video)
    return PreparedClip(log_mel, voiced, crops, track.status, times, video.fps, seen)


def prepare_corpus(
    clips: pd.DataFrame,
    root: str | Path,
    out: str | Path,
    *,
    jobs: int = 1,
    max_failures: float = 0.1,
    **options: Any,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Prepare every clip of a corpus, in parallel; resume what was begun.

    Parameters
    ----------
    clips : DataFrame
        From :func:`avef.corpora.clip_table`.
    root, out : path
        The raw corpus, and the folder for ``<clip>.npz``, ``clips.csv`` and
        ``quarantine.csv``.
    jobs : int
        Worker processes.
    max_failures : float in 0…1
        A greater share of failing clips stops the run.
    **options
        Of :func:`prepare_clip`.

    Returns
    -------
    (prepared, quarantine) : DataFrame
        The clips that can be used, with ``duration``, ``fps``, ``frames`` (both 0 where it is
        sound alone), ``voiced``, ``face_share``, what was seen of the file (``seen`` of
        :class:`~avef.preparation.prepared.PreparedClip`) and ``key``; and ``clip``, ``path``,
        ``stage``, ``reason`` of those that cannot.

    Raises
    ------
    ParameterError
        If too many clips fail, or the VAD's weights cannot be read.
    """
    root, out = Path(root), Path(out)
    out.mkdir(parents=True, exist_ok=True)
    base = _base_key(options)
    alone = options | {"seeing": None}
    work = [
        (root, path, out / f"{clip}.npz", alone if kind == AUDIO else options, (base, kind))
        for clip, path, kind in _listed(clips)
    ]
    # The faces' networks are our own; but mtcnn's package, which brings their weights, loads
    # TensorFlow, and that would take a whole device.
    title = f"preparing {out.name}"
    results = list(parallel.each(_prepare_one, work, jobs=jobs, title=title, gpus=False))

    failed = np.array([isinstance(r, str) for r in results], bool)
    facts = pd.DataFrame([r for r in results if isinstance(r, dict)])
    prepared = pd.concat([clips[~failed].reset_index(drop=True), facts], axis=1)
    quarantine = clips.loc[failed, ["clip", "path"]].assign(
        stage="prepare", reason=[r for r in results if isinstance(r, str)]
    )
    write_csv(out / QUARANTINE, quarantine)
    if failed.mean() > max_failures:
        reasons = quarantine["reason"].value_counts().head(5).to_string(header=False)
        raise ParameterError(
            f"{failed.sum()} of {len(failed)} clips cannot be used, more than "
            f"prepare.max_failures = {max_failures:.0%} allows (see {out / QUARANTINE}):\n"
            f"{reasons}"
        )
    write_csv(out / TABLE, prepared)
    sums.write(out, [out / TABLE, out / QUARANTINE])
    wanted = {f"{clip}.npz" for clip in prepared["clip"]}
    for stale in out.glob("*.npz"):  # only now: a run that stops takes nothing away
        if stale.name not in wanted:
            stale.unlink()
    return prepared, quarantine.reset_index(drop=True)


def settings(section: Prepare, vad_weights: str | Path) -> dict[str, Any]:
    """Keyword arguments of :func:`prepare_clip` from a parameter section."""
    names = inspect.signature(prepare_clip).parameters
    values = asdict(section) | {"vad_method": section.vad, "vad_weights": str(vad_weights)}
    values["hearing"] = sound.Reading(**{n: values[n] for n in sound.Reading._fields})
    values["limits"] = child.Limits.of(section)
    values["seeing"] = pictures.Reading(**{n: values[n] for n in pictures.Reading._fields})
    return {name: value for name, value in values.items() if name in names}


def _base_key(options):
    """Fingerprint of what all clips of a corpus depend on.

    Raises
    ------
    ParameterError
        If the VAD's weights cannot be read: no clip is to blame for that.
    """
    files = []
    if options.get("vad_method", "mrcg_dnn") == "mrcg_dnn":
        files = [options.get("vad_weights") or vad_net.shipped()]
        vad_net.load(files[0])
    plain = {name: value for name, value in options.items() if name != "vad_weights"}
    return store.digest(plain, files=files, code=__name__)


def _prepare_one(root: Path, path: str, target: Path, settings: Mapping, base: tuple) -> dict | str:
    """Facts of a prepared clip, or the reason why there is none.

    Only what the raw clip itself causes becomes a reason; all else stops the run.
    """
    clip_file = root / path
    try:
        if leads_out(root, path):
            return "the file lies outside the corpus' folder"
        media.require_readable(clip_file, settings.get("limits", child.USUAL))
        key = store.digest(base, files=[clip_file])
    except ClipError as error:
        return str(error)
    except OSError as error:
        if error.errno not in OF_THE_FILE:
            raise
        return f"the file cannot be read: {error.strerror}"
    clip = _finished(target, key)
    if clip is None:
        try:
            clip = prepare_clip(clip_file, **settings)
        except ClipError as error:
            return str(error)
        save_clip(target, clip, key)
    return {
        "duration": round(len(clip.log_mel) / 100, 2),
        "fps": round(clip.fps, 2),
        "frames": len(clip.faces),
        "voiced": round(float(clip.voiced.mean()), 4),
        "face_share": _share(clip.face_status != faces.NONE),
        **clip.seen,
        "key": key,
    }


def _finished(target, key):
    """The prepared clip, if it is there, whole, and of that key."""
    try:
        return load_clip(target) if store.has(target, key) else None
    except KeyError:  # an array's name is damaged
        return None


def _seen(audio, video=None):
    """What the file's row says of its streams."""
    if video is None:
        return {**audio.seen, "warnings": "; ".join(audio.warnings)}
    return {
        **audio.seen,
        **video.seen,
        # seconds from the first sample
        "picture_offset": round(float(video.times[0] - audio.start), 3),
        "warnings": "; ".join([*audio.warnings, *video.warnings]),
    }


def _require_overlap(heard, shown):
    """Refuse a clip whose sound and pictures, (start, end) in seconds, are of different times."""
    shared = min(heard[1], shown[1]) - max(heard[0], shown[0])
    if shared < OVERLAP * max(heard[1] - heard[0], shown[1] - shown[0]):
        raise ClipError(
            "sound from {:.2f} to {:.2f} s and pictures".format(*heard)
            + " from {:.2f} to {:.2f} s share".format(*shown)
            + f" {max(0.0, shared):.2f} s, less than {OVERLAP:.0%} of the longer"
        )


def _nearest(seen):
    """For every frame, the index of the nearest one with a face."""
    there = np.flatnonzero(seen)
    return there[np.abs(np.arange(len(seen))[:, None] - there).argmin(axis=1)]


def _share(mask):
    """Of the entries that are set, to four decimals; NaN where there is no entry."""
    return round(float(mask.mean()), 4) if len(mask) else np.nan


def _listed(clips):
    """Clip, path and kind of every row; a table without kinds is one of clips with pictures."""
    kinds = clips.get("kind", pd.Series(AUDIO_VISUAL, clips.index))
    return zip(clips["clip"], clips["path"], kinds, strict=True)
