"""What is amiss on this machine, and what to do about it: ``avef doctor``."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from packaging.requirements import Requirement

from avef import corpora
from avef.config import params
from avef.config.schema import Params
from avef.core import devices, installed, outside, paths
from avef.core.errors import ClipError, ParameterError

OK, LOOK, STOP = "ok", "look", "stop"
"""All is well; worth a look, but a run goes on; a run would stop or go wrong."""

#: What changes results, or breaks runs, when it is set to other values than these.
SETTINGS = {
    "KERAS_BACKEND": ("tensorflow",),
    "ONEDNN_MAX_CPU_ISA": (),
    "OPENBLAS_CORETYPE": (),
    "TF_ENABLE_ONEDNN_OPTS": ("1",),
    "TF_NUM_INTRAOP_THREADS": ("1",),
    "PYTHONOPTIMIZE": (),
}


class Finding(NamedTuple):
    """One thing that was looked at.

    Attributes
    ----------
    state : str
        ``OK``, ``LOOK`` or ``STOP``.
    text : str
        What is so.
    remedy : str
        What to do, where something is to be done.

    Examples
    --------
    >>> print(Finding(STOP, "no Git repository", "clone it with git"))
    stop  no Git repository
          → clone it with git
    """

    state: str
    text: str
    remedy: str = ""

    def __str__(self) -> str:
        """As one line, or two."""
        return f"{self.state:<5} {self.text}" + (f"\n      → {self.remedy}" if self.remedy else "")


def examine() -> Iterator[Finding]:
    """Look at everything, what is quick first; one part that fails hides no other."""
    for look in (python, packages, repository, settings):
        yield from _told(look)
    try:
        p = params.read()
    except (ParameterError, OSError) as error:
        yield Finding(STOP, str(error), "mend params.yaml, or `git checkout params.yaml`")
        return
    yield Finding(OK, f"params.yaml is in order (profile {p.profile})")
    for part in (raw, first_clips, backend, space):
        yield from _told(part, p)


def _told(look: Callable[..., Iterator[Finding]], *given: Params) -> Iterator[Finding]:
    """A part's findings; an error that avef or the system raises on purpose is one, too."""
    try:
        yield from look(*given)
    except (ClipError, ParameterError, OSError, ImportError) as error:
        yield Finding(STOP, f"{type(error).__name__}: {error}")


def python() -> Iterator[Finding]:
    """The interpreter, beside those that avef is for."""
    wanted = importlib.metadata.metadata("avef")["Requires-Python"]
    version, system = platform.python_version(), f"{platform.system()} {platform.machine()}"
    fits = version in Requirement(f"python{wanted}").specifier
    if fits and system == "Linux x86_64":
        yield Finding(OK, f"Python {version} on {system}")
    elif fits:
        yield Finding(LOOK, f"Python {version} on {system}; the locks are for Linux x86_64")
    else:
        remedy = f"rm -rf .venv; make repro PYTHON=python3.11 (or another of {wanted})"
        yield Finding(STOP, f"Python {version}, and avef needs {wanted}", remedy)


def packages(root: str | Path = ".") -> Iterator[Finding]:
    """What is installed, beside the lock that it came from."""
    build = "cpu" if installed.version("tensorflow-cpu") else "gpu"
    lock = Path(root) / "requirements" / f"{build}.lock"
    pinned = [
        Requirement(line.rstrip(" \\"))
        for line in lock.read_text(encoding="utf-8").splitlines()
        if line and not line.startswith((" ", "#"))
    ]
    wanted = [one for one in pinned if one.marker is None or one.marker.evaluate()]
    others = {
        one.name: installed.version(one.name) or "missing"
        for one in wanted
        if installed.version(one.name) not in one.specifier
    }
    if not others:
        yield Finding(OK, f"{len(wanted)} packages as in {lock}")
        return
    some = ", ".join(f"{name} ({version})" for name, version in list(others.items())[:5])
    more = f" and {len(others) - 5} more" if len(others) > 5 else ""
    state = STOP if "missing" in others.values() else LOOK
    yield Finding(state, f"not as in {lock}: {some}{more}", "rm -rf .venv; make repro")


