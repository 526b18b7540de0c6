"""Every measured figure in README.md and REPLICATION.md is that of a file, and has one."""

import json
import re
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from avef import paper
from avef.studies import power

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"


def result(name):
    return json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))


def machine(name):
    """A file's machine, as a sentence names it."""
    facts = result(name)["machine"]
    return facts["cpu"].replace("(R)", "").replace(" Processor", ""), facts["instructions"]


def repro():
    got = result("repro")
    sizes = (got["gigabytes"][name] for name in ("environment", "results"))
    return [f"{size:.1f}" for size in sizes]


def waits():
    """What a newcomer waits for, and how long that is beside an older commit."""
    got = result("repro")
    share = got["against"]["share of its time"]
    minutes = {step: f"{got['seconds'][step] / 60:.1f}" for step in ("repro", "test")}
    shares = {step: f"{share[step]:.1f}" for step in share}
    return [
        *machine("repro"),
        *(minutes["repro"], shares["repro"], minutes["test"], shares["test"], shares["set-up"]),
    ]


def fuzz():
    """Spoilt inputs, and how many of them escaped."""
    return [str(result("fuzz")[name]) for name in ("cases", "escaped")]


def faults():
    """Disturbed runs, those after which the bytes were the same, and processes left."""
    kills = result("faults")["kills"]
    same, left = sum(one["same bytes"] for one in kills), sum(one["left"] for one in kills)
    return [str(same), str(len(kills)), str(left)]


def flips():
    """Flipped bits that were named or mended, with the same bytes at the end, and all of them."""
    rows = result("faults")["flips"]
    met = [one for one in rows if one["same bytes"] and one["said"] != "NOT NAMED"]
    return [str(len(met)), str(len(rows))]


def same():
    got = result("same")
    again = got["run again by a second repro"]
    return [str(got["files"]), str(len(got["differ"])), str(len(again))]


def load():
    """Clips, and how memory and speed end beside how they began, percent."""
    told = []
    for part in ("preparation, 2 processes", "avef predict, 2 threads"):
        got = result("load")[part]
        changes = (
            got["highest memory, last fifth to first"],
            got["speed of the last tenth to that of the first"],
        )
        told += [
            str(got["clips"]),
            *(f"{100 * (one - 1):+.0f}".replace("-", "−") for one in changes),
        ]
    return told


def setup():
    """Set-up and the first start after it, as one leaves work to the other."""
    got = result("setup")
    waits = {
        way: sum(got[way][step]["seconds"] for step in ("set-up", "first start"))
        for way in ("uv", "pip")
    }
    return [*machine("setup"), f"{waits['uv']:.0f}", f"{waits['pip'] / waits['uv']:.1f}"]


def prepare():
    got = result("prepare")
    return [
        *machine("prepare"),
        f"{1 / got['whole, share of real time']:.0f}",
        f"{got['faces, times as fast as the package']:.0f}",
    ]


def train():
    rates = result("train-full-cpu")["caching"]["samples_a_second"]
    ratios = (f"{rates['cached'] / rates[name]:.1f}" for name in ("frozen", "every layer"))
    return [*machine("train-full-cpu"), *ratios]


def rbm():
    got = result("rbm")
    theirs = "scikit-learn, float32"
    ten, hundred = (got[f"batch {n}"] for n in (10, 100))
    bound = min(hundred["the five products alone"], hundred["the least traffic alone"])
    figures = (
        ten["avef"] / ten[theirs],
        hundred["avef"] / hundred[theirs],
        bound / hundred[theirs],
    )
    return [*machine("rbm"), *(f"{value:.1f}" for value in figures)]


def demo():
    six = result("repro")["of all seeds"]["six emotions, both modalities, case 2"]
    pairs = [six[dataset] for dataset in paper.DATASETS]
    return [f"{pair['mean']:.0f} ± {pair['deviation']:.0f}" for pair in pairs]


def asked():
    """What 08b_power asks of the rules, in the order of the text."""
    shares = [abs(share) for name in ("T4", "S3", "S5") for *_, share in power.NEEDED[name]]
    order = [shares[0], shares[1], shares[3], shares[4], shares[-1]]
    return [f"{100 * share:.0f}" for share in order]


