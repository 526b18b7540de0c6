"""Speech of many talkers with labels, and what may befall it, for the VAD (§2.1.1).

The paper names neither labels nor noise. Here the labels of recorded speech are a
teacher's (Silero's VAD, and the frame's level within 45 dB of the utterance's peak);
the synthesiser's speech is all voiced but for its pauses, so the level is enough.
The network hears the same speech with gaps, in rooms, through poor channels, under
noise of −5…35 dB. Speakers are split in three; the epoch and the threshold are
chosen on the validation speakers, and the test speakers are for the figures alone.
These constants are those of the weights that come with the package, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.ndimage import uniform_filter1d

from avef import corpora
from avef.core.errors import ParameterError
from avef.core.inert import shown
from avef.demo import acting, voice
from avef.preparation import media, silero, speech
from avef.preparation.mrcg import OFFSETS, mrcg
from avef.preparation.speech import HOP, RATE
from avef.studies import noise

TEST = ("03", "09")  # Emo-DB's speakers that are used for nothing but the figures
VALIDATION = ("10", "16")
#: The synthesiser's variants in training and validation. The test speakers have the demo's own,
#: :data:`avef.demo.voice.VARIANTS`: a voice at another pitch would be no other speaker.
LEARNT = (("m1", "m3", "m7", "m2", "m5", "m8", "m4", "m6"), ("f2", "f1", "f5", "f3", "f4"))
SYNTHETIC = {"train": range(18), "validation": range(18, 21), "test": range(21, 24)}
TAKES = {"train": 12, "validation": 12, "test": 4}  # utterances of a synthetic speaker
SPAN = 45.0  # dB below the utterance's peak that still are speech


class Utterance(NamedTuple):
    """Clean speech.

    Attributes
    ----------
    corpus, speaker : str
    y : (n,) float32
        16 kHz.
    voiced : (n // 160,) bool
    """

    corpus: str
    speaker: str
    y: np.ndarray
    voiced: np.ndarray


class Talkers(NamedTuple):
    """Utterances of disjoint speakers."""

    train: list[Utterance]
    validation: list[Utterance]
    test: list[Utterance]

    def overview(self) -> pd.DataFrame:
        """Count speakers, utterances, minutes and speech by part and corpus."""
        rows = []
        for part, utterances in self._asdict().items():
            for corpus in dict.fromkeys(u.corpus for u in utterances):
                chosen = [u for u in utterances if u.corpus == corpus]
                voiced = np.concatenate([u.voiced for u in chosen])
                speakers = len({u.speaker for u in chosen})
                rows.append(
                    (part, corpus, speakers, len(chosen), len(voiced) / 6000, 100 * voiced.mean())
                )
        columns = ["part", "corpus", "speakers", "utterances", "minutes", "speech (%)"]
        return pd.DataFrame(rows, columns=columns)

    def tests(self) -> dict[str, list[Utterance]]:
        """The test utterances by corpus."""
        names = dict.fromkeys(u.corpus for u in self.test)
        return {name: [u for u in self.test if u.corpus == name] for name in names}


def talkers(root: str | Path, seed: int, *, teacher: bool) -> Talkers:
    """Emo-DB, where it is, and the synthesiser's voices, split by speaker.

    Parameters
    ----------
    root : path
        Emo-DB's folder; where there is none, the synthetic voices are alone.
    seed : int
    teacher : bool
        Whether to label the training and validation speakers by the teacher;
        without it there are none. Test labels are those made by hand.
    """
    parts: dict[str, list[Utterance]] = {part: [] for part in SYNTHETIC}
    if there(root):
        parts["test"] = [u for u in emodb(root, "hand") if u.speaker in TEST]
        for u in emodb(root, "teacher") if teacher else []:
            if u.speaker not in TEST:
                parts["validation" if u.speaker in VALIDATION else "train"].append(u)
    for part, people in SYNTHETIC.items():
        if teacher or part == "test":
            variants = voice.VARIANTS if part == "test" else LEARNT
            spoken = synthetic(people, TAKES[part], seed, variants=variants)
            if part == "test":  # training adds pauses of its own
                spoken = [_paused(u, seed + number) for number, u in enumerate(spoken)]
            parts[part] += spoken
    return Talkers(**parts)


def level(y: np.ndarray) -> np.ndarray:
    """Level of every 10 ms over three of them: (T,), dB relative to the loudest.

    >>> y = np.repeat([1.0, 1.0, 1.0, 0.1, 0.1, 0.1], HOP)
    >>> level(y).round(1).tolist()
    [0.0, 0.0, -1.7, -4.7, -20.0, -20.0]
    """
    hops = np.square(y[: len(y) // HOP * HOP].reshape(-1, HOP), dtype=np.float64).mean(axis=1)
    smooth = 10 * np.log10(uniform_filter1d(hops, 3, mode="nearest") + 1e-12)
    return smooth - smooth.max(initial=-np.inf)


def unseen(speakers: pd.Series, method: str) -> pd.Series:
    """Which of Emo-DB's speakers a VAD was neither trained nor tuned on: bool, index kept.

    Of our own network's these are :data:`TEST`; the other methods of
    :mod:`avef.preparation.vad` learnt nothing here, so for them it is everybody.

    >>> unseen(pd.Series(["03", "08"]), "mrcg_dnn").tolist()
    [True, False]
    >>> unseen(pd.Series(["03", "08"]), "energy").tolist()
    [True, True]
    """
    return speakers.isin(TEST) if method == "mrcg_dnn" else speakers.notna()


def there(root: str | Path) -> bool:
    """Whether Emo-DB lies under ``root``."""
    return any(Path(root).glob("**/*.wav"))


def emodb(root: str | Path, labels: str) -> list[Utterance]:
    """Utterances of Emo-DB, all emotions.

    Parameters
    ----------
    root : path
    labels : {"teacher", "hand"}
        The teacher's, or the syllables marked by hand; of the latter, utterances
        without marks are left out.
    """
    clips, _ = corpora.clip_table("emodb", root)
    utterances = []
    for path, speaker in zip(clips["path"], clips["speaker"], strict=True):
        audio = media.read_audio(Path(root) / path)
        y = speech.mono_16k(audio.samples, audio.rate)
        voiced: np.ndarray | None
        if labels == "teacher":
            voiced = (silero.probability(y) >= 0.5) & (level(y) > -SPAN)
        else:
            voiced = syllables(Path(root) / "silb" / f"{Path(path).stem}.silb", len(y) // HOP)
        if voiced is not None:
            utterances.append(Utterance("emodb", speaker, y, voiced))
    return utterances


def syllables(path: str | Path, hops: int) -> np.ndarray | None:
    """Emo-DB's hand labels: (hops,) bool, of 10 ms each; None where there are none.

    A line of the file is the time in seconds at which a syllable begins and its
    name; ``.`` and ``(`` are silence. (Emo-DB calls the times ends. Read as such
    they fit the sound badly: the level's AUC falls from 0.94 to 0.70.)
    """
    if not Path(path).is_file():
        return None
    lines = [line.split() for line in Path(path).read_text(encoding="latin-1").splitlines()]
    try:
        marks = [(float(line[0]), line[1] not in (".", "(")) for line in lines if len(line) == 2]
    except ValueError as error:
        raise ParameterError(f"{shown(path)}: no label file: {error}") from error
    if not marks:
        return None
    begins, spoken = zip((0.0, False), *marks, strict=True)
    middles = (np.arange(hops) + 0.5) * HOP / RATE
    return np.array(spoken)[np.searchsorted(begins, middles, side="right") - 1]


def synthetic(
    speakers: Iterable[int],
    takes: int,
    seed: int,
    *,
    variants: Sequence[Sequence[str]] = LEARNT,
) -> list[Utterance]:
    """The demo synthesiser's voices, in its four languages and all emotions."""
    utterances = []
    for speaker in speakers:
        rng = np.random.default_rng([seed, speaker])
        talker = voice.Voice.of(speaker, variants)
        for _ in range(takes):
            language = str(rng.choice(list(acting.PHRASES)))
            text = str(rng.choice(acting.PHRASES[language]))
            take = acting.act(str(rng.choice(acting.EMOTIONS)), rng)
            number = int(rng.integers(2**31))
            (y,) = voice.speak([text], language, voice=talker, manner=take.manner, seed=number)
            y = speech.mono_16k(voice.colour(y, take.manner, rng), voice.SAMPLE_RATE)
            utterances.append(Utterance("synthetic", f"synthetic{speaker}", y, level(y) > -SPAN))
    return utterances


def stream(
    utterances: Sequence[Utterance], rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Some utterances with silences around them: signal (n,), float64, and labels (n // 160,)."""
    sounds, labels = [], []
    for utterance in utterances:
        gap = int(100 * rng.choice([rng.uniform(0, 0.3), rng.uniform(0.3, 2)]))
        hops = len(utterance.voiced)
        y = utterance.y[: hops * HOP] / (np.abs(utterance.y).max() + 1e-9)
        sounds += [np.zeros(gap * HOP), y * 10 ** (rng.uniform(-12, 0) / 20)]
        labels += [np.zeros(gap, bool), utterance.voiced]
    gap = int(rng.uniform(0, 100))
    return (
        np.concatenate([*sounds, np.zeros(gap * HOP)]),
        np.concatenate([*labels, np.zeros(gap, bool)]),
    )


def worsened(
    y: np.ndarray,
    voiced: np.ndarray,
    *,
    voices: Sequence[np.ndarray],
    rng: np.random.Generator,
) -> np.ndarray:
    """A recording of ``y`` as bad as chance will have it.

    Parameters
    ----------
    y : ndarray (n,), float
        Clean speech at 16 kHz.
    voiced : ndarray (n // 160,), bool
    voices : sequence of ndarrays
        Other talkers, who may be heard behind it.
    rng : Generator

    Returns
    -------
    ndarray (n,), float64
    """
    n = len(y)
    if rng.random() < 0.3:
        seconds, distance = rng.uniform(0.1, 0.7), rng.uniform(0.02, 0.4)
        y = noise.in_room(y, seconds=seconds, distance=distance, rng=rng)
    hiss = noise.coloured(n, rng.uniform(0, 2), rng)
    y = noise.mix(y, hiss, snr=rng.uniform(35, 70), voiced=voiced)
    if rng.random() < 0.8:
        snr = rng.uniform(-5, 35)
        y = noise.mix(y, _any_noise(n, voices, snr, rng), snr=snr, voiced=voiced)
    if rng.random() < 0.2:
        y = noise.band(y, rng.uniform(50, 300), rng.uniform(3000, 7500))
    return y


def features(y: np.ndarray) -> np.ndarray:
    """MRCG rows that the network is trained on: (T, 768) float16."""
    return mrcg(y, RATE, dtype=np.float16)


def taps(lengths: Iterable[int]) -> np.ndarray:
    """For streams of some lengths, one below the other, each row's neighbours: (Σ T, 7) int32.

    >>> taps([3, 30])[[0, 2, 3]].tolist()  # the fourth row is the first of the second stream
    [[0, 0, 0, 0, 1, 2, 2], [0, 0, 1, 2, 2, 2, 2], [3, 3, 3, 3, 4, 13, 22]]
    """
    rows, first = [], 0
    for length in lengths:
        near = np.arange(length)[:, None] + np.array(OFFSETS)
        rows.append(first + np.clip(near, 0, length - 1))
        first += length
    return np.concatenate(rows).astype(np.int32)


def _paused(utterance, seed):
    rng = np.random.default_rng(seed)
    y, voiced = stream([utterance], rng)
    hiss = noise.coloured(len(y), 1, rng)
    y = noise.mix(y, hiss, snr=40, voiced=voiced)  # a quiet room
    return utterance._replace(y=y.astype(np.float32), voiced=voiced)


def _any_noise(n, voices, snr, rng):
    kind = rng.integers(6)
    if kind == 0 and snr > 5 and len(voices) >= 4:  # quieter voices, or no label would be right
        chosen = rng.choice(len(voices), rng.integers(3, 7))
        return noise.babble(n, [voices[i] for i in chosen], rng)
    if kind == 1:
        return noise.music(n, rng)
    if kind == 2:
        return noise.knocks(n, rng)
    if kind == 3:
        return noise.engine(n, rng)
    if kind == 4:
        return noise.music(n, rng) + noise.coloured(n, rng.uniform(0, 2), rng)
    return noise.coloured(n, rng.uniform(0, 2), rng)
