"""What is said, and how each emotion is acted by voice and by face.

The two modalities of a clip are acted separately, and not always well: the
intensity varies, and now and then one of them is acted weakly or looks like a
neighbouring emotion. So neither tells everything, and both together tell more.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from avef.demo.face import Expression
from avef.demo.voice import Manner

NEIGHBOUR = {
    "anger": "happiness",
    "happiness": "anger",
    "fear": "surprise",
    "surprise": "fear",
    "disgust": "sadness",
    "sadness": "disgust",
}
"""The emotion that each is taken for when it is acted badly."""

EMOTIONS = (*sorted(NEIGHBOUR), "neutral")
"""The six basic emotions, and the face and voice at rest."""

MANNERS = {
    "anger": Manner(pitch=8, range=75, rate=190, gain=0, tilt=0.8, drive=0.9),
    "disgust": Manner(pitch=-14, range=45, rate=125, gain=-7, tilt=0.2, drive=0.3),
    "fear": Manner(pitch=20, range=20, rate=225, gain=-10, tilt=0.2, tremor=0.8, breath=0.8),
    "happiness": Manner(pitch=18, range=95, rate=180, gain=-3, tilt=0.35),
    "sadness": Manner(pitch=-6, range=8, rate=115, gain=-15, tilt=-0.7, breath=0.2),
    "surprise": Manner(pitch=34, range=100, rate=205, gain=-5, tilt=0.1, breath=0.2),
    "neutral": Manner(),
}

FACES = {
    "anger": Expression(
        brow_raise=-0.7, brow_inner=-0.9, brow_squeeze=1.0, eye_open=0.1, lower_lid=0.6,
        smile=-0.45, mouth_width=-0.1, mouth_open=0.12, lip_raise=0.2, teeth=1.0, nod=0.3,
        scale=0.05,
    ),
    "disgust": Expression(
        brow_raise=-0.4, brow_inner=-0.2, brow_squeeze=0.5, eye_open=-0.45, lower_lid=0.8,
        smile=-0.6, mouth_width=-0.25, mouth_open=0.08, lip_raise=1.0, wrinkle=1.0, teeth=0.5,
        tilt=0.5, scale=-0.03,
    ),
    "fear": Expression(
        brow_raise=0.6, brow_inner=0.8, brow_squeeze=0.8, eye_open=0.8, lower_lid=0.2,
        smile=-0.35, mouth_width=0.45, mouth_open=0.3, teeth=0.6, scale=-0.05, nod=-0.2,
    ),
    "happiness": Expression(
        brow_raise=0.2, eye_open=-0.1, lower_lid=0.7, smile=1.0, mouth_width=0.5,
        mouth_open=0.25, teeth=1.0, tilt=0.15, nod=-0.1,
    ),
    "sadness": Expression(
        brow_raise=0.05, brow_inner=1.0, brow_squeeze=0.5, eye_open=-0.5, smile=-0.85,
        mouth_width=-0.25, gaze=0.7, tilt=0.5, nod=0.9,
    ),
    "surprise": Expression(
        brow_raise=1.1, brow_inner=0.1, eye_open=1.0, mouth_width=-0.5, mouth_open=0.75,
        smile=-0.05, nod=-0.5, scale=-0.02,
    ),
    "neutral": Expression(),
}  # fmt: skip

PUNCTUATION = {"anger": "!", "happiness": "!", "surprise": "?"}

PHRASES = {
    "en-us": (
        "The door is open",
        "I saw them there",
        "It is on the table",
        "You are here again",
        "They come back tomorrow",
        "We have to go now",
        "She told me about it",
        "This is what he said",
    ),
    "it": (
        "La porta è aperta",
        "Siamo qui da un'ora",
        "Lo so già",
        "È sul tavolo",
        "Torna domani mattina",
        "Adesso andiamo via",
        "Me lo ha detto ieri",
        "Sono tutti in casa",
    ),
    "cmn": (
        "门开着",
        "他们在这里",
        "我们现在走",
        "她明天回来",
        "东西在桌子上",
        "我已经知道了",
        "他昨天告诉我",
        "你又来了",
    ),
    "tr": (
        "Kapı açık",
        "Onlar burada",
        "Yarın yine geliyor",
        "Şimdi gitmemiz gerek",
        "Masanın üstünde duruyor",
        "Bunu bana söyledi",
        "Hepsi evde bekliyor",
        "Ben de biliyorum",
    ),
}
"""Sentences without feeling, by espeak-ng's name of the language."""


