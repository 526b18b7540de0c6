"""The model card of a corpus' networks: what they learnt from, and what their word is worth."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from avef import corpora
from avef.core.files import write_text
from avef.evaluation.marks import SAID
from avef.recognition import calibration, drawing
from avef.recognition.recogniser import Recogniser

PICTURE = "reliability.png"
_TEXT = """\
# Emotions by the networks of {title}: model card

{mark}**What it is.** {folds} whole models (audio-net, visual-net and DBN; §2.2 of the paper), \
each trained without the clips of some speakers. On a clip of one's own each of them has a \
voice, that of its SVM; the most voices decide. The probability beside the answer is their \
softmax, averaged over segments and folds.

**What it learnt from.** {learnt}

**What it is worth.** Each fold was asked about the speakers that it never heard, {clips} clips \
in all: {right:.0f} % of the answers were right (chance: {chance:.0f} %). These are the figures \
of one fold alone, which its SVM decides; all folds together were not tested, as every speaker \
was heard by some of them.

**Probabilities.** They are taken to the power of 1 / {temperature:.2f}, the temperature at \
which the emotions of these clips are likeliest. Below, each clip is judged at the temperature \
of the other folds' clips. The expected calibration error is {error:.1f} points; without a \
temperature it was {before:.1f}.

![How often answers of like confidence were right](reliability.png)

**Sure.** {sure}

**Arousal and valence** are sums of the probabilities of the emotions that Table 2 puts on each \
side; no network of their own is kept.

**Limits.** The softmax of a fold and the mean of all folds are not the same; the temperature \
was fitted on the former. It holds for speakers and recordings like those of the corpus. People \
and rooms that are not like them were not tested. Six emotions are all that it knows: a calm \
face gets one of them, too.
"""


def write(model: Recogniser, folder: str | Path, *, name: str = "README.md") -> Path:
    """Write the card and its figure into a folder; the card's path."""
    folder, said = Path(folder), model.unheard
    right = said.decided == said.truth
    sure = calibration.left_out(said)
    table = calibration.reliability(sure, right)
    error = calibration.expected_error(table)
    raw = calibration.reliability(calibration.confidence(said, 1.0), right)
    folder.mkdir(parents=True, exist_ok=True)
    drawing.save(drawing.reliability(table, error), folder / PICTURE, model.mark)
    text = _TEXT.format(
        title=model.source.title,
        mark=f"> {SAID[model.mark]}\n\n" if SAID[model.mark] else "",
        folds=len(model.ensemble.folds),
        clips=len(right),
        learnt=_learnt(model),
        right=100 * right.mean(),
        chance=100 / said.softmax.shape[1],
        temperature=model.calibration.temperature,
        error=100 * error,
        before=100 * calibration.expected_error(raw),
        sure=_sure(model.calibration, calibration.confidence(said, model.calibration.temperature)),
    )
    write_text(folder / name, text)
    return folder / name


def _learnt(model):
    """The clips that the networks learnt from, and on which terms."""
    clips = len(set().union(*(fold.clips for fold in model.ensemble.folds)))
    if model.mark == "demo":
        return f"{clips} synthetic clips in the layout of {model.source.title}; nobody was filmed."
    known = model.corpus in corpora.READERS
    terms = corpora.terms(model.corpus) if known else "its owner's"
    return f"{clips} clips of {model.source.title}; its terms hold for the networks, too: {terms}."


def _sure(calibrated, confidence):
    share = f"{100 * calibrated.share:.0f} %"
    if not calibrated.reachable:
        return (
            f"From no probability on were {share} of at least {calibration.LEAST} answers right, "
            "so every answer is called not sure."
        )
    above = np.mean(confidence >= calibrated.threshold)
    return (
        f"From {100 * calibrated.threshold:.0f} % on, {share} or more of the answers were right; "
        f"{100 * above:.0f} % of the clips reach that. Below it, and where voices are tied, the "
        "answer is called not sure."
    )
