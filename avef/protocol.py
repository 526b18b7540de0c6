"""Paper 4.1-4.2: the emotion models of Table 2 and the subject-independent folds.

No speaker is ever on both sides of a split; the functions here assert it
rather than promise it. The paper leaves one speaker out where speakers are
few (RML) and one speaker group out elsewhere, with train : test about 7 : 3;
three groups come nearest to that.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np
import pandas as pd

from avef import paper
from avef.core.errors import ParameterError

EMOTIONS = paper.EMOTIONS
EMOTION_MODELS: dict[str, tuple[str, ...]] = {
    "emotion": EMOTIONS,
    "arousal": tuple(paper.TABLE_2["arousal"]),
    "valence": tuple(paper.TABLE_2["valence"]),
}
LEAVE_ONE_SPEAKER_OUT = ("rml", "savee")
DEFAULT_GROUPS = 3

_SIDE = {
    dimension: {emotion: side for side, members in sides.items() for emotion in members}
    for dimension, sides in paper.TABLE_2.items()
}
# The clip count weighs as much as the six emotions together when groups are balanced.
_COUNT_WEIGHT = len(EMOTIONS)


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
    clips: pd.DataFrame, corpus: str, *, groups: int | None = None, seed: int = 0
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Speaker-disjoint folds of §4.2: list of (train, test) int64 arrays of positions in ``clips``.

    ``clips`` needs the columns ``speaker`` and ``emotion``. ``groups=None`` is
    the paper's choice: leave one speaker out for the corpora with few speakers
    (``LEAVE_ONE_SPEAKER_OUT``), leave one of three speaker groups out for the
    others. An integer asks for that many speaker groups, of any corpus.

    Groups are balanced in clips and, as far as whole speakers allow, in
    emotions; they depend on ``seed`` and the speakers, not on the order of the
    rows. Every clip is tested exactly once. Folds come in the order of their
    first test speaker. ParameterError unless 2 ≤ groups ≤ speakers.

    >>> clips = pd.DataFrame({"speaker": ["s1", "s2", "s1", "s3"], "emotion": "fear"})
    >>> [(train.tolist(), test.tolist()) for train, test in folds(clips, "rml")]
    [([1, 3], [0, 2]), ([0, 2, 3], [1]), ([0, 1, 2], [3])]
    >>> len(folds(clips, "rml", groups=2))
    2
    """
    speakers, member, counts = _speakers(clips)
    if groups is None and corpus in LEAVE_ONE_SPEAKER_OUT:
        groups = len(speakers)
    elif groups is None:
        groups = DEFAULT_GROUPS
    _check_groups(groups, len(speakers), corpus)
    if groups == len(speakers):
        group_of = np.arange(groups)
    else:
        group_of = _balance(counts, np.full(groups, 1 / groups), seed)
    # Number the groups by their first speaker, so that a fold's number means something.
    order = dict.fromkeys(group_of.tolist())
    tests = [np.flatnonzero(group_of[member] == group) for group in order]
    everything = np.arange(len(clips))
    pairs = [(np.setdiff1d(everything, test), test) for test in tests]
    _assert_disjoint(clips, pairs)
    tested = np.sort(np.concatenate(tests))
    assert np.array_equal(tested, everything), "every clip is tested exactly once"
    return pairs


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
    side = _balance(counts, np.array([1 - fraction, fraction]), seed, second=speakers)
    fit, validation = train[side[member] == 0], train[side[member] == 1]
    _assert_disjoint(clips, [(fit, validation)])
    return fit, validation


def describe(clips: pd.DataFrame, pairs: Iterable[tuple[np.ndarray, np.ndarray]]) -> pd.DataFrame:
    """One row a fold: what is tested, and which emotions have nothing to learn from or to test.

    Columns: ``fold`` (from 0), ``speakers`` (tested, comma-separated), ``train``,
    ``test`` (clips), ``test_share`` (of all clips), one column an emotion with its
    test clips, ``missing_in_train`` and ``missing_in_test`` (comma-separated).
    """
    emotions = clips["emotion"].to_numpy()
    speakers = clips["speaker"].to_numpy()
    rows = []
    for number, (train, test) in enumerate(pairs):
        row: dict[str, object] = {
            "fold": number,
            "speakers": ", ".join(sorted(set(speakers[test]), key=_natural)),
            "train": len(train),
            "test": len(test),
            "test_share": len(test) / (len(train) + len(test)),
        }
        row |= {emotion: int((emotions[test] == emotion).sum()) for emotion in EMOTIONS}
        for name, part in (("train", train), ("test", test)):
            row[f"missing_in_{name}"] = ", ".join(e for e in EMOTIONS if e not in emotions[part])
        rows.append(row)
    return pd.DataFrame(rows)


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


