"""The doors that `fuzz.py` knocks at: what comes in by each, how it is spoilt, and who reads it.

A door makes its whole inputs once, spoils one of them for a case, by its structure or byte by
byte, and opens the file as avef does. What it may raise are avef's own errors.
"""

import copy
import io
import json
import string
import zipfile
from abc import ABC, abstractmethod
from pathlib import Path

import av
import nbformat
import numpy as np
import openpyxl
import pandas as pd
from bs4 import BeautifulSoup
from bs4.element import NavigableString

from avef import corpora
from avef.config import params, plain
from avef.core import inert, outside, store
from avef.core.errors import ClipError, ParameterError
from avef.core.files import write_csv
from avef.corpora import manifest
from avef.preparation import media, prepared, vad_net
from avef.recognition import batch, forms
from avef.recognition.result import Failure
from avef.recognition.source import Exported
from avef.report import citing, fit, notebooks, pages, sources

ROOT = Path(__file__).resolve().parents[1]
#: What entries, names and numbers are replaced by.
NASTY = (
    *("", " ", "\0", "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "'=1", "~", "..", "/", "a" * 5000),
    *("\x1b[31m", "\u202egpj.exe", "<script>x()</script>", "$(touch x)", "${x}", "rml;touch x"),
    *(
        "9" * 5000,
        "1e999",
        "nan",
        "-inf",
        "0x" + "f" * 5000,
        "null",
        "true",
        "2020-13-45",
        "ı",
        "\ud7ff",
    ),
)
VALUES = (
    *NASTY, None, True, -1, 0, 10**30, 1e308, float("inf"), float("nan"), [], {}, [[]],
    {"a": {"b": []}}, "x" * 100_000, ["a"] * 500,
)  # fmt: skip


def spoilt(data, rng):
    """Bytes with some of them changed, cut, doubled or moved."""
    data = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 4, 16, 64))):
        if not data:
            break
        at, length = rng.randrange(len(data)), rng.choice((1, 1, 2, 4, 8, 64))
        way = rng.randrange(7)
        if way == 0:
            data[at] ^= 1 << rng.randrange(8)
        elif way == 1:
            data[at : at + length] = rng.randbytes(length)
        elif way == 2:
            del data[at : at + length]
        elif way == 3:
            data[at:at] = data[at : at + length] * rng.choice((1, 1, 3))
        elif way == 4:
            data[at : at + 4] = rng.choice((b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff"))
        elif way == 5:
            del data[at if rng.random() < 0.2 else len(data) - length :]
        else:
            data[at:at] = rng.choice(NASTY).encode("utf-8", "surrogatepass")[:200]
    return bytes(data)


def varied(tree, rng):
    """Nested values of which one or a few are others, gone, or moved."""
    tree = copy.deepcopy(tree)
    for _ in range(rng.choice((1, 1, 1, 2, 5))):
        branch, key = _place(tree, rng)
        if branch is None:
            return rng.choice(VALUES)
        way = rng.random()
        if way < 0.15:
            del branch[key]
        elif way < 0.25 and isinstance(branch, dict):
            branch[rng.choice(NASTY)] = branch[key]
        elif way < 0.35:
            other, name = _place(tree, rng)
            branch[key] = None if other is None else copy.deepcopy(other[name])
        else:
            branch[key] = copy.deepcopy(rng.choice(VALUES))
    return tree


def _json(values):
    return json.dumps(values, ensure_ascii=False, default=str).encode("utf-8", "surrogatepass")


def _place(tree, rng):
    """A random branch of nested values and a key in it; (None, None) where there is none."""
    places, left = [], [tree]
    while left:
        branch = left.pop()
        keys = branch if isinstance(branch, dict) else range(len(branch))
        places += [(branch, key) for key in keys]
        left += [branch[key] for key in keys if isinstance(branch[key], dict | list)]
    return rng.choice(places) if places else (None, None)


class Door(ABC):
    """One of them; ``share`` is how often it is knocked at."""

    share, suffix = 1, ".bin"

    def __init__(self, folder):
        self.folder = Path(folder)

    @abstractmethod
    def case(self, rng):
        """The bytes of a case."""

    @abstractmethod
    def open(self, path):
        """Read a file as avef does."""


class Parameters(Door):
    """``params.yaml``."""

    share, suffix = 20, ".yaml"
    LINES = (
        *("a: &a [*a]", "a: &a {<<: *a}", "<<: 1", "a: !!int ''", "a: !!python/name:os.system"),
        *(
            "- a",
            "\ta: 1",
            "%YAML 9.9",
            "---",
            "...",
            "? [a]: 1",
            "a: |\n b\n c",
            "'",
            "{",
            "[" * 400,
        ),
        *(
            "\ufeff",
            "a: 2020-99-99",
            "seed: 0b_",
            "seed: 0x" + "f" * 5000,
            "~: 1",
            "a: *b",
            "a: &b 1",
            "jobs: *b",
        ),
    )

    def __init__(self, folder):
        super().__init__(folder)
        self.text = (ROOT / "params.yaml").read_text(encoding="utf-8")
        self.values = plain.parsed(self.text)

    def case(self, rng):
        """Values as JSON, which is YAML, too; or the text's lines, or bytes, spoilt."""
        way = rng.random()
        if way < 0.8:
            blank = b" " if way < 0.1 else b""
            return blank + _json(varied(self.values, rng))
        if way < 0.92:
            lines = self.text.splitlines()
            for _ in range(rng.choice((1, 3))):
                at = rng.randrange(len(lines))
                lines[at : at + rng.randrange(2)] = [rng.choice(self.LINES), *lines[at : at + 1]]
            return "\n".join(lines).encode()
        return spoilt(self.text.encode(), rng)

    def open(self, path):
        """As every command does; JSON for the most part without YAML's parser, which is slow."""
        data = path.read_bytes()
        try:
            values = json.loads(data) if data.startswith(b"{") else None
        except ValueError:  # YAML that begins so
            values = None
        params.read(path) if values is None else params.checked(values, str(path))


class Overrides(Door):
    """``key=value``, as ablations have them."""

    share, suffix = 6, ".txt"

    def __init__(self, folder):
        super().__init__(folder)
        self.values = plain.read(ROOT / "params.yaml")

    def case(self, rng):
        """Of a parameter that there is, or not."""
        tree, path = self.values, []
        while isinstance(tree, dict) and tree:
            path.append(rng.choice([*tree]))
            tree = tree[path[-1]]
        key = ".".join(path[: rng.choice((len(path), len(path), 1))])
        value = rng.choice((*NASTY, "[1, 2]", "{a: 1}", "[" * 50, "&a [*a]", "0.5", "!!int x"))
        return f"{key}{rng.choice(('=', '=', '==', ''))}{value}".encode("utf-8", "surrogatepass")

    def open(self, path):
        """Into values that are checked."""
        text = path.read_bytes().decode("utf-8", "surrogatepass")
        params.checked(params.overridden(self.values, [text]))


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
    marks = [
        'r="',
        't="',
        's="',
        "<v>",
        "<t>",
        'ref="',
        'Target="',
        "<row",
        "<c ",
        "</c>",
        "sheetId=",
    ]
    there = [mark for mark in marks if mark in text] or ["<"]
    mark = rng.choice(there)
    parts = text.split(mark)
    at = rng.randrange(1, len(parts)) if len(parts) > 1 else 0
    new = rng.choice(
        (*NASTY, "A0", "ZZZZ1", "XFD1048577", "99999999999", "-5", "s", "b", "e", "d", "../x")
    )
    parts[at] = _legal(new) + parts[at][rng.randrange(3) :]
    return mark.join(parts).encode()


def varied_rows(rows, rng):
    """A table of which some entries, rows or columns are others."""
    rows = copy.deepcopy(rows)
    for _ in range(rng.choice((0, 1, 1, 2, 6))):
        at = rng.randrange(len(rows))
        row, way = rows[at], rng.randrange(5)
        if way == 0:
            rows.insert(at, list(row))
        elif way == 1 and row:
            del row[rng.randrange(len(row))]
        elif way == 2:
            row.extend([rng.choice(NASTY)] * rng.choice((1, 50)))
        elif row:
            row[rng.randrange(len(row))] = rng.choice(NASTY)
    return rows


class Arrays(Door):
    """Stored arrays: prepared clips, cells, weights of the VAD."""

    share, suffix = 20, ".npz"

    def __init__(self, folder):
        super().__init__(folder)
        clip = prepared.PreparedClip(
            *(np.zeros((9, 64), np.float32), np.ones(9, bool), np.zeros((3, 4, 4, 3), np.uint8)),
            *(np.ones(3, np.uint8), np.arange(3) / 30, 30.0, {"warnings": ""}),
        )
        prepared.save_clip(self.folder / "clip.npz", clip, "key")
        store.save(
            self.folder / "cell.npz", "key", fc7=np.ones((3, 5), np.float32), curve=np.ones(4)
        )
        self.whole = [(self.folder / f"{name}.npz").read_bytes() for name in ("clip", "cell")]
        self.whole.append(vad_net.shipped().read_bytes())

    def case(self, rng):
        """The archive spoilt, or a member of it."""
        data = rng.choice(self.whole if rng.random() < 0.1 else self.whole[:2])
        if rng.random() < 0.5:
            return spoilt(data, rng)
        again = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(again, "w") as target:
            chosen = rng.choice(source.namelist())
            for name in source.namelist():
                member = source.read(name)
                named = rng.choice(NASTY[4:20]) if rng.random() < 0.03 else name
                target.writestr(named, spoilt(member, rng) if name == chosen else member)
        return again.getvalue()

    def open(self, path):
        """As learning and predicting do; whether a result is a good one raises nothing."""
        store.has(path, "key")
        store.whole(path)
        _each(path, store.load, prepared.load_clip, _detector)


def _detector(path):
    vad_net.load.cache_clear()
    vad_net.load(path)


def _each(path, *readers):
    """All readers are tried; the first error of avef's own is raised when all are through."""
    refused = None
    for reader in readers:
        try:
            reader(path)
        except ParameterError as error:
            refused = refused or error
    if refused:
        raise refused


class Media(Door):
    """Films and sounds."""

    share, suffix = 12, ".media"
    FORMS = (
        *((".mp4", "mpeg4", "aac"), (".mkv", "mpeg4", "pcm_s16le"), (".avi", "mjpeg", "pcm_s16le")),
        *(
            (".flv", "flv1", "pcm_s16le"),
            (".mpg", "mpeg1video", "mp2"),
            (".wav", None, "pcm_s16le"),
        ),
        *((".ts", "mpeg2video", "mp2"), (".ogg", None, "flac"), (".mp3", None, "libmp3lame")),
    )

    def __init__(self, folder):
        super().__init__(folder)
        self.whole = []
        for suffix, video, audio in self.FORMS:
            path = self.folder / f"whole{suffix}"
            _film(path, video, audio)
            self.whole.append((suffix, path.read_bytes()))

    def case(self, rng):
        """The suffix in the first line, then the file."""
        suffix, data = rng.choice(self.whole)
        if rng.random() < 0.4:  # headers decide most, and are short
            data = spoilt(data[:600], rng) + data[600:]
        else:
            data = spoilt(data, rng)
        return f"{suffix}\n".encode() + data

    def open(self, path):
        """As preparation does."""
        suffix, _, data = path.read_bytes().partition(b"\n")
        file = self.folder / f"case{suffix.decode()}"
        file.write_bytes(data)
        refused = None
        for reader in (media.describe, media.read_audio, media.read_video):
            try:
                reader(file)
            except ClipError as error:
                refused = refused or error
        if refused:
            raise refused


def _film(path, video, audio):
    """Ten small frames, and as much of a tone."""
    with av.open(str(path), "w") as file:
        packets = []
        if video:
            stream = file.add_stream(video, rate=25)
            stream.width, stream.height = 64, 48
            stream.pix_fmt = "yuvj420p" if video == "mjpeg" else "yuv420p"
            for n in range(10):
                frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 20 * n, np.uint8), "rgb24")
                packets += stream.encode(frame)
            packets += stream.encode(None)
        sound = file.add_stream(audio, rate=44_100, layout="mono")
        tone = np.sin(np.arange(17_640) / 10)
        kind = sound.codec_context.format.name if sound.codec_context.format else "s16"
        for at in range(0, len(tone), 1152):
            part = (tone[None, at : at + 1152] * 9000).astype(np.int16)
            frame = av.AudioFrame.from_ndarray(part, "s16", "mono")
            frame.sample_rate, frame.pts = 44_100, at
            packets += sound.encode(frame if kind == "s16" else frame)
        packets += sound.encode(None)
        for packet in sorted(
            (p for p in packets if p.dts is not None), key=lambda p: p.dts * p.time_base
        ):
            file.mux(packet)