def spreads():
    """What 08b_power assumes of people and trainings, points."""
    assumed = power.Spreads()
    return [f"{assumed.people:.0f}", f"{assumed.training:.0f}"]


def printed():
    """The paper within itself: a pair against S3, and Table 8 beside Table 6."""
    pairs = paper.case_comparisons()
    (against,) = pairs[pairs["gain"] < 0].to_dict("records")
    six = paper.accuracies().query("dataset == 'rml' and table == 6 and case == 2")["accuracy"]
    diagonal = np.diag(paper.confusion("rml")).mean()
    cases = [f"{against[name]:.1f}" for name in ("case_1", "case_2")]
    return [str(len(pairs)), *cases, f"{diagonal:.2f}", f"{six.item():.2f}"]


def emodb(claim):
    """What V1 or V2 is on the recordings of Emo-DB at hand."""
    got = result("real")
    unseen, every = got["claims"][claim], got["claims"][f"{claim} all speakers"]
    if claim == "V1":
        hand = got["percent marked by hand"]
        kept = (unseen["percent"], every["percent"], hand["unseen"], hand["all"])
        return [
            str(every["utterances"]),
            str(unseen["utterances"]),
            *(f"{value:.1f}" for value in kept),
        ]
    rises = [
        (
            *(f"{one['accuracy'][case]:.1f}" for case in ("case1", "case2")),
            f"{one['relative_gain']:.1f}".replace("-", "−"),
        )
        for one in (unseen, every)
    ]
    interval = [f"{every[bound]:.1f}".replace("-", "−") for bound in ("low", "high")]
    counts = [str(every["utterances"]), str(got["epochs"]), str(unseen["utterances"])]
    return [*counts, *rises[0], *rises[1], *interval]


def real(name):
    """Accuracies of both cases on real voices, and what case 2 gains, in all three runs."""
    about = result("real")[name]
    one, longer, wide = about["runs"]
    told = [f"{about[key]}" for key in ("clips", "speakers")]
    told.append(f"{about['voiced_percent']:.0f}")
    for run, cases in ((one, (1, 2)), (longer, (2,)), (wide, (1, 2))):
        for case in cases:
            told += [f"{run[f'case {case}'][key]:.1f}" for key in ("accuracy", "deviation")]
        told += [f"{run['gain'][key]:.1f}" for key in ("difference", "low", "high")]
    return [value.replace("-", "−") for value in told]


def early():
    """What early stopping changes on real voices, and how long it trains, in both cases."""
    cases = [result("early")[f"Emo-DB, audio-net, case {case}"] for case in (1, 2)]
    told = [f"{one[key]:.1f}" for one in cases for key in ("difference", "low", "high")]
    told += [f"{one['epochs']['early']:.0f}" for one in cases]
    return [value.replace("-", "−") for value in told] + [f"{cases[0]['epochs']['fixed']:.0f}"]


def control():
    """What of the DBN's head start is kept without knowledge of the sources' units."""
    kept = result("repro")["of all seeds"]["head start of the DBN that is kept, percent"]
    starts = ("units shuffled", "values shuffled")
    return [f"{kept[start][dataset]:.0f}" for start in starts for dataset in paper.DATASETS]


