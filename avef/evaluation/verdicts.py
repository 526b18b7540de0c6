"""The verdicts that a claim can have, and the limits of the rules, set before any number.

How far the rules can be trusted at the real corpora's sizes is measured on simulated truths:
see :mod:`avef.studies.power`.
"""

from __future__ import annotations

REPRODUCED, PARTLY, INCONCLUSIVE = "reproduced", "partly reproduced", "inconclusive"
NOT_REPRODUCED, NO_VERDICT, NOT_RUN = "not reproduced", "demo data, no verdict", "not run"
#: Of what networks decide, where they are not of the paper's sizes.
OTHER_NETWORKS = "other networks, no verdict"
#: Of definitions, such as Table 2: what this run did, whatever its data.
IMPLEMENTED, OTHERWISE = "implemented", "other settings"
VERDICTS = (
    REPRODUCED,
    IMPLEMENTED,
    PARTLY,
    INCONCLUSIVE,
    NOT_REPRODUCED,
    OTHERWISE,
    OTHER_NETWORKS,
    NO_VERDICT,
    NOT_RUN,
)

#: Points that our mean of a table may lie from the paper's, and that entries may scatter.
TABLE, SCATTER = 5.0, 8.0
#: The same of a confusion matrix: its mean recall, and the clips that would have to change.
RECALL, MOVED = 8.0, 15.0
#: A gain or a pattern below this share of the paper's own is none that the paper speaks of.
SMALLEST = 0.5
#: S3 and S5: what the paper's own tables show, mean of the pairs or the corpora, points.
PRINTED = {"gain": 2.47, "lead": 8.02, "partners": 16.67}
