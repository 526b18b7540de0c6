"""The text files of BAUM-1s: its sheet of labels and its subtitles."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable

CODES = {
    "anger": 1,
    "boredom": 2,
    "bothered": 3,
    "concentrating": 4,
    "contempt": 5,
    "disgust": 6,
    "fear": 7,
    "happiness": 8,
    "neutral": 9,
    "sadness": 10,
    "surprise": 11,
    "thinking": 12,
    "unsure": 13,
}
"""BAUM-1s' codes of the emotions."""

SLIPS = {"contempt": "Contepmt", "sadness": "Sadnes", "fear": "FEAR", "surprise": "surprise"}
STILL = (2000, 1, 1, 0, 0, 0)  # every date, so that the same labels give the same bytes


def baum1s_sheet(rows: Iterable[tuple[int, str, str]]) -> bytes:
    """The bytes of ``Annotations_BAUM1s.xlsx``, the same for the same rows.

    Parameters
    ----------
    rows : (subject number, clip name without suffix, emotion name) each
        As in the real sheet, some names come out misspelt or in another case, and one
        name disagrees with its code; the code is right.
    """
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    sheet.title = "Sheet1"
    sheet.append(["Subject No", "Clip Name", "Emotion", "Emotion Code"])
    seen: dict[str, int] = {}
    for subject, clip, emotion in rows:
        name = emotion.lower()
        seen[name] = seen.get(name, 0) + 1
        shown = SLIPS.get(name, name.title()) if seen[name] % 3 == 1 else name.title()
        if name == "happiness" and seen[name] == 2:
            shown = "Sadness"
        sheet.append([subject, clip, shown, CODES[name]])
    raw, still = io.BytesIO(), io.BytesIO()
    book.save(raw)
    with zipfile.ZipFile(raw) as source, zipfile.ZipFile(still, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name == "docProps/core.xml":
                content = re.sub(rb"\d{4}-\d\d-\d\dT[\d:.]+Z", b"2000-01-01T00:00:00Z", content)
            target.writestr(zipfile.ZipInfo(name, STILL), content, zipfile.ZIP_DEFLATED)
    return still.getvalue()


def subtitles(spans: Iterable[tuple[float, float, str]]) -> str:
    """SubRip text of (start, end, text) spans, in seconds.

    >>> print(subtitles([(0.25, 1.5, "Kapı açık!"), (62, 63.004, "Onlar burada!")]), end="")
    1
    00:00:00,250 --> 00:00:01,500
    Kapı açık!
    <BLANKLINE>
    2
    00:01:02,000 --> 00:01:03,004
    Onlar burada!
    """

    def clock(seconds: float) -> str:
        thousandths = round(1000 * seconds)
        minutes, rest = divmod(thousandths, 60000)
        return f"{minutes // 60:02d}:{minutes % 60:02d}:{rest // 1000:02d},{rest % 1000:03d}"

    blocks = (
        f"{number}\n{clock(start)} --> {clock(end)}\n{text}\n"
        for number, (start, end, text) in enumerate(spans, 1)
    )
    return "\n".join(blocks)