class Notes(Door):
    """JSON and text files beside results: figures, digests, an exported model's facts, CITATION."""

    share, suffix = 8, ".note"

    def __init__(self, folder):
        super().__init__(folder)
        self.real = json.loads((ROOT / "benchmarks/results/real.json").read_text(encoding="utf-8"))
        self.facts = {"format": 1, "folds": 1, "corpus": "rml", "title": "RML", "params": {}}
        self.citation = plain.read(ROOT / "CITATION.cff")
        (self.folder / "raw").mkdir()
        (self.folder / "raw" / "a.avi").write_bytes(b"x")

    def case(self, rng):
        """Which one it is in the first line, then the text."""
        name, values = rng.choice(
            (
                ("real", self.real), ("model", self.facts), ("digests", {"a 1": "00", "b 2": "01"}),
                ("metrics", {"data": "demo", "trained_on": ["one"]}), ("CITATION", self.citation),
                ("rows", {"clip": "a", "key": "k", "error": ""}),
            )
        )  # fmt: skip
        data = _json(varied(values, rng))
        data = spoilt(data, rng) if rng.random() < 0.3 else data
        return f"{name}\n".encode() + (b"[" * 100_000 if rng.random() < 0.01 else data)

    def open(self, path):
        """By the reader of each."""
        name, _, data = path.read_bytes().partition(b"\n")
        getattr(self, name.decode().lower() + "_")(data)

    def real_(self, data):
        """The report's."""
        file = self._file("real.json", data)
        told = fit.real(outside.value(file), str(file))
        pages.render(sources.Sources(real=told))

    def model_(self, data):
        """Whoever predicts with an exported folder."""
        self._file("SHA256SUMS", b"00  model.json\n")
        self._file("model.json", data)
        Exported(self.folder)

    def digests_(self, data):
        """The tree of a raw folder, which is made anew from what is damaged."""
        self._file("tree.json", data)
        manifest.write(self.folder / "raw", self.folder / "tree.csv")

    def metrics_(self, data):
        """The report's, and the tables'."""
        (self.folder / "reports/metrics").mkdir(parents=True, exist_ok=True)
        self._file("reports/metrics/svm-rml.json", data)
        sources.read(self.folder / "reports")

    def citation_(self, data):
        """Nothing is cited where it is damaged."""
        citing.read(data.decode("utf-8", "replace"))

    def rows_(self, data):
        """Results that are to be gone on with."""
        for suffix in (".json", ".csv"):
            batch.Sheet(self._file(f"out{suffix}", data + b"\n"), {"a": "k"})

    def _file(self, name, data):
        (self.folder / name).write_bytes(data)
        return self.folder / name


