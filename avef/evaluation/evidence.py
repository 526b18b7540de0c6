"""What the stages left, laid beside each figure of the paper's claims.

:func:`read` alone touches files; :func:`parts` is pure and hands its rows to the
verdicts of :mod:`avef.evaluation.claims`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from avef import paper
from avef.config import params
from avef.config.schema import Params
from avef.core import outside, paths
from avef.evaluation import intervals, paired, tables
from avef.evaluation.claims import LEVEL, RULES, Part, verdict

#: §2.2.1–3 and the published networks: what Fig. 1's boxes are.
PUBLISHED = {
    "fc7 of audio-net and visual-net": "4096, 4096",
    "DBN": "8192-4096-2048",
    "input of the networks": "227, 112",
}


@dataclass(frozen=True)
class Evidence:
    """What the stages left.

    ``predictions`` by (dataset, modality); ``metrics`` and ``tables`` by file
    name without suffix; ``figures`` likewise, names alone; ``settings`` are
    those of the run; ``mark`` is that of what has none of its own.
    """

    mark: str
    predictions: Mapping[tuple[str, str], pd.DataFrame] = field(default_factory=dict)
    metrics: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    figures: frozenset[str] = frozenset()
    settings: Params | None = None


def parts(evidence: Evidence, seed: int = 0) -> pd.DataFrame:
    """Every figure of every claim: the fields of :class:`Part`, and its ``verdict``.

    ``seed`` is that of the intervals and sign flips.
    """
    made = [*_corpora(evidence), *_settings(evidence), *_accuracies(evidence, seed)]
    made += [*_recalls(evidence, seed), *_pictures(evidence), *_numbers(evidence)]
    made += [*_case_gains(evidence, seed), *_emotions(evidence, seed)]
    order = list(RULES)
    made.sort(key=lambda part: order.index(part.id))
    return pd.DataFrame(made, columns=Part._fields).assign(verdict=[verdict(p) for p in made])


def read(mark: str, root: str | Path = ".") -> Evidence:
    """What lies under ``root``'s reports, and the settings of its paper profile.

    ``mark`` is the run's (:mod:`avef.evaluation.marks`). Files that are not there are left out.
    """
    root = Path(root)
    reports = root / paths.REPORTS
    predictions, settings = {}, _settings_of(root)
    there = (
        paper.DATASETS if settings is None else [c for c in settings.corpora if c in paper.DATASETS]
    )
    for dataset in there:
        for modality, stage in tables.STAGES.items():
            path = root / paths.predictions(stage, dataset)
            text = {"clip": str, "speaker": str}
            table = outside.table(path, dtype=text) if path.is_file() else ()
            if len(table):  # of sound alone there is a table without rows
                predictions[dataset, modality] = table
    return Evidence(
        mark,
        predictions,
        metrics={p.stem: outside.value(p) for p in reports.glob("metrics/*.json")},
        tables={p.stem: outside.table(p) for p in reports.glob("tables/table_[12].csv")},
        figures=frozenset(p.stem for p in reports.glob("figures/*.png")),
        settings=settings,
    )


def _corpora(evidence):
    """T1 and T2."""
    files = evidence.tables.get("table_1", pd.DataFrame({"entry": []})).set_index("entry")
    for dataset, row in paper.table_1().iterrows():
        name = paper.title(dataset)
        printed = {"audio (Hz)": row["audio_rate"], "channels": row["channels"], "fps": row["fps"]}
        printed["frame size"] = f"{row['width']}×{row['height']}"
        printed |= {"speakers": row["speakers"], "clips": row["clips_used"]}
        ours = files.get(f"{name}, files", pd.Series(dtype=object))
        for entry, value in printed.items():
            part = partial(Part, "T1", f"{name}, {entry}", str(value), data=evidence.mark)
            if entry in ours:
                yield part(_entry(entry, ours[entry]))
            else:
                yield part(missing=f"the files of {name}")
    learnt = _learnt_labels(evidence.predictions)
    for emotion, row in paper.table_2().set_index("emotion").iterrows():
        part = partial(Part, "T2", emotion, ", ".join(row))
        if emotion in learnt:
            yield part(learnt[emotion])
        else:
            yield part(missing="predictions of its clips")


def _learnt_labels(predictions):
    """What this run took each emotion for: emotion → "arousal, valence", of all clips."""
    sides: dict[str, dict[str, set[str]]] = {}
    for table in predictions.values():
        wide = table[table["case"] == table["case"].min()].drop_duplicates(
            ["emotion_model", "clip"]
        )
        wide = wide.pivot(index="clip", columns="emotion_model", values="true")
        for emotion, group in wide.groupby("emotion") if "emotion" in wide else ():
            known = sides.setdefault(emotion, {"arousal": set(), "valence": set()})
            for dimension in known:
                known[dimension] |= set(group.get(dimension, pd.Series(dtype=str)).dropna())
    return {
        emotion: ", ".join("/".join(sorted(values)) for values in known.values())
        for emotion, known in sides.items()
        if all(known.values())
    }


def _entry(entry, value):
    """What a file's header says, as the paper does: 29.97 fps → 30."""
    return str(value) if entry in ("channels", "frame size") else str(round(float(value)))


