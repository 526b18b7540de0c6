"""A small made-up repository with a reports folder, for the tests of the report."""

import json

import cv2
import nbformat
import numpy as np
import pandas as pd

from avef import paper
from avef.core.files import write_csv, write_json, write_text
from avef.evaluation import claims, consistency, evidence

EVIL = "<script>alert('x')</script><img src=x onerror=alert(1)> & \"quotes\""
LEDGER = (
    f"# Ledger\n\n## All\n\n| id | what |\n| - | - |\n| C1–C2 | $x^2$ [is](params.yaml) {EVIL} |\n"
)
FORMULA = "\n\n$$\nd_t = \\frac{a}{b} \\tag{2.2}\n$$\n\n[C2](../REPLICATION.md#C2)"
FIGURES = ["fig_2-rml", "faces-baum1s", "table_8", "forest", "curves_svm-new corpus", "odd_one"]
NOTEBOOKS = ["00_corpora", "01_preprocessing-rml", "01_preprocessing-baum1s", "08_claims"]


def make(root):
    """Fill ``root``; return its reports folder."""
    reports = root / "reports"
    for name, table in tables().items():
        write_csv(reports / "tables" / f"{name}.csv", table)
    write_json(reports / "metrics" / "svm-rml.json", {"data": "demo"})
    (reports / "figures").mkdir()
    for name in FIGURES:
        cv2.imwrite(str(reports / "figures" / f"{name}.png"), np.zeros((3, 40, 3), np.uint8))
    for name in NOTEBOOKS:
        write_text(reports / "notebooks" / f"{name}.ipynb", json.dumps(notebook(name)))
    write_json(root / "benchmarks" / "results" / "real.json", real())
    write_text(root / "params.yaml", f"seed: 1\n# </pre>{EVIL}\n")
    write_text(root / "REPLICATION.md", LEDGER)
    bad = {"clip": ["c1"], "path": [f"a/{EVIL}.avi"], "stage": ["prepare"], "reason": ["empty"]}
    for corpus, rows in {"rml": pd.DataFrame(bad), "baum1s": pd.DataFrame(bad)[:0]}.items():
        write_csv(root / "data/prepared" / corpus / "quarantine.csv", rows)
        write_csv(root / "data/prepared" / corpus / "clips.csv", prepared(corpus))
    return reports


def real():
    """Figures of real recordings: RAVDESS gains in the first width, Emo-DB may as well not."""

    def run(width, difference, low, high, alike="epochs"):
        case = {"accuracy": 50.0, "deviation": 1.0, "low": 40.0, "high": 60.0}
        gain = {"difference": difference, "low": low, "high": high}
        return {
            "width": width,
            "alike": alike,
            "case 1": case,
            "case 2": case | {"accuracy": 52.5},
            "gain": gain,
        }

    def about(*runs):
        counts = {"clips": 384, "speakers": 8, "emotions": ["anger", "fear"]}
        return counts | {"voiced_percent": 48.2, "runs": list(runs)}

    return {
        "machine": {"cpu": EVIL, "instructions": "AVX2"},
        "seeds": [1, 2, 3],
        "epochs": 12,
        "ravdess": about(run(0.125, 2.5, 0.4, 4.6), run(0.25, -1.0, -2.0, 0.5, "steps")),
        "emodb": about(run(0.125, -0.4, -3.0, 2.0)),
        "claims": {
            "V1": {"percent": 89.76, "utterances": 92},
            "V2 all speakers": {"relative_gain": 0.38, "low": -9.24, "high": 9.38}
            | {"utterances": 339},
        },
    }


def prepared(corpus):
    """Prepared clips: RML's with what was seen of their files, others' of an older run."""
    rows = pd.DataFrame({"clip": [f"c{i}" for i in range(9)], "key": "k"})
    if corpus != "rml":
        return rows
    return rows.assign(
        width=720,
        height=[576] * 8 + [480],
        video_codec=[EVIL] + ["h264"] * 8,
        audio_rate=[44100] * 5 + [None] * 4,
        audio_gap_seconds=np.arange(9) / 4,
        warnings=[f"{EVIL}; late by 1 s"] + ["late by 2.5 s"] * 4 + [""] * 4,
    )


