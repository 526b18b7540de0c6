"""What avef has stored: arrays, and the notes beside them."""

import hashlib
import io
import json
import zipfile

import numpy as np

from avef.config import plain
from avef.core import outside, store, sums
from avef.core.errors import ParameterError
from avef.corpora import manifest
from avef.preparation import prepared, vad_net
from avef.recognition import batch
from avef.recognition.source import Exported
from avef.report import citing, fit, pages, sources
from doors.door import NASTY, ROOT, Door, as_json, spoilt, varied

CLIPS = b"clip,kind\na,audio\n"


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
        self.sums = sums.text(
            {"clips.csv": hashlib.sha256(b"clip,kind\na,audio\n").hexdigest()}
        ).encode()

    def case(self, rng):
        """Which one it is in the first line, then the text."""
        name, values = rng.choice(
            (
                ("real", self.real), ("model", self.facts), ("digests", {"a 1": "00", "b 2": "01"}),
                ("metrics", {"data": "demo", "trained_on": ["one"]}), ("CITATION", self.citation),
                ("rows", {"clip": "a", "key": "k", "error": ""}), ("sums", None),
            )
        )  # fmt: skip
        data = self.sums if name == "sums" else as_json(varied(values, rng))
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

    def sums_(self, data):
        """Whoever reads the table of prepared clips."""
        (self.folder / "prepared").mkdir(exist_ok=True)
        self._file("prepared/clips.csv", CLIPS)
        self._file("prepared/SHA256SUMS", data)
        prepared.prepared_clips(self.folder / "prepared")

    def rows_(self, data):
        """Results that are to be gone on with."""
        for suffix in (".json", ".csv"):
            batch.Sheet(self._file(f"out{suffix}", data + b"\n"), {"a": "k"})

    def _file(self, name, data):
        (self.folder / name).write_bytes(data)
        return self.folder / name
