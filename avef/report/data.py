"""The data behind tables and figures: which file is behind which, and all of them in one."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Collection, Mapping

#: Folders of reports whose CSVs and JSONs are data.
FOLDERS = ("tables", "predictions", "curves", "without_transfer", "metrics")
#: Where all of it lies in one file, relative to the reports folder.
ARCHIVE = "html/avef-data.zip"
#: The ledger, relative to the repository, and its page, relative to the reports folder.
LEDGER, LEDGER_PAGE = "REPLICATION.md", "html/replication.html"
#: How a figure's name begins → the files that it is drawn from; {stage} where many stages draw it.
BEHIND = {
    "voiced_share": ("metrics/preprocessing-{corpus}.json",),
    "roc_vad": ("metrics/vad.json",),
    "curves": ("curves/{stage}-{corpus}.csv",),
    "accuracy": ("predictions/{stage}-{corpus}.csv",),
    "confusion": ("predictions/svm-{corpus}.csv",),
    "baselines": ("tables/baselines.csv",),
    "transfer_gain": ("tables/transfer_gain.csv",),
    "ablations": ("tables/ablations.csv",),
    "tables_4_6": ("tables/table_4.csv", "tables/table_6.csv"),
    "tables_5_7": ("tables/table_5.csv", "tables/table_7.csv"),
    "case_gains": ("tables/case_gains.csv",),
    "table_": tuple(f"tables/table_{number}.csv" for number in (8, 9, 10)),
    "table_8": ("tables/table_8.csv",),
    "table_9": ("tables/table_9.csv",),
    "table_10": ("tables/table_10.csv",),
    "claims": ("tables/claims.csv",),
    "power": ("tables/power.csv",),
    "forest": tuple(f"tables/table_{number}.csv" for number in (4, 5, 6, 7)),
    "consistency": ("tables/consistency.csv",),
}
#: Of every member: the oldest date that a zip can hold, so that the same data give the same bytes.
_DATE = (1980, 1, 1, 0, 0, 0)


def behind(figure: str, corpus: str, there: Collection[str], *, stage: str = "") -> list[str]:
    """The files that a figure is drawn from, of those that are there.

    Parameters
    ----------
    figure : str
        Its name, without the corpus; braces in it, as in a notebook's code, are no matter.
    corpus : str
    there : collection of str
        Relative to the reports folder.
    stage : str, optional
        Who draws it, where the name does not say.

    Examples
    --------
    >>> behind("curves_audio_net", "rml", {"curves/audio_net-rml.csv"})
    ['curves/audio_net-rml.csv']
    >>> behind("accuracy_{stage}", "rml", {"predictions/svm-rml.csv"}, stage="svm")
    ['predictions/svm-rml.csv']
    """
    fitting = [start for start in BEHIND if figure.startswith(start)]
    if not fitting:
        return []
    start = max(fitting, key=len)
    rest = figure.removeprefix(start).strip("_")
    own = stage if not rest or "{" in rest else rest
    named = (pattern.format(corpus=corpus, stage=own) for pattern in BEHIND[start])
    return [name for name in named if name in there]


def archive(contents: Mapping[str, bytes], *, executable: Collection[str] = ()) -> bytes:
    """A zip of ``contents``, by name; the same contents give the same bytes.

    They are stored as they are: how well they are packed differs between versions of zlib.
    Those that are ``executable`` may be run when they are unpacked.

    Examples
    --------
    >>> packed = archive({"b.csv": b"1", "a.csv": b"2"})
    >>> zipfile.ZipFile(io.BytesIO(packed)).namelist()
    ['a.csv', 'b.csv']
    """
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as made:
        for name in sorted(contents):
            member = zipfile.ZipInfo(name, _DATE)
            mode = 0o755 if name in executable else 0o644
            member.create_system, member.external_attr = 3, mode << 16  # whatever the system
            made.writestr(member, contents[name])
    return packed.getvalue()