def _natural(name):
    return [(part.isdigit(), int(part) if part.isdigit() else part) for part in _parts(name)]


def _parts(name):
    return [part for part in re.split(r"(\d+)", str(name)) if part]


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


def _balance(counts, shares, seed, second=None):
    """Group of each speaker, (speakers,) int: loads near ``shares`` of every column of ``counts``.

    Starts from a random grouping and then moves or swaps speakers for as long
    as that brings the loads nearer (squared distance), so that seeds give
    different groupings of like quality. No group is ever empty. ``second``
    fixes the number of speakers in group 1 (two groups, swaps only).
    """
    n_speakers, n_groups = len(counts), len(shares)
    weights = np.ones(counts.shape[1])
    weights[0] = _COUNT_WEIGHT
    # Scaling by the square root of the weight turns the cost into a plain squared distance.
    parts = counts / counts.sum(axis=0) * np.sqrt(weights)
    targets = shares[:, None] * np.sqrt(weights)
    group = _random_start(n_speakers, shares, seed, second)
    # Each step lowers the cost, so the loop ends; the bound guards against rounding.
    for _ in range(100 * n_speakers):
        excess = np.zeros_like(targets)
        np.add.at(excess, group, parts)
        excess -= targets
        step = _best_step(parts, group, excess, moves=second is None)
        if step is None:
            break
        a, b, to = step
        if b is None:
            group[a] = to
        else:
            group[a], group[b] = group[b], group[a]
    assert np.array_equal(np.unique(group), np.arange(n_groups)), "no group is empty"
    return group


def _random_start(n_speakers, shares, seed, second):
    order = np.random.default_rng(seed).permutation(n_speakers)
    group = np.zeros(n_speakers, dtype=np.int64)
    if second is not None:
        group[order[:second]] = 1
        return group
    if len(shares) == 2:
        group[order[: min(max(round(shares[1] * n_speakers), 1), n_speakers - 1)]] = 1
        return group
    group[order] = np.arange(n_speakers) % len(shares)
    return group


def _best_step(parts, group, excess, *, moves):
    """The move (speaker, None, group) or swap (speaker, speaker, None) that gains most, or None."""
    mine = excess[group]
    # Carrying d from load A to load B changes the cost by 2 (d·d − d·(A − B)).
    d = parts[:, None, :] - parts[None, :, :]
    change = 2 * ((d * d).sum(-1) - (d * (mine[:, None, :] - mine[None, :, :])).sum(-1))
    change[group[:, None] == group[None, :]] = 0
    best = np.unravel_index(np.argmin(change), change.shape)
    gain, step = change[best], (int(best[0]), int(best[1]), None)
    if moves:
        d = parts[:, None, :]
        change = 2 * ((d * d).sum(-1) - (d * (mine[:, None, :] - excess[None, :, :])).sum(-1))
        change[group[:, None] == np.arange(len(excess))[None, :]] = 0
        change[np.bincount(group, minlength=len(excess))[group] == 1] = 0
        best = np.unravel_index(np.argmin(change), change.shape)
        if change[best] < gain:
            gain, step = change[best], (int(best[0]), None, int(best[1]))
    return step if gain < -1e-12 else None


def _assert_disjoint(clips, pairs):
    speakers = clips["speaker"].astype(str).to_numpy()
    for train, test in pairs:
        assert len(train), "a fold has nothing to train on"
        assert len(test), "a fold has nothing to test"
        shared = set(speakers[train]) & set(speakers[test])
        assert not shared, f"speakers on both sides of a split: {sorted(shared)}"
