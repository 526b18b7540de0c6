"""Paper 4.1-4.2: the emotion models of Table 2 and the subject-independent folds.

No speaker is ever on both sides of a split; :func:`require_disjoint` checks it. The paper
leaves one speaker out where speakers are few (RML) and one speaker group out elsewhere, with
train : test about 7 : 3; three groups come nearest to that. In eNTERFACE'05 each emotion has
sentences of its own, which the paper's folds share between train and test; here they can be
kept apart, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import product

import numpy as np
import pandas as pd

from avef import paper
from avef.core import balance
from avef.core.errors import ParameterError

EMOTIONS = paper.EMOTIONS
EMOTION_MODELS: dict[str, tuple[str, ...]] = {
    "emotion": EMOTIONS,
    "arousal": tuple(paper.TABLE_2["arousal"]),
    "valence": tuple(paper.TABLE_2["valence"]),
}
LEAVE_ONE_SPEAKER_OUT = ("rml", "savee")
DEFAULT_GROUPS = 3
SENTENCES = ("any", "disjoint", "heard")

_SIDE = {
    dimension: {emotion: side for side, members in sides.items() for emotion in members}
    for dimension, sides in paper.TABLE_2.items()
}


def binary(emotion: str) -> tuple[str, str]:
    """Table 2: ``emotion`` → (arousal, valence); ParameterError outside the six emotions.

    >>> binary("fear"), binary("sadness")
    (('high', 'negative'), ('low', 'negative'))
    """
    if emotion not in EMOTIONS:
        raise ParameterError(f"emotion {emotion!r} is not one of {', '.join(EMOTIONS)}")
    return _SIDE["arousal"][emotion], _SIDE["valence"][emotion]


def labels(clips: pd.DataFrame, emotion_model: str) -> np.ndarray:
    """Class index of every clip: (len(clips),) int64, indices into ``EMOTION_MODELS[…]``.

    ``clips`` needs the column ``emotion``. ParameterError for an unknown
    emotion model, or for an emotion outside the six.

    >>> clips = pd.DataFrame({"emotion": ["anger", "happiness", "sadness"]})
    >>> {model: labels(clips, model).tolist() for model in EMOTION_MODELS}
    {'emotion': [0, 3, 4], 'arousal': [1, 1, 0], 'valence': [0, 1, 0]}
    """
    classes = _classes(emotion_model)
    names = clips["emotion"].tolist()
    unknown = sorted({str(name) for name in names if name not in EMOTIONS})
    if unknown:
        raise ParameterError(
            f"clips have emotions outside the six of Table 2: {', '.join(unknown)}"
        )
    side = _SIDE.get(emotion_model)
    return np.array([classes.index(side[n] if side else n) for n in names], dtype=np.int64)


def folds(
    clips: pd.DataFrame,
    corpus: str,
    *,
    groups: int | None = None,
    sentences: str = "any",
    seed: int = 0,
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Speaker-disjoint folds of §4.2: list of (train, test) int64 arrays of positions in ``clips``.

    ``clips`` needs the columns ``speaker`` and ``emotion``. ``groups=None`` is
    the paper's choice: leave one speaker out for the corpora with few speakers
    (``LEAVE_ONE_SPEAKER_OUT``), leave one of three speaker groups out for the
    others. An integer asks for that many speaker groups, of any corpus.

    Groups are balanced in clips and, as far as whole speakers allow, in
    emotions; they depend on ``seed`` and the speakers, not on the order of the
    rows. Every clip is tested exactly once. Folds come in the order of their
    first test speaker, then of the sentences.

    ``sentences="any"``, the paper's choice, is a fold a speaker group, and training
    may hear what is said in the test. The others are a fold a speaker group and part
    of its sentences (:func:`sentence_parts`). With ``"disjoint"`` training lacks the
    tested part in all speakers. With ``"heard"`` it lacks the next part instead: about
    as few clips, and the tested sentences among them, so that the difference between
    the two is what hearing them is worth.

    ParameterError unless 2 ≤ groups ≤ speakers, and where sentences are asked for
    but not told, or leave a fold nothing to learn from.

    >>> clips = pd.DataFrame({"speaker": ["s1", "s2", "s1", "s3"], "emotion": "fear"})
    >>> [(train.tolist(), test.tolist()) for train, test in folds(clips, "rml")]
    [([1, 3], [0, 2]), ([0, 2, 3], [1]), ([0, 1, 2], [3])]
    >>> len(folds(clips, "rml", groups=2))
    2
    >>> clips = pd.DataFrame({"speaker": list("aabb"), "emotion": "fear", "sentence": list("1212")})
    >>> pairs = folds(clips, "savee", sentences="disjoint")
    >>> [(train.tolist(), test.tolist()) for train, test in pairs]
    [([3], [0]), ([2], [1]), ([1], [2]), ([0], [3])]
    """
    if sentences not in SENTENCES:
        raise ParameterError(f"sentences {sentences!r} is not one of {', '.join(SENTENCES)}")
    group = _groups(clips, corpus, groups, seed)
    part = sentence_parts(clips) if sentences != "any" else np.zeros(len(clips), np.int64)
    pairs = list(_crossed(group, part, sentences))
    wrong = ""
    if (part < 0).any():
        wrong = f"the corpus does not tell what {(part < 0).sum()} of its {len(part)} clips say"
    elif not all(len(train) for train, _ in pairs):
        wrong = "a fold would have nothing to learn from"
    if wrong:
        raise ParameterError(f"protocol.{corpus}.sentences: {sentences} is impossible: {wrong}")
    require_disjoint(clips, pairs)
    if sentences == "disjoint":
        require_disjoint(clips, pairs, "sentence")
    tested = np.sort(np.concatenate([test for _, test in pairs]))
    if not np.array_equal(tested, np.arange(len(clips))):
        raise ParameterError("a clip would not be tested exactly once")
    return pairs


