"""The paper's own figures, as data: Tables 1-10, its scalar claims, and the claims by id.

Every number is typed once, here, exactly as printed, misprints included; what
does not add up in the paper is computed by :func:`case_comparisons` and
:func:`identities`, never mended. Data sets carry the names of ``avef.corpora``.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from avef.core.errors import ParameterError

EMOTIONS = ("anger", "disgust", "fear", "happiness", "sadness", "surprise")
DATASETS = ("rml", "enterface05", "baum1s")
DATASET_NAMES = {"rml": "RML", "enterface05": "eNTERFACE'05", "baum1s": "BAUM-1s"}

# Table 2. Within a dimension, the class that the paper names first comes first.
TABLE_2 = {
    "arousal": {
        "low": ("disgust", "sadness"),
        "high": ("anger", "happiness", "fear", "surprise"),
    },
    "valence": {
        "negative": ("anger", "fear", "disgust", "sadness"),
        "positive": ("happiness", "surprise"),
    },
}

_TABLE_1 = {
    # acted or spontaneous, audio rate, channels, fps, width, height, languages, speakers
    "rml": ("A", 22050, "stereo", 30, 368, 240, 6, 8),
    "enterface05": ("A", 48000, "stereo", 25, 720, 576, 1, 43),
    "baum1s": ("S", 48000, "stereo", 30, 854, 480, 1, 31),
}
# Section 3 in words. It swaps the frame sizes of RML and eNTERFACE'05 against Table 1.
_SECTION_3 = {
    # clips, clips used, width, height
    "rml": (720, 720, 720, 576),
    "enterface05": (1290, 1290, 368, 240),
    "baum1s": (1222, 521, 854, 480),
}

_TABLE_3 = [
    ("hardware", "CPU", "Intel Core i7-5820K @ 3.30 GHz"),
    ("hardware", "memory", "64 GB"),
    ("hardware", "GPU", "NVIDIA GTX Titan Xp (12 GB)"),
    ("audio-net", "batch size", 30),
    ("visual-net", "batch size", 30),
    ("whole model", "batch size", 10),
    ("audio-net", "epochs", 500),
    ("visual-net", "epochs", 500),
    ("whole model", "epochs", 500),
    ("all", "dropout", 0.3),
    ("all", "momentum", 0.9),
    ("all", "learning rate", 0.001),
]

# Tables 4-7: {(data set, modality): (case 1, case 2)}; pairs are (arousal, valence).
_TABLE_4 = {
    ("rml", "audio"): (68.23, 71.26),
    ("rml", "visual"): (71.18, 73.88),
    ("enterface05", "audio"): (80.36, 81.41),
    ("enterface05", "visual"): (55.26, 58.19),
    ("baum1s", "audio"): (39.48, 42.38),
    ("baum1s", "visual"): (52.41, 54.69),
}
_TABLE_5 = {
    ("rml", "audio"): ((79.2, 81.3), (81.5, 83.6)),
    ("rml", "visual"): ((82.5, 85.4), (85.1, 84.1)),
    ("enterface05", "audio"): ((88.3, 87.1), (89.4, 88.1)),
    ("enterface05", "visual"): ((83.7, 81.6), (84.6, 83.9)),
    ("baum1s", "audio"): ((68.2, 66.2), (73.1, 74.5)),
    ("baum1s", "visual"): ((76.3, 75.8), (80.1, 77.8)),
}
_TABLE_6 = {
    ("rml", "multimodal"): (80.46, 82.38),
    ("enterface05", "multimodal"): (83.94, 85.69),
    ("baum1s", "multimodal"): (57.61, 59.17),
}
_TABLE_7 = {
    ("rml", "multimodal"): ((83.1, 87.9), (86.6, 90.1)),
    ("enterface05", "multimodal"): ((91.2, 88.6), (92.3, 91.8)),
    ("baum1s", "multimodal"): ((77.3, 79.2), (80.5, 82.3)),
}

# Tables 8-10: rows are true labels, columns predictions, percent.
_CONFUSIONS = {
    "rml": (
        (91.13, 0.00, 1.13, 5.52, 1.37, 0.85),
        (1.22, 79.45, 6.92, 3.35, 7.92, 1.14),
        (1.32, 1.01, 77.90, 1.62, 13.5, 4.65),
        (7.65, 2.38, 1.54, 86.7, 1.27, 0.46),
        (2.84, 3.64, 12.55, 3.64, 76.12, 1.21),
        (2.35, 6.32, 7.99, 1.34, 1.40, 80.60),
    ),
    "enterface05": (
        (90.25, 0.56, 0.31, 5.52, 1.16, 2.20),
        (1.28, 82.36, 9.30, 0.95, 5.37, 0.74),
        (1.24, 6.51, 80.22, 1.28, 8.75, 2.00),
        (5.62, 1.86, 1.13, 89.01, 1.25, 1.13),
        (1.58, 6.75, 2.68, 1.18, 84.95, 2.86),
        (5.63, 2.29, 3.08, 6.82, 1.56, 80.62),
    ),
    "baum1s": (
        (65.32, 3.35, 4.21, 15.32, 4.98, 6.82),
        (5.66, 56.11, 10.58, 6.89, 13.11, 7.65),
        (6.52, 10.85, 58.62, 7.95, 10.32, 5.74),
        (12.96, 6.23, 5.85, 60.25, 7.62, 7.09),
        (7.59, 10.33, 14.65, 8.96, 53.18, 5.29),
        (11.33, 5.68, 6.01, 15.59, 2.39, 59.00),
    ),
}


@dataclass(frozen=True)
class Claim:
    """One claim of the paper.

    ``figure`` is the paper's number (or a dict of numbers by data set), None
    where the figure is a table, a picture or a sentence; ``unit`` says of what.
    """

    id: str
    statement: str
    where: str
    figure: float | dict[str, float] | None = None
    unit: str = ""

    def of(self, dataset: str) -> float:
        """The paper's number for a data set; ParameterError if it has none.

        >>> CLAIMS["K1"].of("rml"), CLAIMS["P2"].of("rml")
        (72.0, 1.0)
        """
        figure = self.figure.get(dataset) if isinstance(self.figure, dict) else self.figure
        if figure is None:
            raise ParameterError(f"claim {self.id} has no number of {dataset!r}")
        return figure


_VOICED = {"rml": 72.0, "enterface05": 67.0, "baum1s": 76.0}

CLAIMS = {
    claim.id: claim
    for claim in (
        Claim("T1", "The three corpora and their media formats", "Table 1, §3"),
        Claim("T2", "Six emotions map onto binary arousal and valence", "Table 2"),
        Claim("T3", "Hardware and training set-up", "Table 3"),
        Claim("T4", "Unimodal accuracy, six emotions, both cases", "Table 4"),
        Claim("T5", "Unimodal accuracy, arousal and valence, both cases", "Table 5"),
        Claim("T6", "Multi-modal accuracy, six emotions, both cases", "Table 6"),
        Claim("T7", "Multi-modal accuracy, arousal and valence, both cases", "Table 7"),
        Claim("T8", "Confusion matrix of the multi-modal model on RML", "Table 8"),
        Claim("T9", "Confusion matrix of the multi-modal model on eNTERFACE'05", "Table 9"),
        Claim("T10", "Confusion matrix of the multi-modal model on BAUM-1s", "Table 10"),
        Claim("F1", "The architecture", "Fig. 1"),
        Claim("F2", "Data preparation shortens a 2.7 s clip to 1.6 s", "Fig. 2, §2.1", 1.6, "s"),
        Claim("F3", "The 64×64×3 mel image and its three planes", "Fig. 3"),
        Claim("V1", "The VAD keeps this share of Emo-DB's frames", "§2.1.1", 70.3, "%"),
        Claim("V2", "The VAD raises accuracy on Emo-DB by this much", "§2.1.1", 19.7, "% relative"),
        Claim("K1", "Share of the data left after denoising", "§4.3.1", _VOICED, "%"),
        Claim("P1", "Training one multi-modal model takes nearly a day", "§4.3.2", 24.0, "h"),
        Claim("P2", "A prepared 5 s clip is recognised within a second", "§4.3.2", 1.0, "s"),
        Claim(
            "P3",
            "Data preparation takes ten times the clip's duration",
            "§4.3.2",
            10.0,
            "× real time",
        ),
        Claim("S1", "Learned CNN features beat hand-crafted ones", "§5 (1), §4.3.1"),
        Claim("S2", "CNN and DBN fusion beats shallow fusion", "§5 (2), §1"),
        Claim("S3", "Case 2 beats case 1 throughout Tables 4–7", "§4.3.1, §5 (3)"),
        Claim("S4", "Transfer among emotion corpora helps and trains faster", "§5 (4)"),
        Claim("S5", "Anger and happiness are easiest; like intensities are confused", "§4.3.1"),
    )
}


def title(dataset: str) -> str:
    """A data set's name as the paper writes it; any other's own."""
    return DATASET_NAMES.get(dataset, dataset)


def claims() -> pd.DataFrame:
    """The claims as a DataFrame: ``id``, ``statement``, ``where``, ``figure``, ``unit``.

    A claim with a figure for each data set has one row for each, with its
    name in ``dataset`` (empty otherwise). ``figure`` is float, NaN where none.
    """
    rows = []
    for claim in CLAIMS.values():
        figures = claim.figure if isinstance(claim.figure, dict) else {"": claim.figure}
        rows += [
            (claim.id, claim.statement, claim.where, dataset, figure, claim.unit)
            for dataset, figure in figures.items()
        ]
    columns = ["id", "statement", "where", "dataset", "figure", "unit"]
    return pd.DataFrame(rows, columns=columns).astype({"figure": float})


def table_1() -> pd.DataFrame:
    """Table 1: one row a data set (index ``dataset``), plus §3's clip counts and frame sizes.

    ``text_width`` and ``text_height`` are §3's, which contradict Table 1 for two corpora.
    """
    first = ["acted", "audio_rate", "channels", "fps", "width", "height", "languages", "speakers"]
    table = pd.DataFrame.from_dict(_TABLE_1, orient="index", columns=first)
    second = ["clips", "clips_used", "text_width", "text_height"]
    text = pd.DataFrame.from_dict(_SECTION_3, orient="index", columns=second)
    return table.join(text).rename_axis("dataset")


def table_2() -> pd.DataFrame:
    """Table 2: ``emotion``, ``arousal`` (low/high), ``valence`` (negative/positive); 6 rows."""
    return pd.DataFrame(
        [
            {"emotion": emotion}
            | {
                dimension: next(name for name, members in sides.items() if emotion in members)
                for dimension, sides in TABLE_2.items()
            }
            for emotion in EMOTIONS
        ]
    )


def table_3() -> pd.DataFrame:
    """Table 3: ``part``, ``setting``, ``value``; 12 rows, values as numbers where they are."""
    return pd.DataFrame(_TABLE_3, columns=["part", "setting", "value"])


def accuracies() -> pd.DataFrame:
    """Tables 4-7 as one tidy DataFrame of 54 accuracies in percent.

    Columns: ``table`` (int, 4-7), ``dataset``, ``modality`` (audio, visual,
    multimodal), ``emotion_model`` (emotion, arousal, valence), ``case`` (int,
    1 or 2), ``accuracy`` (float). The order in a printed pair is (arousal,
    valence), by the tables' titles.

    >>> accuracies().query("dataset == 'rml' and case == 2 and emotion_model == 'emotion'")
        table dataset    modality emotion_model  case  accuracy
    1       4     rml       audio       emotion     2     71.26
    3       4     rml      visual       emotion     2     73.88
    37      6     rml  multimodal       emotion     2     82.38
    """
    six = [(4, _TABLE_4), (6, _TABLE_6)]
    pairs = [(5, _TABLE_5), (7, _TABLE_7)]
    rows = [
        (number, dataset, modality, "emotion", case, accuracy)
        for number, table in six
        for (dataset, modality), cases in table.items()
        for case, accuracy in enumerate(cases, start=1)
    ]
    rows += [
        (number, dataset, modality, model, case, accuracy)
        for number, table in pairs
        for (dataset, modality), cases in table.items()
        for case, pair in enumerate(cases, start=1)
        for model, accuracy in zip(("arousal", "valence"), pair, strict=True)
    ]
    columns = ["table", "dataset", "modality", "emotion_model", "case", "accuracy"]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.sort_values("table", kind="stable", ignore_index=True)


def confusion(dataset: str) -> pd.DataFrame:
    """Tables 8-10: 6 × 6 DataFrame in percent, rows (``true``) by columns (``predicted``).

    ``dataset`` is rml, enterface05 or baum1s; ParameterError otherwise. Both
    axes are in the order of ``EMOTIONS``.

    >>> float(confusion("rml").loc["anger", "happiness"])
    5.52
    """
    if dataset not in _CONFUSIONS:
        raise ParameterError(
            f"the paper has no confusion matrix of {dataset!r}; it has {', '.join(_CONFUSIONS)}"
        )
    return pd.DataFrame(
        _CONFUSIONS[dataset],
        index=pd.Index(EMOTIONS, name="true"),
        columns=pd.Index(EMOTIONS, name="predicted"),
        dtype=float,
    )


def case_comparisons() -> pd.DataFrame:
    """Claim S3 against the paper's own tables: case 2 beside case 1, 27 comparisons.

    Columns: ``table``, ``dataset``, ``modality``, ``emotion_model``, ``case_1``,
    ``case_2``, ``gain`` (points), ``case_2_wins`` (bool). Case 2 wins 26 times:
    RML's visual valence falls from 85.4 to 84.1.

    >>> table = case_comparisons()
    >>> len(table), int(table["case_2_wins"].sum()), float(table["gain"].max())
    (27, 26, 8.3)
    """
    keys = ["table", "dataset", "modality", "emotion_model"]
    printed = accuracies()
    wide = printed.pivot(index=keys, columns="case", values="accuracy").reset_index()
    wide = printed[keys].drop_duplicates().merge(wide, on=keys)  # in its order
    wide = wide.rename(columns={1: "case_1", 2: "case_2"}).rename_axis(columns=None)
    wide["gain"] = (wide["case_2"] - wide["case_1"]).round(2)
    wide["case_2_wins"] = wide["gain"] > 0
    return wide


def identities() -> pd.DataFrame:
    """What ought to agree inside the paper, a row a data set: Tables 8-10 against Table 6.

    Columns: ``dataset``; ``mean_diagonal`` (the accuracy of a balanced corpus);
    ``table_6`` (multi-modal, case 2); ``gap`` (their difference, points);
    ``row_sum_min``, ``row_sum_max`` (each row ought to sum to 100).
    """
    rows = []
    for dataset in DATASETS:
        matrix = confusion(dataset)
        diagonal = sum(matrix.loc[emotion, emotion] for emotion in EMOTIONS) / len(EMOTIONS)
        accuracy = _TABLE_6[dataset, "multimodal"][1]
        sums = matrix.sum(axis=1)
        figures = (diagonal, accuracy, diagonal - accuracy, sums.min(), sums.max())
        rows.append((dataset, *(round(float(figure), 2) for figure in figures)))
    columns = ["dataset", "mean_diagonal", "table_6", "gap", "row_sum_min", "row_sum_max"]
    return pd.DataFrame(rows, columns=columns)
