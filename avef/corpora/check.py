"""Whether the corpora that a run needs are there: asked before any stage takes its turn."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from avef import corpora, protocol
from avef.config.schema import Params
from avef.core import paths
from avef.core.errors import ParameterError
from avef.preparation.child import Limits
from avef.preparation.prepared import AUDIO

#: Speakers without whom there are no folds where `groups` is null, by whether one is left out.
_LEAST = {True: 2, False: protocol.DEFAULT_GROUPS}


class State(NamedTuple):
    """How things stand with one corpus.

    ``ready`` says whether the pipeline can run with it as it is; ``text`` says in a line
    what is there, or what is missing and how to obtain it; ``alone`` that it is sound alone,
    as far as the names of its files tell; ``people`` how many speak in it.
    """

    corpus: str
    ready: bool
    text: str
    alone: bool = False
    people: int = 0


def states(p: Params) -> list[State]:
    """Each corpus of the parameters, then Emo-DB (§3, §2.1.1); no media file is opened.

    A corpus is ready if its reader knows clips below its root, of speakers enough for the
    protocol, or if it is one that the pipeline makes. Emo-DB is optional: the pipeline runs
    without it, too.
    """
    # As dvc.yaml has it: there, and nowhere else.
    made: dict[str, Path] = {name: paths.DATA / "demo" / name for name in p.demo.corpora}
    limits = Limits.of(p.prepare)
    needed = {
        name: _needed(name, corpus, made.get(name), limits) for name, corpus in p.corpora.items()
    }
    for name, state in needed.items():
        least = p.protocol[name].groups or _LEAST[name in protocol.LEAVE_ONE_SPEAKER_OUT]
        own = Path(p.corpora[name].root) == made.get(name)
        people = getattr(p.demo, name).speakers if own else state.people
        if 0 < people < least:
            text = f"; but the protocol parts at least {least} speakers (protocol.{name}.groups)"
            needed[name] = state._replace(ready=False, text=state.text + text)
    blind = {name for name, state in needed.items() if state.ready and state.alone}
    for name in p.corpora:
        if needed[name].ready and name not in blind and blind.issuperset(p.sources(name)):
            text = "; but its visual-net has no other corpus with pictures to start from"
            needed[name] = needed[name]._replace(ready=False, text=needed[name].text + text)
    return [*needed.values(), _emodb(p.emodb.root, limits)]


def known(p: Params) -> str:
    """Every reader, what its corpus holds and may be used for, how to get it, and who uses it."""
    return "\n\n".join(_known(reader, p) for reader in corpora.READERS)


def _known(reader, p):
    clips = int(corpora.expected_counts(reader).sum())
    users = [name for name, corpus in p.corpora.items() if (corpus.reader or name) == reader]
    lines = [
        f"{reader}: {corpora.title(reader)}" + (f", {clips} clips" if clips else ""),
        f"  obtain: {corpora.how_to_obtain(reader)}",
        f"  terms:  {corpora.terms(reader)}",
        f"  more:   data/raw/{reader}/README.md",
    ]
    if users:
        lines.append(f"  in params.yaml: {', '.join(users)}")
    return "\n".join(lines)


def _needed(name, corpus, made, limits):
    state = _read(name, corpus.root, corpus.reader, limits, emotions=protocol.EMOTIONS)
    if not state.ready and Path(corpus.root) == made:
        return State(name, True, f"{corpora.title(name)}: `dvc repro` makes it in {made}")
    return state


def _emodb(root, limits):
    state = _read("emodb", root, None, limits)
    if state.ready:
        return state
    return State("emodb", True, f"{state.text}; optional, for V1 and V2")


def _read(corpus, root, reader, limits, *, emotions=None):
    """What its reader finds below a root: clips of all emotions, or of those that count."""
    try:
        clips, left_out = corpora.clip_table(corpus, root, reader=reader, limits=limits)
    except (ParameterError, OSError) as error:
        return State(corpus, False, str(error))
    title = corpora.title(corpus) if corpus in corpora.READERS else corpus
    listed = len(clips) + len(left_out)
    clips = clips[clips["emotion"].isin(emotions)] if emotions else clips
    if clips.empty:
        return State(corpus, False, f"{title}: no clip of the six emotions in {root}")
    people, others = clips["speaker"].nunique(), listed - len(clips)
    alone = bool((clips["kind"] == AUDIO).all())
    what = "clips of sound alone" if alone else "clips"
    text = f"{title}: {len(clips)} {what} of {people} speakers in {root}"
    more = f"; {others} left out, with reasons in 00_corpora" if others else ""
    return State(corpus, True, text + more, alone, people)
