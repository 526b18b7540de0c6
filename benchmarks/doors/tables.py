"""Label tables."""

import io
import string
import zipfile

import openpyxl

from avef import corpora
from avef.core import inert, outside
from avef.core.files import write_csv
from doors.door import NASTY, Door, spoilt, varied_rows

#: What stands before that which may be another, in a sheet's XML.
MARKS = (
    'r="', 't="', 's="', "<v>", "<t>", 'ref="', 'Target="', "<row", "<c ", "</c>", "sheetId=",
)  # fmt: skip


class Tables(Door):
    """Label tables: CSV, TSV and XLSX, for BAUM-1s and for a corpus of one's own."""

    share, suffix = 25, ".table"
    NAMES = ("Anger", "Disgust", "Fear", "Happiness", "Sadness", "Surprise")
    CODES = (1, 6, 7, 8, 10, 11)

    def __init__(self, folder):
        super().__init__(folder)
        clips = [f"S001_{n:03}" for n in range(1, 7)]
        rows = zip(clips, self.CODES, self.NAMES, strict=True)
        self.rows = {
            "baum1s": [
                ["Clip", "Gender", "Code", "Emotion"],
                *([c, "F", k, n] for c, k, n in rows),
            ],
            "table": [
                ["path", "speaker", "emotion", "gender", "language", "sentence"],
                *(
                    [f"{c}.mp4", "a", n.lower(), "f", "en", "1"]
                    for c, n in zip(clips, self.NAMES, strict=True)
                ),
            ],
        }
        for corpus in self.rows:
            (self.folder / corpus).mkdir()
            for clip in clips:
                (self.folder / corpus / f"{clip}.mp4").write_bytes(b"x" * 2000)

    def case(self, rng):
        """``corpus suffix`` in the first line, then the file."""
        corpus = rng.choice([*self.rows])
        rows = [list(map(str, row)) for row in varied_rows(self.rows[corpus], rng)]
        if rng.random() < 0.4:
            return f"{corpus} .xlsx\n".encode() + self._workbook(rows, rng)
        delimiter, end = rng.choice(",;\t"), rng.choice(("\n", "\r\n", "\r"))
        text = end.join(delimiter.join(row) for row in rows)
        encoding = rng.choice(
            ("utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp1254")
        )
        data = text.encode(encoding, "replace")
        return f"{corpus} .csv\n".encode() + (spoilt(data, rng) if rng.random() < 0.5 else data)

    def _workbook(self, rows, rng):
        made = io.BytesIO()
        book = openpyxl.Workbook(write_only=True)
        sheet = book.create_sheet(rng.choice(("Sheet", "ı'", "=1")))
        for row in rows:
            sheet.append([_legal(entry) for entry in row])
        book.save(made)
        if rng.random() < 0.3:
            return spoilt(made.getvalue(), rng)
        again = io.BytesIO()
        with zipfile.ZipFile(made) as source, zipfile.ZipFile(again, "w") as target:
            chosen = rng.choice(source.namelist())
            for name in source.namelist():
                data = source.read(name)
                if name == chosen or name.endswith("sheet1.xml") and rng.random() < 0.5:
                    data = _marked(data, rng) if rng.random() < 0.6 else spoilt(data, rng)
                target.writestr(name, data)
        return again.getvalue()

    def open(self, path):
        """As the stage ``clips`` does."""
        head, _, data = path.read_bytes().partition(b"\n")
        corpus, suffix = head.decode().split()
        for old in (self.folder / corpus).glob("clips.*"):
            old.unlink()
        (self.folder / corpus / f"clips{suffix}").write_bytes(data)
        clips, left_out = corpora.clip_table(corpus, self.folder / corpus)
        for number, table in enumerate((clips, left_out)):
            file = self.folder / f"{number}.csv"
            write_csv(file, table)
            again = outside.table(file, dtype=str, keep_default_na=False)
            assert again.map(str).to_dict("list") == table.map(str).to_dict("list"), "not the same"
            assert not any(map(_runs, file.read_text(encoding="utf-8").splitlines())), "a formula"


def _runs(line):
    return line[:1] in ("=", "@", "\t") or inert.shown(line) != line


def _legal(entry):
    return "".join(c for c in entry if c in string.printable[:95] or ord(c) > 160)[:30_000]


def _marked(data, rng):
    """XML with attributes and texts that are others."""
    text = data.decode("utf-8", "replace")
    there = [mark for mark in MARKS if mark in text] or ["<"]
    mark = rng.choice(there)
    parts = text.split(mark)
    at = rng.randrange(1, len(parts)) if len(parts) > 1 else 0
    new = rng.choice(
        (*NASTY, "A0", "ZZZZ1", "XFD1048577", "99999999999", "-5", "s", "b", "e", "d", "../x")
    )
    parts[at] = _legal(new) + parts[at][rng.randrange(3) :]
    return mark.join(parts).encode()
