"""Three synthetic corpora, each on disk like the real one, irregularities and all.

A corpus is planned first, as a list of :class:`Job` (one a media file, in a
fixed order, each with a seed of its own) and a dict of small other files; then
the jobs run in any order, in parallel. So the result does not depend on the
number of processes.
"""

from __future__ import annotations

import shutil
import tempfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from avef.core.errors import ParameterError
from avef.demo.acting import SENTENCES
from avef.demo.annotations import baum1s_sheet, subtitles
from avef.demo.clip import Script, check, make_clip, require, whole
from avef.demo.container import Form

CORPORA = ("rml", "enterface05", "baum1s")
"""The corpora that :func:`make_corpus` writes."""

LETTERS = {
    "anger": "an",
    "disgust": "di",
    "fear": "fe",
    "happiness": "ha",
    "sadness": "sa",
    "surprise": "su",
}
MOST = {"rml": (8, 11), "enterface05": (42, 5), "baum1s": (30, 20)}  # speakers, repeats
DEFAULT = {"rml": (4, 3), "enterface05": (6, 2), "baum1s": (6, 2)}
MARK = "DEMO.txt"
ABOUT = """These are synthetic demo clips: drawn faces that speak with a synthesiser, made by
avef.demo in the layout of the corpus {corpus}. They are not the corpus, and nothing
measured on them says anything about people. Running the generator again replaces
this whole folder.
"""

# In an order that brings out every irregularity with few speakers.
RML_SPEAKERS = (1, 3, 6, 2, 4, 5, 7, 8)
RML_LANGUAGES = {3: ("f1eng", "f2chi"), 4: ("f1eng", "f5ita"), 6: ("f5ita", "f1eng")}
ENTERFACE_SUBJECTS = (2, 11, 16, 3, 1, 23, 4, 5, *range(7, 11), *range(12, 16), *range(17, 23),
                      *range(24, 45))  # fmt: skip
BAUM_SUBJECTS = (1, 2, 4, 6, 7, 9, 11, 12, 15, *range(17, 38))
BAUM_SHARES = {"anger": 0.14, "disgust": 0.16, "fear": 0.08, "happiness": 0.28, "sadness": 0.24,
               "surprise": 0.10}  # fmt: skip
FOLDER = {"f1eng": "en-us", "f2chi": "cmn", "f5ita": "it"}


@dataclass(frozen=True)
class Job:
    """One media file: where, who, which emotion, how, and what is wrong with it.

    Attributes
    ----------
    path : str
        Below the corpus' folder.
    emotion : str
    identity : int
    script : Script
    form : Form
    fault : {None, "empty", "truncated", "no audio"}
        0 bytes; it ends within the header; it has no audio stream.
    srt : bool
        Whether subtitles lie beside it.
    """

    path: str
    emotion: str
    identity: int
    script: Script
    form: Form
    fault: str | None = None
    srt: bool = False


Plan = tuple[list[Job], dict[str, bytes]]  # media files, and other files by name


def _rml(speakers: int, repeats: int, script: Script, form: Form) -> Plan:
    """Plan RML: flat speakers, and speakers with language folders that share names."""
    form = replace(form, fps=30, sample_rate=22050, channels=2)
    jobs: list[Job] = []
    files: dict[str, bytes] = {}
    for number in sorted(RML_SPEAKERS[:speakers]):
        base = f"rml-{1 if number < 6 else 2}/s{number}"
        folders = () if number < 3 else RML_LANGUAGES.get(number, ("f1eng", "f2chi"))
        for k, (emotion, letters) in enumerate(LETTERS.items()):
            for i in range(repeats):
                if folders:
                    folder = folders[(i + k) % 2]
                    path = f"{base}/{folder}/{letters}{i // 2 + 1}.avi"
                    language = FOLDER[folder]
                else:
                    path, language = f"{base}/{letters}{i + 1}.avi", "en-us"
                spoken = replace(script, silence=0.28, language=language)
                jobs.append(Job(path, emotion, number, spoken, form))
        files[f"{base}/Thumbs.db"] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)
    spoilt = max(i for i, job in enumerate(jobs) if job.emotion == "sadness")
    jobs[spoilt] = replace(jobs[spoilt], fault="truncated")
    return jobs, files


