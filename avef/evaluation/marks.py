"""What results must not be taken for: those of demo data, and those of other networks.

A mark follows from what a run was, never from the name of its profile: whoever changes the
networks' sizes in ``params.yaml`` gets it, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from avef.config.schema import Params, Trained

DEMO = "Demo data: synthetic corpora and narrow networks. These are no results about the paper."
RESIZED = (
    "Other networks: of other sizes than the paper's. These are results on real clips, but not "
    "of the networks that the paper speaks of."
)
#: Mark → what people are told wherever such results stand; nothing of the paper's networks.
SAID = {"demo": DEMO, "resized": RESIZED, "paper": ""}
#: Sizes of the paper's networks (§2.2): width and input of the first two, units of the DBN.
PUBLISHED = {"audio": (1.0, 227), "visual": (1.0, 112), "dbn": (4096, 2048)}


def of(params: Params | Trained, *kinds: str) -> str:
    """``demo``, ``resized`` or ``paper``: the mark of what networks give.

    Parameters
    ----------
    params : Params or Trained
        What they were trained with.
    *kinds : str
        Which have a part in it, of :data:`PUBLISHED`; all if none is given.
    """
    if params.profile == "demo":
        return "demo"
    nets = params.networks
    sizes = {
        "audio": (nets.audio.width, nets.audio.input_size),
        "visual": (nets.visual.width, nets.visual.input_size),
        "dbn": tuple(nets.dbn.hidden),
    }
    alike = all(sizes[kind] == PUBLISHED[kind] for kind in kinds or PUBLISHED)
    return "paper" if alike else "resized"


def gravest(marks: set[str]) -> str:
    """The one that a whole must bear if parts of it bear these.

    Examples
    --------
    >>> gravest({"paper", "resized"}), gravest(set())
    ('resized', 'paper')
    """
    return next((mark for mark in SAID if mark in marks), "paper")


def short(said: str) -> str:
    """A text of :data:`SAID` where there is little room, such as in a figure's corner.

    Examples
    --------
    >>> short(DEMO), short(RESIZED), short("")
    ('demo data', 'other networks', '')
    """
    return said.partition(":")[0].lower()
