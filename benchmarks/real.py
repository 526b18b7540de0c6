"""What is known on real recordings: does leaving out silence help (V1, V2, §4.3.1)?

    python benchmarks/real.py [--ravdess FOLDER] [--emodb FOLDER] [--widths W …] [--json PATH]

The audio-net, from random weights, on the speech of RAVDESS (six emotions, one speaker left
out) and on the emotions of Emo-DB that are complete (speaker groups left out), at the width of
`params.yaml` and at others, with its parameters and seeds. Half of a clip of RAVDESS is
silence; of Emo-DB hardly any is. The report shows the JSON in `benchmarks/results`.
"""

import argparse
from dataclasses import replace
from pathlib import Path

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
    p = params.read()
    heard = {"method": p.prepare.vad, "threshold": p.prepare.vad_threshold}
    heard |= {"weights": vad_net.shipped(), "power": p.prepare.spectrum_power}
    table, _ = corpora.clip_table("ravdess", options.ravdess)
    ravdess = silence.read(table, options.ravdess, **heard)
    spoken = emodb.prepare(options.emodb, **heard)
    complete = spoken.clips["emotion"].isin(emodb.complete(spoken.clips)).to_numpy().nonzero()[0]
    count = ravdess.clips["speaker"].nunique()
    runs = {"ravdess": [], "emodb": []}
    v2 = None
    for width in dict.fromkeys([p.networks.audio.width, *options.widths]):
        nets = replace(p.networks, audio=replace(p.networks.audio, width=width))
        settings = silence.Settings(p.emodb, nets, p.stop, p.svm, p.unimodal_decision, p.seeds)
        splits = folds(ravdess.clips, "ravdess", groups=count, seed=p.seed)
        title = f"RAVDESS, width {width:g}"
        found = silence.recognise(ravdess, splits, settings, jobs=p.jobs.train, title=title)
        runs["ravdess"].append({"width": width} | silence.figures(found, p.seed))
        found = emodb.recognise(
            spoken, settings, groups=p.emodb.groups, seed=p.seed, jobs=p.jobs.train
        )
        runs["emodb"].append({"width": width} | silence.figures(found, p.seed))
        v2 = v2 if v2 is not None else emodb.gains(found, spoken.clips, seed=p.seed)
    voiced = emodb.shares(spoken.clips)
    by_hand = voiced[voiced["voiced by"] == "marked by hand"].set_index("speakers of")
    results = {
        "machine": described(),
        "seeds": list(p.seeds),
        "epochs": p.emodb.epochs,
        "ravdess": _about(ravdess) | {"folds": count, "runs": runs["ravdess"]},
        "emodb": _about(spoken.of(complete)) | {"folds": p.emodb.groups, "runs": runs["emodb"]},
        "percent marked by hand": by_hand["percent"].round(2).to_dict(),
        "claims": emodb.metrics(voiced, v2),
    }
    print(f"\nV1\n{voiced.round(2).to_string(index=False)}")
    print(f"\nV2\n{v2.round(2).T.to_string(header=False)}")
    for name, told in results.items():
        print(f"{name}: {told}")
    if options.json:
        write_json(options.json, results)


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
    parser.add_argument("--json", type=Path, help="write the figures there, too")
    main(parser.parse_args())
