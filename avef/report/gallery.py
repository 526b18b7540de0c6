"""The figures, grouped by corpus, each in words for those who cannot see it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Any

from avef import paper
from avef.report.data import behind
from avef.report.sources import Image

#: How a figure's name begins → (caption, what it shows). The longest that fits counts.
FIGURES = {
    "fig_1": (
        "The architecture (Fig. 1)",
        "Diagram: the layers of the audio-net on the left and of the visual-net on the right with "
        "their sizes, between them the DBN on both fc7, the mean over segments and the SVM.",
    ),
    "fig_2": (
        "One clip before and after preparation (Fig. 2)",
        "Wave, mel spectrogram and video frames of one clip: above as recorded, silent spans in "
        "grey; below with the silence cut out of sound and pictures.",
    ),
    "fig_3": (
        "A segment as an image (Fig. 3)",
        "Four mel images of one 655 ms segment, time to the right, mel bins upwards: all three "
        "channels as colours, the static one, Δ and ΔΔ.",
    ),
    "faces": (
        "A segment's 16 faces",
        "Sixteen faces cut out of successive video frames of one segment, in two rows, each with "
        "the number of its frame.",
    ),
    "voiced_share": (
        "How much of each clip is speech",
        "Histogram of the clips by their voiced share, in percent of the clip; one vertical "
        "line at our mean and one at the paper's.",
    ),
    "roc_vad": (
        "Voice activity detectors: ROC curves",
        "ROC curves of the detectors, speech found against silence taken for speech, a panel for "
        "each noise.",
    ),
    "example_vad": (
        "Voice activity detectors: one utterance",
        "The wave of one utterance, and below it over the same time what each detector gives as "
        "the probability of speech; silence by the label is grey.",
    ),
    "curves_transfer": (
        "Learning curves on the other two corpora",
        "Loss above and accuracy below on the training clips by epoch, the audio-net on the left, "
        "the visual-net on the right, a line for each emotion model.",
    ),
    "curves_audio_net": ("Learning curves of the audio-net", "CURVES"),
    "curves_visual_net": ("Learning curves of the visual-net", "CURVES"),
    "curves_dbn_fusion": ("Learning curves of the whole model", "CURVES"),
    "curves": ("Learning curves", "CURVES"),
    "rbm": (
        "Pre-training of the restricted Boltzmann machines",
        "Error of reconstruction above and gap of free energy to speakers held out below, by "
        "epoch, a column for each restricted Boltzmann machine, a thin line for each training.",
    ),
    "accuracy_audio_net": ("Accuracy of the audio-net", "BARS"),
    "accuracy_visual_net": ("Accuracy of the visual-net", "BARS"),
    "accuracy_svm": ("Accuracy of both modalities together", "BARS"),
    "accuracy": ("Accuracy", "BARS"),
    "confusion": ("Which emotions are taken for which", "CONFUSION"),
    "baselines": (
        "Gains over simpler ways",
        "For every baseline a dot at what our model gains in accuracy, in points, with its 95 % "
        "interval over speakers as a line, and an upright line at zero.",
    ),
    "transfer_gain": (
        "Training with and without transfer",
        "Training loss by epoch, a row a network, a column a corpus: one line for the start from "
        "the other two corpora, one for random weights.",
    ),
    "ablations": (
        "One choice changed at a time",
        "For every ablation a dot at the change in accuracy, in points, with its 95 % interval "
        "over speakers as a line, a ring where the change touches no prediction, grey where the "
        "run is stale; a panel for each modality, and an upright line at zero.",
    ),
    "tables_4_6": ("Tables 4 and 6: ours and the paper's", "ENTRIES"),
    "tables_5_7": ("Tables 5 and 7: ours and the paper's", "ENTRIES"),
    "case_gains": (
        "What case 2 gains, training by training",
        "For every pair of cases in Tables 4–7 a dot for each training at what case 2 gains, in "
        "points, the paper's gain as an upright bar, and an upright line at zero.",
    ),
    "table_8": ("Table 8: confusions on RML", "CONFUSION"),
    "table_9": ("Table 9: confusions on eNTERFACE'05", "CONFUSION"),
    "table_10": ("Table 10: confusions on BAUM-1s", "CONFUSION"),
    "table_": ("Confusions", "CONFUSION"),
    "claims": (
        "The claims at a glance",
        "A strip of boxes, one a claim, with its verdict by sign and colour, and how many claims "
        "have which verdict.",
    ),
    "power": (
        "How far the verdicts can be trusted",
        "For each truth a panel, and in it a bar for every claim, parted by how many of the "
        "simulated studies have which verdict.",
    ),
    "forest": (
        "Tables 4–7 with intervals over speakers",
        "For every entry of Tables 4–7 our accuracy as a dot with its 95 % interval as a line, and "
        "the paper's as an upright bar.",
    ),
    "consistency": (
        "The paper against itself",
        "On the left, bars of how many identities hold and fail, by kind; on the right, how far "
        "Table 6 lies above the weighted diagonals of Tables 8–10.",
    ),
}
#: Figures of people, sound or shares in colours, which must stay as they are.
AS_THEY_ARE = ("fig_2", "fig_3", "faces", "confusion", "table_")
_SHARED = {
    "CURVES": "Loss above and accuracy below on the training clips by epoch, case 1 on the left, "
    "case 2 on the right, a thin line for each training, coloured by emotion model.",
    "BARS": "Bars of the accuracy in percent on unseen speakers for six emotions, arousal and "
    "valence, case 1 beside case 2, with chance as a dotted line.",
    "CONFUSION": "Two matrices of the six emotions side by side, ours and the paper's, rows true, "
    "columns predicted, in percent of the row. Tables 8–10 hold the numbers.",
    "ENTRIES": "A line for every entry of the tables, from the paper's accuracy, an upright bar, "
    "to ours, a dot. The tables hold the numbers.",
}


def describe(name: str) -> tuple[str, str] | None:
    """Caption and alternative text of a figure by how its name begins; None if unknown.

    Examples
    --------
    >>> describe("curves_audio_net-rml")[0], describe("curves_of_old")[0]
    ('Learning curves of the audio-net', 'Learning curves')
    """
    fitting = [start for start in FIGURES if name.startswith(start)]
    if not fitting:
        return None
    caption, text = FIGURES[max(fitting, key=len)]
    return caption, _SHARED.get(text, text)


#: Headings of tables that have no figure of their own.
_TABLES = {
    "dbn_control": "What of the DBN's head start is kept without the sources' units",
    "power_needed": "What was asked of the verdicts",
    "transfer_gain": "Accuracy with transfer, and without as the baseline",
}


def heading(table: str) -> str:
    """What stands above a table, by its file's name: the caption of its figure, if it has one.

    Examples
    --------
    >>> heading("power_needed"), heading("baselines"), heading("new_table")
    ('What was asked of the verdicts', 'Gains over simpler ways', 'New table')
    """
    captions = {name: caption for name, (caption, _) in FIGURES.items()} | _TABLES
    return captions.get(table, table.replace("_", " ").capitalize())


def named(source: str) -> str | None:
    """The first name of a known figure in the source of a notebook's cell.

    Examples
    --------
    >>> named('finish(figure, f"curves_{stage}-{dataset}", mark)')
    'curves_{stage}-{dataset}'
    """
    names = re.findall(r"""["']([\w{}-]+)["']""", source)
    return next(filter(describe, names), None)


def kind(name: str) -> str:
    """How a figure is shown where the page is dark: a chart in dark colours, others as they are.

    Examples
    --------
    >>> kind("faces-rml"), kind("forest")
    ('photo', 'chart')
    """
    return "photo" if name.startswith(AS_THEY_ARE) else "chart"


def groups(images: Iterable[Image], data: Collection[str] = ()) -> list[dict[str, Any]]:
    """The figures by corpus: those of all corpora first, within each in the paper's order.

    Each group is its ``title`` and ``figures``, each with ``name``, ``size``, ``caption``,
    ``alt``, ``kind`` and ``data``, the files among ``data`` that it is drawn from.
    """
    order = list(FIGURES)
    by_corpus: dict[str, list[dict[str, Any]]] = {}
    for image in images:
        start, _, corpus = image.name.partition("-")
        caption, alt = describe(start) or _unknown(start)
        place = order.index(start) if start in order else len(order)
        by_corpus.setdefault(corpus, []).append(
            {"name": image.name, "size": image.size, "place": (place, image.name)}
            | {"kind": kind(image.name), "data": behind(start, corpus, data)}
            | {"caption": caption, "alt": f"{alt} Corpus: {_corpus(corpus)}." if corpus else alt}
        )
    known = ["", *paper.DATASETS]
    names = [*(c for c in known if c in by_corpus), *sorted(set(by_corpus) - set(known))]
    return [
        {"title": _corpus(c), "figures": sorted(by_corpus[c], key=lambda figure: figure["place"])}
        for c in names
    ]


def _unknown(start):
    words = start.replace("_", " ")
    return words, f"Figure without a description, named “{words}”."


def _corpus(name):
    return paper.title(name) or "All corpora"
