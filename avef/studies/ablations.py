"""Ablations and further seeds: the pipeline with one thing changed, as DVC experiments.

``params.yaml`` names them. :func:`queue` gives DVC those that it has not run yet, each
to be run in a copy of the repository; :func:`gather` brings what came out into one file
each under ``reports/ablations/``; :func:`read` takes from there what belongs to the
parameters at hand, and :func:`effects` and :func:`spread` say what it shows.
"""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Collection, Mapping
from dataclasses import asdict
from pathlib import Path

import pandas as pd

from avef.config import params, profiles
from avef.config.schema import Params
from avef.core import paths, store
from avef.core.errors import ParameterError
from avef.core.files import write_csv
from avef.evaluation import tables
from avef.studies import baselines

FOLDER = paths.REPORTS / "ablations"
#: What an experiment runs: all that decides six emotions, and no report.
TARGETS = ("audio_net", "visual_net", "svm")
#: Sections of the parameters that change no result here.
_ASIDE = ("ablations", "seeds", "jobs", "emodb", "power")


def experiments(p: Params) -> dict[str, list[str]]:
    """Name → overrides of every ablation, and of every further seed.

    Raises
    ------
    ParameterError
        If two of them would have the same name with DVC, which knows no underscores.
    """
    seeds = {f"seed_{seed}": [f"seed={seed}"] for seed in p.seeds}
    names = [_dvc_name(name) for name in (*p.ablations, *seeds)]
    twice = [name for name in (*p.ablations, *seeds) if names.count(_dvc_name(name)) > 1]
    if twice:
        raise ParameterError(f"ablations: {' and '.join(twice)} are one name for DVC")
    return p.ablations | seeds


def fingerprint(p: Params) -> str:
    """Of the parameters that decide results; where the corpora lie does not."""
    plain = {name: value for name, value in asdict(p).items() if name not in _ASIDE}
    plain["compute"] = p.compute.precision
    plain["corpora"] = {name: c["transfer_from"] for name, c in plain["corpora"].items()}
    return store.digest(plain)[:12]


def queue(only: Collection[str] = (), path: str | Path = "params.yaml") -> list[str]:
    """Queue what is not there yet, for ``dvc exp run --run-all``; the names queued.

    Parameters
    ----------
    only : names, optional
        Of the experiments to queue; all of them if none is given.

    Raises
    ------
    ParameterError
        If there is no such experiment or an override does not fit the parameters.
    RuntimeError
        If DVC refuses, such as outside a Git repository.
    """
    p, keys, commits, queued = params.read(path), _fingerprints(path), _finished(), []
    wanted = experiments(p)
    for name in only or wanted:
        if name not in wanted:
            raise ParameterError(f"{name}: no such experiment; there are {', '.join(wanted)}")
    for name in only or wanted:
        key = keys[name]
        if key in commits or _belongs(FOLDER / f"{name}.csv", key):
            continue
        changes = [part for text in [*wanted[name], *_roots(p)] for part in ("-S", text)]
        unique = f"{_dvc_name(name)}-{key[:6]}"  # by its end _finished knows that all targets ran
        _dvc("exp", "run", "--queue", "--name", unique, *changes, *TARGETS)
        queued.append(name)
    return queued


def run() -> None:
    """Run what is queued, one after the other; DVC's messages pass through."""
    subprocess.run([sys.executable, "-m", "dvc", "exp", "run", "--run-all"], check=False)


def gather(path: str | Path = "params.yaml") -> list[str]:
    """Bring finished experiments into ``reports/ablations``; the names of those missing."""
    p, commits, missing = params.read(path), _finished(), []
    for name, key in _fingerprints(path).items():
        file = FOLDER / f"{name}.csv"
        if key in commits:
            write_csv(file, _predictions(commits[key], p).assign(data=p.profile, params=key))
        elif not _belongs(file, key):
            missing.append(name)
    return missing


def read(path: str | Path = "params.yaml") -> dict[str, pd.DataFrame]:
    """Name → predictions of every gathered experiment that changes just these parameters.

    Returns
    -------
    dict of DataFrame
        ``dataset``, ``modality``, and the columns of :func:`avef.learning.clip_svm.predictions`;
        six emotions, case 2.
    """
    tables_of = {}
    for name, key in _fingerprints(path).items():
        file = FOLDER / f"{name}.csv"
        if _belongs(file, key):
            tables_of[name] = pd.read_csv(file, dtype={"clip": str, "speaker": str})
    return tables_of