def _settings(evidence):
    """T3 and F1: Table 3's training set-up, and the networks' sizes, of this run.

    The hardware is the reader's.
    """
    there = evidence.settings is not None
    ours = tables.table_3(evidence.settings)["ours"] if there else {}
    for where, setting, value in paper.table_3().itertuples(index=False):
        if where == "hardware":
            continue
        part = partial(Part, "T3", f"{where}, {setting}", f"{value:g}")
        yield part(ours[f"{where}: {setting}"]) if there else part(missing="params.yaml")
    sizes = _sizes(evidence.settings) if there else {}
    for name, printed in PUBLISHED.items():
        part = partial(Part, "F1", name, printed)
        yield part(sizes[name]) if there else part(missing="params.yaml")


def _sizes(settings):
    """What Fig. 1 gives sizes of, as this run has it."""
    nets = settings.networks
    fc7 = [2 * round(4096 * net.width / 2) for net in (nets.audio, nets.visual)]
    return {
        "fc7 of audio-net and visual-net": ", ".join(map(str, fc7)),
        "DBN": "-".join(map(str, (sum(fc7), *nets.dbn.hidden))),
        "input of the networks": f"{nets.audio.input_size}, {nets.visual.input_size}",
    }


def _accuracies(evidence, seed):
    """T4–T7."""
    measure = partial(intervals.interval, level=LEVEL, seed=seed)
    ours = intervals.across(evidence.predictions, measure)
    keys = ["dataset", "modality", "emotion_model", "case"]
    ours = ours.set_index(keys) if len(ours) else ours
    for row in paper.accuracies().itertuples():
        key = tuple(getattr(row, name) for name in keys)
        title = f"{paper.title(row.dataset)} {row.modality}, "
        title += f"{row.emotion_model}, case {row.case}"
        part = partial(Part, f"T{row.table}", title, row.accuracy, unit="%")
        if key not in ours.index:
            yield part(missing=_predictions(*key[:2]))
            continue
        own = ours.loc[key]
        yield part(own["accuracy"], own["low"], own["high"], data=_mark(evidence, key[:2]))


def _recalls(evidence, seed):
    """T8–T10: the diagonals."""
    for number, dataset in tables.CONFUSIONS.items():
        key = (dataset, "multimodal")
        matrix = paper.confusion(dataset)
        there = key in evidence.predictions
        ours = pd.DataFrame()
        if there:
            ours = intervals.recalls(evidence.predictions[key], level=LEVEL, seed=seed)
            ours = ours.set_index("true")
        for emotion in paper.EMOTIONS:
            part = partial(Part, f"T{number}", emotion, matrix.loc[emotion, emotion], unit="%")
            if emotion not in ours.index:
                yield part(missing=f"clips of {emotion}" if there else _predictions(*key))
                continue
            row = ours.loc[emotion]
            yield part(row["recall"], row["low"], row["high"], data=_mark(evidence, key))


def _pictures(evidence):
    """F3: the mel image of a segment, drawn for every corpus."""
    names = [("F3", f"fig_3-{dataset}", evidence.mark) for dataset in paper.DATASETS]
    for claim, name, data in names:
        there = name in evidence.figures
        part = partial(Part, claim, name, "drawn", data=data)
        yield part("drawn") if there else part(missing=f"reports/figures/{name}.png")