def _enterface_name(subject, emotion, k, repeats):
    """The file's name, which cannot be trusted: see the module ``avef.corpora``."""
    letters = LETTERS[emotion]
    if subject == 2 and emotion == "anger" and k <= 2 <= repeats:
        k = 3 - k  # sentences 1 and 2 are swapped in name
    if subject == 16 and emotion == "surprise" and k == min(repeats, 3):
        return f"s16_su_{k}avi.avi"
    if subject == 11:
        return f"s12_{letters}_{k}.avi"
    if subject == 3 and k % 2:
        return f"s_3_{letters}_{k}.avi"
    return f"s{subject}_{letters}_{k}.avi"


def _enterface(speakers: int, repeats: int, script: Script, form: Form) -> Plan:
    """Plan eNTERFACE'05: true folders, untrue names, sentences of one emotion, subject 6."""
    form = replace(form, fps=25, sample_rate=48000, channels=2, audio_codec="libmp3lame")
    script = replace(script, silence=0.33)
    jobs: list[Job] = []
    for subject in sorted(ENTERFACE_SUBJECTS[:speakers]):
        for emotion in LETTERS:
            for k in range(1, repeats + 1):
                if subject == 23 and emotion == "happiness" and k < min(repeats, 4):
                    continue  # subject 23 lacks some
                name = _enterface_name(subject, emotion, k, repeats)
                path = f"subject {subject}/{emotion}/sentence {k}/{name}"
                spoken = replace(script, text=SENTENCES[emotion][k - 1])
                jobs.append(Job(path, emotion, 100 + subject, spoken, form))
    jobs[-1] = replace(jobs[-1], fault="empty")
    for emotion in ("anger", "fear"):  # subject 6 was never cut into sentences
        path, long = f"subject 6/{emotion}/s6_{LETTERS[emotion]}.avi", (5.0, 6.5)
        jobs.append(Job(path, emotion, 106, replace(script, seconds=long), form))
    return jobs, {}


def _baum_cast(speakers, repeats):
    """(emotion, speaker index) of each labelled clip of BAUM-1s; far from balanced."""
    total = 6 * speakers * repeats
    counts = {e: max(1, round(share * total)) for e, share in BAUM_SHARES.items()}
    counts["happiness"] += total - sum(counts.values())
    cast = []
    for emotion, count in counts.items():
        # The rarer an emotion, the fewer speakers show it.
        few = max(min(2, speakers), round(speakers * min(1, 0.3 + 2.2 * BAUM_SHARES[emotion])))
        start = list(counts).index(emotion)
        cast += [(emotion, (start + i % few) % speakers) for i in range(count)]
    return cast


def _baum1s(speakers: int, repeats: int, script: Script, form: Form) -> Plan:
    """Plan BAUM-1s: labels in a sheet only, rare classes, other emotions, gaps."""
    subjects = BAUM_SUBJECTS[:speakers]
    cast = _baum_cast(speakers, repeats)
    others = ("Boredom", "Bothered", "Concentrating", "Contempt", "Neutral", "Thinking", "Unsure")
    cast += [(name, i % speakers) for i, name in enumerate(others)]
    cast.append((None, 0))  # a file that nobody annotated
    cast.sort(key=lambda item: (item[1], zlib.crc32(repr(item[0]).encode())))
    jobs, rows, number = [], [], dict.fromkeys(range(speakers), 2)
    for emotion, index in cast:
        subject = subjects[index]
        number[index] += 1 + (number[index] * 7 + index) % 3
        stem = f"S{subject:03d}_{number[index]:03d}"
        basic = emotion in LETTERS
        spoken = replace(script, silence=0.24, language="tr")
        if not basic:
            spoken = replace(spoken, seconds=(0.8, 1.2))
        shown = replace(form, fps=30, sample_rate=48000, channels=2 - subject % 2)
        path = f"BAUM1s_MP4 - All/s{subject:03d}/{stem}.mp4"
        acted = emotion if basic else "neutral"
        jobs.append(Job(path, acted, 200 + subject, spoken, shown, srt=True))
        if emotion is not None:
            rows.append((subject, stem, emotion))
    rare = max(i for i, job in enumerate(jobs) if job.emotion == "happiness")
    jobs[rare] = replace(jobs[rare], fault="no audio")
    last = max(number)
    missing = f"S{subjects[last]:03d}_{number[last] + 2:03d}"
    rows.append((subjects[last], missing, "anger"))  # annotated, but there is no such file
    return jobs, {"Annotations_BAUM1s.xlsx": baum1s_sheet(rows)}