def tables():
    """Every table that a run leaves, by file name without suffix."""
    made = {"consistency": consistency.check(), "claims": claim_table()}
    printed = paper.accuracies().rename(columns={"accuracy": "paper"})
    printed["ours"] = (printed["paper"] - np.linspace(-9.99, 30, len(printed))).round(2)
    printed.loc[(printed["table"] == 7) & (printed["dataset"] == "baum1s"), "ours"] = np.nan
    printed["difference"] = (printed["ours"] - printed["paper"]).round(2)
    printed = printed.assign(unweighted=(printed["ours"] / 2).round(2), clips=71)
    printed = printed.assign(
        deviation=10.25, seeds=3, low=printed["ours"] - 7.5, high=100.0, data="demo"
    )
    for number, part in printed.groupby("table"):
        made[f"table_{number}"] = part
    for number, dataset in zip((8, 9, 10), paper.DATASETS, strict=True):
        long = paper.confusion(dataset).stack().rename("paper").reset_index()
        long["ours"] = np.linspace(0, 100, len(long)).round(2)
        long.loc[long["true"] == "fear", "ours"] = np.nan
        long["difference"] = (long["ours"] - long["paper"]).round(2)
        made[f"table_{number}"] = long.assign(data="demo")
    made["table_1"] = pd.DataFrame({"entry": ["fps"], "RML, paper": [30], "RML, files": ["29.97"]})
    made["table_2"] = paper.table_2()
    made["table_3"] = pd.DataFrame({"setting": ["all: dropout"], "paper": [0.3], "ours": [0.3]})
    made["new_table"] = pd.DataFrame({"what": ["<b>"], "gain": [1.5], "data": ["demo"]})
    return made


def claim_table():
    """The claims, with every verdict once, an interval, and a statement that is no good HTML."""
    left = evidence.Evidence("demo")
    made = claims.claims(evidence.parts(left), claims.judge(left.predictions))
    made.loc[range(len(claims.VERDICTS)), "verdict"] = list(claims.VERDICTS)
    made.loc[3, ["low", "high"]] = 12.3456, 67.89
    made.loc[4, "says"] = EVIL
    return made


def notebook(name):
    """A notebook with a table, a figure, markup that must not work, and prints."""
    new = nbformat.v4
    styled = pd.DataFrame({"n": [1, 23], "word": ["a", "b"]}, index=pd.Index([7, 8], name="key"))
    _, png = cv2.imencode(".png", np.zeros((5, 900, 3), np.uint8))
    image = __import__("base64").encodebytes(png.tobytes()).decode()
    outputs = [
        new.new_output("stream", name="stdout", text=f"said {EVIL}\n"),
        new.new_output("display_data", {"text/html": styled.style.to_html() + EVIL}),
        new.new_output("display_data", {"text/markdown": f"> ⚠ {EVIL}"}),
        new.new_output("execute_result", {"image/png": image, "text/plain": "<Figure>"}),
    ]
    cells = [
        new.new_markdown_cell(
            f"# {name} · `A` title (§1)\n\n![far](https://example.org/a.png){FORMULA}"
        ),
        new.new_code_cell(f'draw("fig_2-{{dataset}}")  # {"long " * 60}', outputs=outputs),
        new.new_markdown_cell(f"## Raw\n\n{EVIL} [link](javascript:alert(1))"),
    ]
    places = (rule.page.partition("#") for rule in claims.RULES.values())
    anchors = {place for page, _, place in places if place and name in page}
    cells += [new.new_markdown_cell(f"## {place}") for place in sorted(anchors)]
    for place, cell in enumerate(cells):
        cell["id"] = f"cell{place}"
    return new.new_notebook(cells=cells)