SIGNED = r"(−?[\d.]+)"
GAIN = rf"{SIGNED} points \({SIGNED}…{SIGNED}\)"
C = r"([+−]\d+)"
N, CPU = r"([\d.]+)", r"an? ([\w ]+?) with (AVX[-\d]+)"
#: Document → pattern of a sentence → what its groups must be.
FIGURES = {
    "README.md": {
        rf"On two cores of {CPU} the set-up and the first start of its libraries took {N} seconds, "
        rf"and by pip alone {N} times as long": setup,
        rf"The environment takes {N} GB of disk, and what `make repro` leaves beside it {N} "
        r"GB": repro,
        rf"On two cores of {CPU}, in turns with commit cb74840, `make repro` takes {N} minutes, "
        rf"{N} times .* `make test` {N} minutes, {N} times .* set-up {N} times": waits,
        rf"On two cores of {CPU}, eleven open clips .* were prepared {N} times as fast as they "
        rf"play, .* the faces alone came {N} times as fast": prepare,
        rf"On two cores of {CPU}, at the published sizes, .* trained {N} times as fast on cached "
        rf"activations .* and {N} times as fast as with every layer trained": train,
        rf"On one core of {CPU} the RBM of 8192 → 4096 units learnt {N} times as many samples .* "
        rf"and {N} times as many in batches of 100, where .* would allow {N} times": rbm,
        rf"of {N} cases {N} met anything": fuzz,
        rf"after {N} of {N} `dvc repro` made the same bytes as undisturbed; {N} proc": faults,
        rf"{N} of {N} were named, or the files made anew": flips,
        rf"of {N} files, .* {N} differed; a second `dvc repro` ran {N} stages again": same,
        rf"over {N} prepared ones memory changed by {C} % .* speed by {C} % .* over {N} predicted "
        rf"ones by {C} and {C} %": load,
        r"RML (\d+ ± \d+), eNTERFACE'05 (\d+ ± \d+), BAUM-1s (\d+ ± \d+) % of the clips": demo,
    },
    "REPLICATION.md": {
        rf"measured on {N} of 535 utterances, .* \({N} utterances\) it keeps {N} %, of all ten {N} "
        rf"%; by the hand labels {N} and {N} % are speech": partial(emodb, "V1"),
        rf"measured on the {N} utterances .* {N} epochs, .* \({N} utterances\) accuracy goes "
        rf"from {N} to {N} %, (−?[\d.]+) % relative, .* from {N} to {N} %, (−?[\d.]+) % "
        r"\(95 %: (−?[\d.]+)…(−?[\d.]+)\)": partial(emodb, "V2"),
        **{
            rf"On {start}.* \({N} clips of {N} speakers, {N} % .* accuracy is {N} ± {N} % on all "
            rf"frames and {N} ± {N} % on speech alone: {GAIN}; with as many training steps {N} ± "
            rf"{N} %: {GAIN}; at 1/4 width {N} ± {N} and {N} ± {N} %: {GAIN}": partial(real, name)
            for name, start in (("ravdess", "RAVDESS'"), ("emodb", "Emo-DB's"))
        },
        rf"changes accuracy by {GAIN} in case 1 and {GAIN} in case 2 .* trains for {N} and {N} "
        rf"epochs where {N} were fixed": early,
        rf"the reordered one keeps {N}, {N} and {N} % .* the other one {N}, {N} and {N} %": control,
        rf"people who differ by {N} points, trainings that differ by {N}": spreads,
        rf"reproduced in at least {N} % .* not in at least {N} %; S3 is reproduced in at most {N} "
        rf"% .* not reproduced in at least {N} % .* S5 is reproduced in at most {N} %": asked,
        rf"of the {N} case 1/case 2 pairs .* \(RML visual, valence: {N} → {N}\) .* mean diagonal "
        rf"of Table 8 \({N}\) is not Table 6's {N}": printed,
    },
}
CASES = [(name, pattern) for name, patterns in FIGURES.items() for pattern in patterns]
#: A figure that only a measurement can give.
MEASURED = re.compile(r"\d[\d.]* ?(?:times as|minutes|hours|GB|GiB|samples/s|× real time)")


@pytest.mark.parametrize(("name", "pattern"), CASES)
def test_a_figure_is_that_of_its_file(name, pattern):
    text = (ROOT / name).read_text(encoding="utf-8")
    match = re.search(pattern, text)
    assert match, f"{name} has no sentence like {pattern}"
    assert list(match.groups()) == FIGURES[name][pattern]()


@pytest.mark.parametrize("name", FIGURES)
def test_no_measured_figure_is_without_a_file(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    for pattern in FIGURES[name]:
        text = re.sub(pattern, "", text)
    assert MEASURED.findall(text) == []


def test_results_name_their_machine():
    for path in RESULTS.glob("*.json"):
        assert {"cpu", "instructions"} <= set(result(path.stem)["machine"]), path.name