class Notebooks(Door):
    """Executed notebooks of others', on their way into the report."""

    share, suffix = 8, ".ipynb"
    PIECES = (
        *(
            "<script>x()</script>",
            "<!-- ",
            " -->",
            "<![CDATA[",
            "]]>",
            "<svg onload=x()>",
            "</svg>",
        ),
        *(
            "<math><mtext>",
            "</math>",
            "<?php x() ?>",
            "<!DOCTYPE x [",
            "<style>",
            "</style>",
            "<img src=x ",
        ),
        *(
            "onerror=x()>",
            "<a href='",
            "javascript:x()",
            "data:text/html,x",
            "'>",
            "<table>",
            "<tr><td>",
        ),
        *(
            "</table>",
            "<template>",
            "<noscript>",
            "<xmp>",
            "<plaintext>",
            "<iframe srcdoc='",
            "\0",
            "&#x202e;",
        ),
        *(
            "&#27;",
            "text",
            "\u202e",
            "\x1b]8;;http://x\x07",
            "<b",
            "\"'>",
            "&lt;script&gt;",
            "`",
            "$x$",
            "\n\n",
        ),
        *(
            "# ",
            "| a | b |\n| - | - |\n",
            "[a](javascript:x())",
            "![a](http://x/y.png)",
            "<base href=//x>",
        ),
    )

    def case(self, rng):
        """Hostile outputs and texts in a whole notebook; or one that is spoilt itself."""
        hostile = ["".join(rng.choices(self.PIECES, k=rng.randrange(1, 12))) for _ in range(4)]
        kinds = (
            "text/html",
            "text/markdown",
            "text/plain",
            "image/png",
            "image/svg+xml",
            "text/latex",
        )
        output = {rng.choice(kinds): hostile[0]}
        cells = [
            nbformat.v4.new_markdown_cell(f"# {hostile[1]}"),
            nbformat.v4.new_code_cell(
                hostile[2],
                outputs=[
                    nbformat.v4.new_output("display_data", data=output),
                    nbformat.v4.new_output("stream", text=hostile[3]),
                ],
            ),
        ]
        book = nbformat.v4.new_notebook(cells=cells)
        for number, cell in enumerate(cells):
            cell["id"] = f"c{number}"
        way = rng.random()
        book = book if way < 0.6 else varied(json.loads(json.dumps(book)), rng)
        return _json(book) if way < 0.8 else spoilt(_json(book), rng)

    def open(self, path):
        """As the report does; on its pages nothing may run or load."""
        book = outside.notebook(path)
        notebooks.title(book)
        for cell in notebooks.cells(book):
            made = (
                [cell["text"]] if "text" in cell else [o.get("html", "") for o in cell["outputs"]]
            )
            for html in made:
                _lifeless(BeautifulSoup(str(html), "html.parser"))