def sentence_parts(clips: pd.DataFrame) -> np.ndarray:
    """Part of the corpus' sentences that each clip says: (len(clips),) int64, from 0.

    ``clips`` needs the columns ``emotion`` and ``sentence``, which names a text: clips
    that say the same have the same name, whatever their emotion. −1 where none is told.

    In natural order, a sentence goes to the first part behind those with earlier
    sentences of its emotions. So no sentence is in two parts, and no part has two
    sentences of one emotion. Where each emotion has sentences of its own, as in
    eNTERFACE'05, its k-th one is in the k-th part; where all share theirs, as in
    CREMA-D, each sentence is a part.

    >>> clips = pd.DataFrame({"emotion": ["anger", "anger", "fear", "fear"],
    ...                       "sentence": ["anger-1", "anger-2", "fear-1", "fear-2"]})
    >>> sentence_parts(clips).tolist()
    [0, 1, 0, 1]
    >>> sentence_parts(clips.assign(sentence=["both", "own", "", "both"])).tolist()
    [0, 1, -1, 0]
    """
    said = _sentences(clips)
    emotions_of: dict[str, set[str]] = {}
    for sentence, emotion in zip(said, clips["emotion"], strict=True):
        emotions_of.setdefault(sentence, set()).add(emotion)
    part_of = {"": -1}
    latest = dict.fromkeys(clips["emotion"], -1)
    for sentence in sorted(emotions_of.keys() - {""}, key=_natural):
        emotions = emotions_of[sentence]
        part_of[sentence] = 1 + max(latest[emotion] for emotion in emotions)
        latest |= dict.fromkeys(emotions, part_of[sentence])
    return said.map(part_of).to_numpy(np.int64)


def inner_split(
    clips: pd.DataFrame,
    train: np.ndarray,
    *,
    fraction: float = 0.2,
    speakers: int | None = None,
    seed: int = 0,
) -> tuple[np.ndarray, np.ndarray]:
    """Split ``train`` once more, by speaker: (fit, validation) int64 arrays of positions.

    Meant for choosing when to stop without looking at the test speakers.
    Validation takes about ``fraction`` of the clips of ``train``, or exactly
    ``speakers`` speakers where that is given; balanced in emotions as far as
    whole speakers allow. Together the two are ``train``, sorted. ParameterError
    if ``train`` has fewer than two speakers, or if either side would be empty.

    >>> clips = pd.DataFrame({"speaker": list("aabbccdd"), "emotion": "fear"})
    >>> fit, validation = inner_split(clips, np.arange(6), fraction=1 / 3)
    >>> "".join(clips["speaker"][fit]), "".join(clips["speaker"][validation])
    ('aabb', 'cc')
    """
    train = np.sort(np.asarray(train, dtype=np.int64))
    names, member, counts = _speakers(clips.iloc[train])
    if len(names) < 2:
        raise ParameterError(
            f"a validation split needs at least 2 training speakers, found {len(names)}"
        )
    if speakers is not None:
        if not _is_int(speakers) or not 1 <= speakers < len(names):
            raise ParameterError(
                f"speakers={speakers!r} must be an integer from 1 to {len(names) - 1}, "
                "one fewer than the training speakers"
            )
        fraction = speakers / len(names)
    elif not 0 < fraction < 1:
        raise ParameterError(f"fraction={fraction!r} must lie between 0 and 1")
    side = _balanced(counts, np.array([1 - fraction, fraction]), seed, second=speakers)
    fit, validation = train[side[member] == 0], train[side[member] == 1]
    require_disjoint(clips, [(fit, validation)])
    return fit, validation