def repository(root: str | Path = ".") -> Iterator[Finding]:
    """Whether DVC can work here."""
    root = Path(root)
    if not (root / ".dvc").is_dir():
        yield Finding(STOP, f"no .dvc in {root.resolve()}", "`git checkout .dvc`")
    elif (root / ".git").exists():
        yield Finding(OK, "a Git repository with DVC")
    elif "no_scm" in _local(root):
        yield Finding(LOOK, "DVC without Git: all runs but `avef ablations`")
    else:
        remedy = "`make repro` tells DVC so, or `dvc config --local core.no_scm true`"
        yield Finding(STOP, f"no .git in {root.resolve()}", remedy)
    yield from _cut_short(root)


def _cut_short(root):
    """What DVC writes in place, which a kill or a full disk just then leaves as half a file."""
    lock, claims = root / "dvc.lock", root / ".dvc" / "tmp" / "rwlock"
    if lock.is_file() and not re.fullmatch(r"schema:.*\n", outside.text(lock), re.DOTALL):
        remedy = "`git checkout dvc.lock`, or remove it: what is stored is found again"
        yield Finding(STOP, f"{lock} is cut short, by a kill or a full disk", remedy)
    try:
        if claims.is_file():
            outside.value(claims)
    except ParameterError:
        yield Finding(STOP, f"{claims} is cut short, by a kill or a full disk", f"rm {claims}")


def _local(root):
    """What DVC is told in this folder alone; Git does not track it."""
    file = root / ".dvc" / "config.local"
    return file.read_text(encoding="utf-8") if file.is_file() else ""


def settings(environment: Mapping[str, str] = os.environ) -> Iterator[Finding]:
    """Settings of one's own that change results, or break runs, and are left to their owner."""
    odd = [
        f"{name}={environment[name]}"
        for name, usual in SETTINGS.items()
        if environment.get(name, "") and environment[name].lower() not in usual
    ]
    for setting in odd:
        name = setting.partition("=")[0]
        yield Finding(LOOK, f"{setting} changes results or breaks runs", f"unset {name}")
    if not odd:
        yield Finding(OK, "no settings of your own that change results")


def raw(p: Params) -> Iterator[Finding]:
    """The corpora."""
    from avef.corpora import check

    for state in check.states(p):
        yield Finding(OK if state.ready else STOP, state.text)


def first_clips(p: Params) -> Iterator[Finding]:
    """The first clip of every corpus that is there, decoded."""
    from avef.preparation import clips as preparing
    from avef.preparation import media
    from avef.preparation.prepared import AUDIO

    how = preparing.settings(p.prepare, paths.VAD)
    for name, corpus in p.corpora.items():
        if not Path(corpus.root).is_dir():
            continue
        limits = how["limits"]
        clips, _ = corpora.clip_table(name, corpus.root, reader=corpus.reader, limits=limits)
        clip = clips.iloc[0]
        path = Path(corpus.root) / clip["path"]
        try:
            sound = media.read_audio(path, how["hearing"], limits)
            told = f"{len(sound.samples) / sound.rate:.1f} s of sound at {sound.rate} Hz"
            if clip["kind"] != AUDIO:
                video = media.read_video(path, how["seeing"], limits)
                height, width = video.frames[0].shape[:2]
                told += f", {len(video.frames)} pictures of {width} × {height}"
        except ClipError as error:
            yield Finding(LOOK, f"{path}: {error}", "a run lists such clips in quarantine")
        else:
            yield Finding(OK, f"{path}: {told}")


def backend(p: Params) -> Iterator[Finding]:
    """TensorFlow, and whether it sees the accelerators that are there."""
    import tensorflow

    seen = tensorflow.config.list_physical_devices("GPU")
    there = devices.there()
    text = f"TensorFlow {tensorflow.__version__} on {len(seen) or 'no'} GPU"
    if there and not seen:
        yield Finding(LOOK, f"{text}, but {len(there)} are there", "make repro BUILD=gpu")
    elif not seen and p.profile != "demo":
        yield Finding(LOOK, f"{text}; `avef plan` says how long the {p.profile} profile takes")
    else:
        yield Finding(OK, text)


def space(p: Params) -> Iterator[Finding]:
    """Memory and disk, beside what the profile takes."""
    from avef.studies import costs, plan

    parts = costs.parts(p)
    table = plan.plan(p, plan.sizes(p), costs=parts, rates=dict.fromkeys(parts, 1.0))
    memory, disk = plan.room()
    lines = plan.too_much(table, memory, disk)
    needs = f"{table['memory_gib'].max():.1f} of {memory:.0f} GiB of memory, "
    needs += f"{table['disk_gib'].sum():.1f} of {disk:.0f} GiB of disk for the networks"
    yield from ([Finding(STOP, line) for line in lines] or [Finding(OK, needs)])