@dataclass(frozen=True)
class Take:
    """One performance: the emotion meant, the manner, the face and the full stop.

    Attributes
    ----------
    emotion : str
    manner : Manner
    face : Expression
    stop : str
        The punctuation that the synthesiser gets.
    """

    emotion: str
    manner: Manner
    face: Expression
    stop: str


#: What every subject of the demo's eNTERFACE'05 says: as there, each emotion has its own five.
SENTENCES = {
    "anger": (
        "You broke my window once more",
        "Who took the money from here",
        "Take your hands off that car",
        "I waited two hours for you",
        "Never lie to my mother",
    ),
    "disgust": (
        "There is hair in this soup",
        "Something died under the floor",
        "Your socks smell like old fish",
        "The milk has turned green",
        "He licked the whole plate clean",
    ),
    "fear": (
        "Somebody is behind the curtain",
        "The brakes are not working",
        "Please do not leave me alone",
        "A snake crept into the tent",
        "Did you hear those footsteps",
    ),
    "happiness": (
        "Our team has won the cup",
        "My sister had a baby girl",
        "Tomorrow the holidays begin",
        "All my exams went so well",
        "Look how the garden blooms",
    ),
    "sadness": (
        "Grandfather will not wake up",
        "Nobody came to my birthday",
        "They sold the house we loved",
        "Her letters stopped in March",
        "I lost my job this week",
    ),
    "surprise": (
        "An elephant stands in the yard",
        "You two have been married",
        "It snowed in the middle of June",
        "The empty box was full of gold",
        "Since when can you speak Greek",
    ),
}


def _aim(emotion, rng, ambiguity):
    """What one modality shows of ``emotion``: (an emotion, an intensity)."""
    if emotion == "neutral":
        return emotion, 1.0
    if rng.random() >= ambiguity:
        return emotion, rng.uniform(0.65, 1.0)
    if rng.random() < 0.5:
        return emotion, rng.uniform(0.1, 0.4)
    return NEIGHBOUR[emotion], rng.uniform(0.5, 0.9)


def _blend(styles, emotion, intensity, jitter, rng):
    """``styles["neutral"]`` moved towards ``styles[emotion]``, with some jitter."""
    rest, full = asdict(styles["neutral"]), asdict(styles[emotion])
    spread = {name: np.ptp([getattr(s, name) for s in styles.values()]) for name in rest}
    return {
        name: rest[name]
        + intensity * (full[name] - rest[name])
        + jitter * spread[name] * rng.standard_normal()
        for name in rest
    }


def act(emotion: str, rng: np.random.Generator, ambiguity: float = 0.25) -> Take:
    """How one clip is performed.

    Parameters
    ----------
    emotion : str
        One of :data:`EMOTIONS`.
    rng : Generator
    ambiguity : float in 0…1
        The probability that the voice is acted weakly or as the neighbouring emotion;
        the same, independently, for the face.

    Examples
    --------
    >>> take = act("anger", np.random.default_rng(0), ambiguity=0)
    >>> take.stop, bool(take.manner.gain > MANNERS["sadness"].gain)
    ('!', True)
    """
    heard, loud = _aim(emotion, rng, ambiguity)
    seen, strong = _aim(emotion, rng, ambiguity)
    manner = _blend(MANNERS, heard, loud, 0.06, rng)
    for name in ("drive", "tremor", "breath"):
        manner[name] = min(max(manner[name], 0.0), 1.0)
    face = _blend(FACES, seen, strong, 0.07, rng)
    return Take(emotion, Manner(**manner), Expression(**face), PUNCTUATION.get(heard, "."))