def describe(clips: pd.DataFrame, pairs: Iterable[tuple[np.ndarray, np.ndarray]]) -> pd.DataFrame:
    """One row a fold: what is tested, and which emotions have nothing to learn from or to test.

    Columns: ``fold`` (from 0), ``speakers`` (tested), ``unheard`` (sentences tested
    that no clip of train says), ``train``, ``test`` (clips), ``test_share`` (of all
    clips), one column an emotion with its test clips, ``missing_in_train`` and
    ``missing_in_test``; names are comma-separated.
    """
    emotions = clips["emotion"].to_numpy()
    speakers = clips["speaker"].to_numpy()
    sentences = _sentences(clips).to_numpy()
    rows = []
    for number, (train, test) in enumerate(pairs):
        unheard = set(sentences[test]) - {*sentences[train], ""}
        row: dict[str, object] = {
            "fold": number,
            "speakers": ", ".join(sorted(set(speakers[test]), key=_natural)),
            "unheard": ", ".join(sorted(unheard, key=_natural)),
            "train": len(train),
            "test": len(test),
            "test_share": len(test) / len(clips),
        }
        row |= {emotion: int((emotions[test] == emotion).sum()) for emotion in EMOTIONS}
        for name, part in (("train", train), ("test", test)):
            row[f"missing_in_{name}"] = ", ".join(e for e in EMOTIONS if e not in emotions[part])
        rows.append(row)
    return pd.DataFrame(rows)


def require_disjoint(clips: pd.DataFrame, pairs: Iterable, column: str = "speaker") -> None:
    """ParameterError if both sides of a (train, test) of positions have a speaker (§4.2).

    >>> clips = pd.DataFrame({"speaker": list("aab")})
    >>> require_disjoint(clips, [(np.array([0]), np.array([1, 2]))])
    Traceback (most recent call last):
    avef.core.errors.ParameterError: speakers on both sides of a split: a
    """
    names = clips[column].astype(str).to_numpy()
    for train, test in pairs:
        if shared := set(names[train]) & set(names[test]):
            raise ParameterError(f"{column}s on both sides of a split: {', '.join(sorted(shared))}")


def _classes(emotion_model):
    if emotion_model not in EMOTION_MODELS:
        raise ParameterError(
            f"emotion_model {emotion_model!r} is not one of {', '.join(EMOTION_MODELS)}"
        )
    return EMOTION_MODELS[emotion_model]


def _is_int(value):
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def _check_groups(groups, n_speakers, corpus):
    if not _is_int(groups):
        raise ParameterError(f"groups={groups!r} must be an integer or None")
    if not 2 <= groups <= n_speakers:
        raise ParameterError(
            f"{corpus} cannot be split into {groups} speaker groups: "
            f"at least 2 and at most its {n_speakers} speakers"
        )


def _sentences(clips):
    """Name of the sentence of each clip, a Series of str; "" where it is not told."""
    if "sentence" not in clips:
        return pd.Series("", clips.index)
    return clips["sentence"].astype(object).where(clips["sentence"].notna(), "").astype(str)


def _groups(clips, corpus, groups, seed):
    """Speaker group of each clip, (len(clips),) int, numbered by their first speaker."""
    speakers, member, counts = _speakers(clips)
    if groups is None and corpus in LEAVE_ONE_SPEAKER_OUT:
        groups = len(speakers)
    elif groups is None:
        groups = DEFAULT_GROUPS
    _check_groups(groups, len(speakers), corpus)
    if groups == len(speakers):
        return member
    group_of = _balanced(counts, np.full(groups, 1 / groups), seed)
    order = list(dict.fromkeys(group_of.tolist()))
    return np.argsort(order)[group_of[member]]


def _crossed(group, part, sentences):
    """(train, test) of every speaker group and part of sentences that has a clip."""
    parts = int(part.max()) + 1
    for mine, said in product(range(int(group.max()) + 1), range(parts)):
        test = (group == mine) & (part == said)
        absent = {"disjoint": said, "heard": (said + 1) % parts}.get(sentences, -1)
        if test.any():
            yield np.flatnonzero((group != mine) & (part != absent)), np.flatnonzero(test)


def _natural(name):
    parts = filter(None, re.split(r"(\d+)", str(name)))
    return [(part.isdigit(), int(part) if part.isdigit() else part) for part in parts]


def _speakers(clips):
    """Sorted speaker names, each clip's speaker index, and counts (speakers, 1 + emotions).

    The first column of the counts is all clips, the others one emotion each.
    """
    spoken = clips["speaker"].astype(str)
    names = sorted(spoken.unique(), key=_natural)
    member = spoken.map({name: i for i, name in enumerate(names)}).to_numpy(dtype=np.int64)
    kinds = sorted(clips["emotion"].astype(str).unique())
    kind = clips["emotion"].astype(str).map(kinds.index).to_numpy(dtype=np.int64)
    counts = np.zeros((len(names), 1 + len(kinds)))
    np.add.at(counts, (member, 0), 1)
    np.add.at(counts, (member, 1 + kind), 1)
    return names, member, counts


def _balanced(counts, shares, seed, second=None):
    """Group of each speaker; the clip count weighs as much as the six emotions together."""
    weights = np.array([len(EMOTIONS), *[1] * (counts.shape[1] - 1)])
    return balance.grouped(counts, shares, weights=weights, seed=seed, second=second)
