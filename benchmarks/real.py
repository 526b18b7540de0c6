"""What is known on real recordings: does leaving out silence help (V1, V2, §4.3.1)?

    python benchmarks/real.py [--ravdess FOLDER] [--emodb FOLDER] [--widths W …] [--json PATH]

The audio-net, from random weights, on the speech of RAVDESS (six emotions, one speaker left
out) and on the emotions of Emo-DB that are complete (speaker groups left out), at the width of
`params.yaml` and at others, with its parameters and seeds; and once more so that case 2, which
has fewer segments, takes as many steps as case 1. Half of a clip of RAVDESS is silence; of
Emo-DB hardly any is. The report shows the JSON in `benchmarks/results`.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import pandas as pd

from avef import corpora
from avef.config import params
from avef.core.files import write_json
from avef.core.machine import described
from avef.preparation import vad_net
from avef.protocol import folds
from avef.studies import emodb, silence

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


def main(options):
    """Measure both corpora at every width, print, and write what is asked for."""
    p = replace(params.read(), seeds=options.seeds)
    heard = {"method": p.prepare.vad, "threshold": p.prepare.vad_threshold}
    heard |= {"weights": vad_net.shipped(), "power": p.prepare.spectrum_power}
    table, _ = corpora.clip_table("ravdess", options.ravdess)
    ravdess = silence.read(table, options.ravdess, **heard)
    spoken = emodb.prepare(options.emodb, **heard)
    complete = spoken.clips["emotion"].isin(emodb.complete(spoken.clips)).to_numpy().nonzero()[0]
    voices = {
        "ravdess": (ravdess, ravdess.clips["speaker"].nunique()),
        "emodb": (spoken.of(complete), p.emodb.groups),
    }
    widths = list(dict.fromkeys([p.networks.audio.width, *options.widths]))
    results = {"machine": described(), "seeds": list(p.seeds), "epochs": p.emodb.epochs}
    first = {}
    for name, (recordings, groups) in voices.items():
        runs = []
        for width in widths:
            table = recognised(name, recordings, groups, width, p)
            first.setdefault(name, table)
            runs.append({"width": width, "alike": "epochs"} | silence.figures(table, p.seed))
        runs.insert(1, control(name, recordings, groups, first[name], p))
        results[name] = _about(recordings) | {"folds": groups, "runs": runs}
    voiced = emodb.shares(spoken.clips)
    by_hand = voiced[voiced["voiced by"] == "marked by hand"].set_index("speakers of")
    results["percent marked by hand"] = by_hand["percent"].round(2).to_dict()
    gain = emodb.gains(first["emodb"].assign(emotion_model="Emo-DB"), spoken.clips, seed=p.seed)
    results["claims"] = emodb.metrics(voiced, gain)
    for name, told in results.items():
        print(f"{name}: {told}")
    if options.json:
        write_json(options.json, results)


def recognised(name, recordings, groups, width, p, *, cases=(1, 2), epochs=None):
    """Predictions of all clips by speakers left out, at a width."""
    schedule = replace(p.emodb, epochs=epochs or p.emodb.epochs)
    nets = replace(p.networks, audio=replace(p.networks.audio, width=width))
    settings = silence.Settings(schedule, nets, p.stop, p.svm, p.unimodal_decision, p.seeds)
    splits = folds(recordings.clips, name, groups=groups, seed=p.seed)
    title = f"{corpora.title(name)}, width {width:g}"
    return silence.recognise(
        recordings, splits, settings, cases=cases, jobs=p.jobs.train, title=title
    )


def control(name, recordings, groups, table, p):
    """Case 2 once more, for as many steps as case 1 takes: it has fewer segments an epoch."""
    width, epochs = p.networks.audio.width, silence.as_many_steps(recordings, p.emodb.epochs)
    longer = recognised(name, recordings, groups, width, p, cases=(2,), epochs=epochs)
    both = pd.concat([table[table["case"] == 1], longer], ignore_index=True)
    return {"width": width, "alike": "steps"} | silence.figures(both, p.seed)


def _about(recordings):
    """What was recognised: how many clips, speakers, emotions, and how much of it is speech."""
    clips = recordings.clips
    voiced = (clips["voiced"] * clips["duration"]).sum() / clips["duration"].sum()
    return {
        "clips": len(clips),
        "speakers": clips["speaker"].nunique(),
        "emotions": sorted(clips["emotion"].unique()),
        "voiced_percent": round(100 * float(voiced), 1),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--ravdess", type=Path, default=DATA / "ravdess")
    parser.add_argument("--emodb", type=Path, default=DATA / "emodb")
    parser.add_argument("--widths", type=float, nargs="*", default=[0.25])
    parser.add_argument("--seeds", type=int, nargs="+", default=[2020, 2021, 2022])
    parser.add_argument("--json", type=Path, help="write the figures there, too")
    main(parser.parse_args())