def base(p: Params) -> pd.DataFrame:
    """The predictions at hand, as :func:`read` gives an experiment's."""
    return _joined({key: tables.read_predictions(stage, key[0]) for key, stage in _keys(p)})


def effects(changed: Mapping[str, pd.DataFrame], plain: pd.DataFrame, seed: int) -> pd.DataFrame:
    """What each change does to the accuracy, paired by speaker over all corpora.

    Clips that one of the two sent to quarantine are left out of both.

    Returns
    -------
    DataFrame
        ``ablation``, ``modality``, ``clips``, ``changed`` and ``plain`` (accuracies,
        percent), ``difference``, ``low``, ``high`` (points, 95 %), ``p``.
    """
    rows = []
    for name, table in changed.items():
        for modality in tables.STAGES:
            ours, theirs = {}, {}
            for dataset in plain["dataset"].unique():
                pair = [
                    t[(t["modality"] == modality) & (t["dataset"] == dataset)]
                    for t in (table, plain)
                ]
                both = set(pair[0]["clip"]) & set(pair[1]["clip"])
                ours[dataset], theirs[dataset] = (t[t["clip"].isin(both)] for t in pair)
            result = baselines.against(ours, theirs, seed)
            result = {"changed": result.pop("ours"), "plain": result.pop("theirs")} | result
            clips = sum(map(len, ours.values()))
            rows.append({"ablation": name, "modality": modality, "clips": clips} | result)
    figures = ["changed", "plain", "difference", "low", "high", "p"]
    return pd.DataFrame(rows, columns=["ablation", "modality", "clips", *figures])


def spread(others: Mapping[str, pd.DataFrame], plain: pd.DataFrame) -> pd.DataFrame:
    """Accuracy over seeds, the one at hand among them.

    Returns
    -------
    DataFrame
        ``dataset``, ``modality``, ``seeds``, ``mean``, ``deviation``, ``least``,
        ``greatest`` (percent); six emotions, case 2.
    """
    runs = pd.concat({"at hand": plain, **others}, names=["run"])
    runs["right"] = 100.0 * (runs["true"] == runs["predicted"])
    keys = ["dataset", "modality"]
    each = runs.groupby(["run", *keys], sort=False)["right"].mean().groupby(keys, sort=False)
    names = {"count": "seeds", "mean": "mean", "std": "deviation", "min": "least"}
    table = each.agg([*names, "max"]).rename(columns=names | {"max": "greatest"})
    return table.reset_index().round(2)


def _fingerprints(path):
    """Name → fingerprint of every experiment, all checked against the parameters."""
    wanted = experiments(params.read(path))
    return {n: fingerprint(profiles.overridden(path, texts)) for n, texts in wanted.items()}


def _dvc_name(name):
    """DVC's names are those of Git's branches."""
    return name.replace("_", "-")


def _keys(p):
    return [((c, modality), stage) for c in p.corpora for modality, stage in tables.STAGES.items()]


def _joined(predictions):
    parts = [
        table.query("emotion_model == 'emotion' and case == 2").assign(dataset=d, modality=m)
        for (d, m), table in predictions.items()
    ]
    return pd.concat(parts, ignore_index=True).drop(columns="data", errors="ignore")


def _predictions(commit, p):
    predictions = {}
    for key, stage in _keys(p):
        text = _git("show", f"{commit}:{paths.predictions(stage, key[0]).as_posix()}")
        predictions[key] = pd.read_csv(io.StringIO(text), dtype={"clip": str, "speaker": str})
    return _joined(predictions)


def _belongs(file, key):
    """Whether a gathered file is there and comes from those parameters."""
    if not file.is_file():
        return False
    return set(pd.read_csv(file, usecols=["params"], dtype=str)["params"]) == {key}


def _finished():
    """Fingerprint → commit of every experiment of :func:`queue` that DVC has finished here."""
    commits = {}
    for line in _git("for-each-ref", "--format=%(objectname) %(refname)", "refs/exps").splitlines():
        commit, ref = line.split()
        if len(ref.split("/")) != 5:  # refs/exps/ab/cdef…/name; the others are DVC's own
            continue
        try:
            key = fingerprint(_checked_out(commit))
        except ParameterError:
            continue  # of another version of avef
        if ref.endswith(f"-{key[:6]}"):  # others may have run a single stage
            commits[key] = commit
    return commits


def _checked_out(commit):
    return params.checked(params.parsed(_git("show", f"{commit}:params.yaml")))


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
        raise RuntimeError(f"{' '.join(command)}\n{done.stderr.strip()}")
    return done.stdout