def _numbers(evidence):
    """V1, V2, K1, P1–P3, S1, S2, S4: what other stages measured."""
    files = {"V": "emodb", "P": "speed", "S": "baselines"}
    keys = {"V1": "percent", "V2": "relative_gain"}
    for claim in ("V1", "V2", "P1", "P2", "P3", "S1", "S2"):
        name = files[claim[0]]
        key = keys.get(claim, claim if claim[0] == "P" else "difference")
        yield _number(evidence, claim, "", name, claim, key)
    for title in ("accuracy", "epochs"):
        entry = "S4" if title == "accuracy" else "S4 epochs"
        yield _number(evidence, "S4", title, "transfer_gain", entry, "difference")
    for dataset in paper.DATASETS:
        title = paper.title(dataset)
        yield _number(evidence, "K1", title, f"preprocessing-{dataset}", "", "segments_percent")
    yield _number(
        evidence, "F2", "happiness", "preprocessing-enterface05", "", "happiness_voiced_percent"
    )


def _number(evidence, claim, title, name, entry, key):
    """A figure of a metrics file: ``file[entry]``, or ``file[entry][key]`` with its interval."""
    metrics = evidence.metrics.get(name, {})
    measured = metrics.get(entry) if entry else metrics
    measured = measured if isinstance(measured, Mapping) else {key: measured}
    about = paper.CLAIMS[claim]
    printed = about.figure[name.partition("-")[2]] if claim == "K1" else about.figure
    if claim == "F2":
        printed = round(100 * 1.6 / 2.7, 1)
    if RULES[claim].kind == "direction":
        printed = "above 0"
    unit = "%" if title == "epochs" or claim == "F2" else about.unit or "points"
    part = partial(Part, claim, title, printed, unit=unit)
    if measured.get(key) is None or measured[key] != measured[key]:
        path = f"reports/metrics/{name}.json"
        return part(missing=f"{claim} in {path}" if metrics else path)
    mark = metrics.get("data", evidence.mark)
    low, high = (measured.get(bound, np.nan) for bound in ("low", "high"))
    return part(float(measured[key]), low, high, data=mark)


def _case_gains(evidence, seed):
    """S3: every pair of Tables 4–7."""
    measure = partial(paired.case_comparison, level=LEVEL, seed=seed)
    ours = intervals.across(evidence.predictions, measure)
    keys = ["dataset", "modality", "emotion_model"]
    if len(ours):
        ours = ours.set_index(keys)
    for pair in paper.case_comparisons().itertuples():
        key = tuple(getattr(pair, name) for name in keys)
        title = f"{paper.title(pair.dataset)} {pair.modality}, {pair.emotion_model}"
        part = partial(Part, "S3", title, pair.gain, unit="points")
        if key not in ours.index:
            yield part(missing=_predictions(*key[:2]))
            continue
        row = ours.loc[key]
        yield part(
            row["difference"],
            row["low"],
            row["high"],
            data=_mark(evidence, key[:2]),
        )


def _emotions(evidence, seed):
    """S5: the named emotions' lead, and the named pairs' share of the errors beyond chance."""
    made = []
    for dataset in paper.DATASETS:
        key = (dataset, "multimodal")
        matrix = paper.confusion(dataset)
        for title, measure, printed in (
            ("lead of anger and happiness", paired.easiest, _lead(matrix)),
            ("named pairs among errors", paired.mutual_confusion, _mutual(matrix)),
        ):
            title = f"{paper.title(dataset)}, {title}"
            part = Part("S5", title, round(printed, 2), unit="points", data=_mark(evidence, key))
            if key in evidence.predictions:
                ours = measure(evidence.predictions[key], level=LEVEL, seed=seed)
                part = part._replace(ours=ours.difference, low=ours.low, high=ours.high)
            else:
                part = part._replace(missing=_predictions(*key))
            made.append(part)
    return made


def _lead(matrix):
    recall = pd.Series(np.diag(matrix), index=matrix.index)
    named = list(paired.EASIEST)
    return float(recall[named].mean() - recall.drop(named).mean())


def _mutual(matrix):
    pairs = [(a, b) for pair in paired.CONFUSED for a, b in (pair, pair[::-1])]
    hit = sum(matrix.loc[a, b] for a, b in pairs)
    errors = sum(matrix.loc[a].drop(a).sum() for a, _ in pairs)
    return float(100 * (hit / errors - 1 / (len(matrix) - 1)))


def _predictions(dataset, modality):
    return f"reports/predictions/{tables.STAGES[modality]}-{dataset}.csv"


def _mark(evidence, key):
    """The predictions' own mark, where they have one."""
    predictions = evidence.predictions.get(key, ())
    return predictions["data"].iloc[0] if "data" in predictions else evidence.mark


def _settings_of(root):
    """The settings of the run, or None where there are none here."""
    path = root / "params.yaml"
    return params.read(path) if path.is_file() else None