_DEAD = {"script", "style", "iframe", "object", "embed", "form", "svg", "base", "meta"}
_DEAD |= {"maction", "annotation", "annotation-xml", "semantics", "mglyph"}  # formulas have none


def _lifeless(page):
    for node in page.descendants:
        if isinstance(node, NavigableString):
            assert type(node) is NavigableString, f"{type(node).__name__} is left"
            continue
        assert node.name not in _DEAD, f"<{node.name}> is left"
        assert not [name for name in node.attrs if name.startswith("on") or name == "style"]
        href, src = node.get("href", "#"), node.get("src", "data:image/png;")
        assert ":" not in href or href.lower().startswith(("http:", "https:", "mailto:", "#")), href
        assert src.startswith("data:image/"), src


class Pages(Door):
    """The tables that the report shows in ways of its own."""

    share, suffix = 3, ".csv"

    def __init__(self, folder):
        super().__init__(folder)
        names = ("claims", "power_needed", "table_4", "table_6", "table_8", "consistency")
        there = [(n, ROOT / f"reports/tables/{n}.csv") for n in names]
        self.whole = {
            n: [r.split(",") for r in p.read_text("utf-8").splitlines()[:40]] for n, p in there
        }

    def case(self, rng):
        """The table's name in the first line, then the table."""
        name = rng.choice([*self.whole])
        text = "\n".join(",".join(row) for row in varied_rows(self.whole[name], rng))
        data = text.encode("utf-8", "surrogatepass")
        return f"{name}\n".encode() + (spoilt(data, rng) if rng.random() < 0.3 else data)

    def open(self, path):
        """As the report does."""
        name, _, data = path.read_bytes().partition(b"\n")
        reports = self.folder / "reports"
        (reports / "tables").mkdir(parents=True, exist_ok=True)
        for old in reports.glob("tables/*"):
            old.unlink()
        (reports / "tables" / f"{name.decode()}.csv").write_bytes(data)
        html = pages.render(sources.read(reports))["index.html"]
        assert "<script" not in html and inert.shown(html, keep="\n\t") == html