PLANS: dict[str, Callable[[int, int, Script, Form], Plan]] = {
    "rml": _rml,
    "enterface05": _enterface,
    "baum1s": _baum1s,
}


def _run(job, root, seed):
    """Make one media file below ``root``."""
    path = root / job.path
    path.parent.mkdir(parents=True, exist_ok=True)
    seed = (seed * 1000003 + zlib.crc32(job.path.encode())) % 2**31
    if job.fault == "empty":
        path.write_bytes(b"")
        return
    spans = make_clip(
        path,
        emotion=job.emotion,
        identity=job.identity,
        seed=seed,
        script=job.script,
        form=replace(job.form, audio=job.fault != "no audio"),
    )
    if job.fault == "truncated":
        path.write_bytes(path.read_bytes()[:1000])
    if job.srt:
        path.with_suffix(".srt").write_text(subtitles(spans), encoding="utf-8")


def _replace(root, fill):
    """Let ``fill(folder)`` fill a new folder beside ``root``, then put it in its place."""
    free = not root.exists() or (
        root.is_dir() and ((root / MARK).exists() or not any(root.iterdir()))
    )
    if not free:
        rule = f"a new or empty folder, or one that {MARK} marks as a demo corpus"
        raise ParameterError(f"root is {str(root)!r}; it must be {rule}: nothing was replaced")
    root.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{root.name}.", dir=root.parent))
    try:
        new, old = work / "new", work / "old"
        new.mkdir()
        fill(new)
        if root.exists():
            root.replace(old)
        try:
            new.replace(root)
        except OSError:
            if old.exists():
                old.replace(root)
            raise
    finally:
        shutil.rmtree(work)


def make_corpus(
    corpus: str,
    root: str | Path,
    *,
    seed: int = 0,
    speakers: int | None = None,
    repeats: int | None = None,
    size: tuple[int, int] = (320, 240),
    clip_seconds: tuple[float, float] = (1.8, 3.2),
    ambiguity: float = 0.25,
    n_jobs: int = 1,
) -> None:
    """Write a synthetic corpus in the raw layout of a real one.

    It appears at once: a folder beside ``root`` is filled and then renamed, and
    a demo corpus that was there before is replaced as a whole.

    Parameters
    ----------
    corpus : str
        One of :data:`CORPORA`.
    root : path
        The folder that the corpus is to become.
    seed : int in 0…2³¹ − 1
        The same arguments give the same files, whatever ``n_jobs``.
    speakers : int, optional
        How many labelled speakers; by default 4 for RML, otherwise 6.
    repeats : int, optional
        Clips a speaker and emotion; by default 3 for RML, otherwise 2. BAUM-1s has
        6 × speakers × repeats labelled clips, unequally shared out.
    size : (int, int), pixels
        Width and height of the frames, even numbers.
    clip_seconds : (float, float)
        Shortest and longest duration of a clip.
    ambiguity : float in 0…1
        The probability that a modality of a clip is acted weakly or as a neighbouring
        emotion.
    n_jobs : int
        Processes, as joblib counts them (−1: one a core).

    Raises
    ------
    ParameterError
        If an argument breaks its rule, or ``root`` holds something that is no demo corpus.
    ImportError
        If espeakng-loader is not installed.
    """
    from joblib import Parallel, delayed

    require(corpus in CORPORA, "corpus", corpus, f"one of {CORPORA}")
    speakers = DEFAULT[corpus][0] if speakers is None else speakers
    repeats = DEFAULT[corpus][1] if repeats is None else repeats
    most = MOST[corpus]
    require(whole(speakers, 1, most[0]), "speakers", speakers, f"a whole number, 1 to {most[0]}")
    require(whole(repeats, 1, most[1]), "repeats", repeats, f"a whole number, 1 to {most[1]}")
    require(whole(n_jobs, -64) and n_jobs != 0, "n_jobs", n_jobs, "a whole number, not 0")
    check(seed=seed, size=size, seconds=clip_seconds, ambiguity=ambiguity)
    script = Script(seconds=clip_seconds, ambiguity=ambiguity)
    jobs, files = PLANS[corpus](speakers, repeats, script, Form(size=size))

    def fill(folder: Path) -> None:
        (folder / MARK).write_text(ABOUT.format(corpus=corpus), encoding="utf-8")
        Parallel(n_jobs=n_jobs)(delayed(_run)(job, folder, seed) for job in jobs)
        for name, content in files.items():
            (folder / name).write_bytes(content)

    _replace(Path(root), fill)
