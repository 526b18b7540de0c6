"""Running the ablations: as DVC experiments, each in a copy of the repository.

:func:`due` names those that are not there yet or stale; :func:`run` has DVC run them;
:func:`gather` brings what came out to where :mod:`avef.studies.ablations` reads it. An
experiment's name with DVC ends with a digest of what it is made from, so that one of other
parameters, code, data, or beside another base run, is never taken for it.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from avef.config import params
from avef.config.schema import Params
from avef.core import files, outside, paths, store
from avef.core.errors import ParameterError, RunError
from avef.corpora import manifest
from avef.evaluation import marks, tables
from avef.preparation.child import Limits
from avef.studies import ablations

#: What an experiment runs: all that decides six emotions, and no report.
TARGETS = ("audio_net", "visual_net", "svm")
#: DVC, in a process that ends with the one of the given number. The experiment's folder tells by
#: its name which process works in it, as :func:`avef.core.files.sweep` asks.
_DVC = """
import sys, tempfile
from avef.core import files, parallel
from dvc.cli import main
tempfile.template = files.draft("experiment").name
parallel.end_with_parent(int(sys.argv.pop(1)))
sys.exit(main(sys.argv[1:]))
"""
_FOLDERS = Path(".dvc/tmp/exps/standalone")  # where DVC makes them


def due(only: Collection[str] = (), path: str | Path = "params.yaml") -> dict[str, list[str]]:
    """What is not there or stale: name → what DVC is to be told, for :func:`run`.

    Parameters
    ----------
    only : names, optional
        Of the ablations; all of them if none is given.

    Raises
    ------
    ParameterError
        If there is no such ablation, two would have one name with DVC, or the folder's own
        name is one that DVC cannot write down.
    RunError
        If the base run is not up to date, or Git refuses, such as outside a repository.
    """
    p = params.read(path)
    for name in only:
        if name not in p.ablations:
            listed = ", ".join(p.ablations)
            raise ParameterError(f"{name}: no such ablation; there are {listed}")
    if not str(Path.cwd()).isascii():  # DVC puts its cache's path into a file in ASCII
        raise ParameterError(
            f"DVC runs no experiment below {Path.cwd()}: move the repository to a folder whose "
            "path has no other letters than a to z"
        )
    _settled(p)
    unique, finished, told = _names(ablations.origins(path)), _finished(), {}
    known = ablations.read(path)
    for name in only or p.ablations:
        if known[name].state == "current" or unique[name] in finished:
            continue
        changes = [part for text in [*p.ablations[name], *_roots(p)] for part in ("-S", text)]
        told[name] = ["exp", "run", "--temp", "--name", unique[name], *changes, *TARGETS]
    return told


def run(told: Iterable[Sequence[str]]) -> None:
    """Have DVC run experiments, one after the other; its messages pass through.

    Each in a folder of its own, and by a process that ends with this one: DVC's queue would
    leave a worker, which a killed command leaves behind and a broken one is waited for. The
    folders that killed commands left are removed first.
    """
    files.sweep(_FOLDERS)
    for words in told:
        subprocess.run([sys.executable, "-c", _DVC, str(os.getpid()), *words], check=False)


def gather(path: str | Path = "params.yaml") -> dict[str, str]:
    """Bring finished experiments into ``reports/ablations``; the state of those not current.

    Raises
    ------
    ParameterError, RunError
        As :func:`due` does.
    """
    p = params.read(path)
    _settled(p)
    origins, finished = ablations.origins(path), _finished()
    unique, plain = _names(origins), ablations.base(p)
    for name, one in ablations.read(path).items():
        if one.state != "current" and unique[name] in finished:
            table = ablations.paired(_predictions(finished[unique[name]], p), plain)
            ablations.save(name, table, origins[name], mark=marks.of(p))
    known = ablations.read(path)
    return {name: one.state for name, one in known.items() if one.state != "current"}


def _names(origins):
    """Ablation → its name with DVC: a Git branch's, which ends with what it is made from."""
    short = {name: name.replace("_", "-") for name in origins}
    twice = [name for name in origins if [*short.values()].count(short[name]) > 1]
    if twice:
        raise ParameterError(f"ablations: {' and '.join(twice)} are one name for DVC")
    return {name: f"{short[name]}-{store.digest(origin)[:12]}" for name, origin in origins.items()}


def _settled(p):
    """Make sure that the predictions at hand are of the parameters, code and data at hand."""
    stale = changed(p, *TARGETS)
    if stale:
        raise RunError(
            f"the base run is not up to date ({', '.join(stale)}); "
            f"`dvc repro {' '.join(TARGETS)}` makes it anew"
        )


def changed(p: Params, *targets: str) -> list[str]:
    """Stages whose results are missing, or not of the parameters, code and data at hand.

    Looked at are ``targets`` and what they stand on; without any, all stages. RunError
    if DVC cannot tell, such as outside a repository.
    """
    for file, root in manifest.roots(p).items():  # `dvc status` does not look there itself
        manifest.write(root, file, Limits.of(p.prepare))
    states = json.loads(_dvc("status", "--with-deps", "--json", *targets))
    return sorted(stage for stage, why in states.items() if "always changed" not in why)


def _predictions(commit, p):
    """An experiment's predictions, from the commit that DVC keeps of it."""
    predictions = {}
    for corpus in p.corpora:
        for modality, stage in tables.STAGES.items():
            text = _git("show", f"{commit}:{paths.predictions(stage, corpus).as_posix()}")
            kinds = {"clip": str, "speaker": str}
            predictions[corpus, modality] = outside.parsed(
                io.StringIO(text), f"{stage}-{corpus}.csv", dtype=kinds
            )
    return ablations.joined(predictions)


def _finished():
    """Name → commit of every experiment that DVC has finished here."""
    commits = {}
    for line in _git("for-each-ref", "--format=%(objectname) %(refname)", "refs/exps").splitlines():
        commit, ref = line.split()
        parts = ref.split("/")
        if len(parts) == 5:  # refs/exps/ab/cdef…/name; the others are DVC's own
            commits[parts[-1]] = commit
    return commits


def _roots(p):
    """A copy of the repository lacks what neither Git nor DVC tracks: the raw corpora."""
    if p.profile == "demo":
        return []
    folders = {f"corpora.{name}.root": corpus.root for name, corpus in p.corpora.items()}
    folders["emodb.root"] = p.emodb.root
    return [f"{key}={Path(folder).resolve()}" for key, folder in folders.items()]


def _git(*arguments):
    return _said(["git", *arguments])


def _dvc(*arguments):
    return _said([sys.executable, "-m", "dvc", *arguments])


def _said(command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RunError(f"{' '.join(command)}\n{done.stderr.strip()}")
    return done.stdout