def _letter(rng):
    """One of Latin's and the control characters, one that turns text round, or any."""
    ranges = (range(256), range(0x2000, 0x2100), range(0xD800))
    return chr(rng.choice(rng.choice(ranges)))


class Names(Door):
    """Names and labels, on their way to the terminal, JSON, CSV and back."""

    share, suffix = 10, ".txt"

    def case(self, rng):
        """Letters of all kinds, and what is nasty."""
        letters = [_letter(rng) for _ in range(rng.randrange(12))]
        pieces = [*letters, *rng.choices(NASTY[:20], k=2)]
        rng.shuffle(pieces)
        return "".join(pieces).encode("utf-8", "surrogatepass")

    def open(self, path):
        """Nothing of them acts, and entries come back."""
        name = path.read_bytes().decode("utf-8", "surrogateescape")
        said = inert.shown(name)
        assert inert.shown(said) == said
        assert inert.plain(inert.cell(name)) == name
        made = Failure(name, f"the file {name} is no film")
        for form in ("json", "csv"):
            assert batch.line(made, form).count("\n") == 1
        assert forms.text(made).isprintable() or "\n" not in forms.text(made)
        file = self.folder / "a.csv"
        write_csv(file, pd.DataFrame({"name": [said], "n": [-1.5]}))
        (again,) = outside.table(file, dtype=str, keep_default_na=False)["name"]
        assert again == said, (again, said)


DOORS = {
    door.__name__.lower(): door
    for door in (Parameters, Overrides, Tables, Arrays, Media, Notes, Notebooks, Pages, Names)
}
