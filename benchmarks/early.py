"""What early stopping costs and saves (`stop.early`, decision C13), on real voices and the demo.

    python benchmarks/early.py [--emodb FOLDER] [--limit EPOCHS] [--networks …] [--json PATH]

The same trainings from the same seeds twice: for the fixed number of epochs of `params.yaml`,
and until training speakers held out have gained nothing for `stop.patience` epochs, at most
--limit. On Emo-DB the audio-net from random weights, both cases; on the demo's RML, which must
have been reproduced, both networks (or those named) on six emotions in case 2. `avef plan`
reads the JSON in `benchmarks/results`.
"""

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path

import pandas as pd

from avef.config import params
from avef.core import paths
from avef.core.files import write_json
from avef.core.machine import described
from avef.learning import clip_svm, grid, unimodal
from avef.preparation import vad_net
from avef.studies import baselines, emodb, silence

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "emodb"
PAIR = ("emotion", 2)


def main(options):
    """Print what each pair of trainings gave, and write what is asked for."""
    p = replace(params.read(), seeds=options.seeds)
    stops = {early: replace(p.stop, early=early) for early in (False, True)}
    results = {"machine": described(), "seeds": list(p.seeds), "limit": options.limit}
    results |= {"patience": p.stop.patience, "fraction": p.stop.fraction}
    recordings = emodb.prepare(
        options.emodb,
        method=p.prepare.vad,
        threshold=p.prepare.vad_threshold,
        weights=vad_net.shipped(),
        power=p.prepare.spectrum_power,
    )
    tables = {}
    for early, stop in stops.items():
        epochs = options.limit if early else p.emodb.epochs
        settings = silence.Settings(
            replace(p.emodb, epochs=epochs),
            p.networks,
            stop,
            p.svm,
            p.unimodal_decision,
            p.seeds,
        )
        tables[early] = emodb.recognise(
            recordings, settings, groups=p.emodb.groups, seed=p.seed, jobs=p.jobs.train
        )
    for case in (1, 2):
        parts = {early: table[table["case"] == case] for early, table in tables.items()}
        results[f"Emo-DB, audio-net, case {case}"] = told(parts, p.seed)
    for kind in options.networks:
        parts = {early: demo(kind, p, stop, options.limit) for early, stop in stops.items()}
        results[f"demo RML, {kind}-net, case 2"] = told(parts, p.seed)
    for name, value in results.items():
        print(f"{name}: {value}")
    if options.json:
        write_json(options.json, results)


def told(tables, seed):
    """Early stopping against the fixed schedule: accuracies, their difference, epochs of each."""
    pair = ({"both": tables[early]} for early in (True, False))
    epochs = {name: round(float(tables[early]["epochs"].mean()), 1)
              for name, early in (("early", True), ("fixed", False))}  # fmt: skip
    return baselines.against(*pair, seed) | {"epochs": epochs}


def demo(kind, p, stop, limit):
    """Predictions of a network on the demo's RML, each with the epochs of its training."""
    chosen = p.of("rml")._replace(stop=stop)
    if stop.early:
        name = f"{kind}_net"
        chosen = chosen._replace(**{name: replace(getattr(chosen, name), epochs=limit)})
    with tempfile.TemporaryDirectory() as scratch:
        folders = paths.folders("rml")._replace(**{f"{kind}_net": Path(scratch)})
        unimodal.run_folds(kind, [PAIR], folders, chosen)
        table = clip_svm.predictions(
            folders.prepared, scratch, chosen, feature="fc7", decision=p.unimodal_decision,
            pairs=[PAIR],
        )  # fmt: skip
        curves = grid.curves(scratch)
    lengths = curves.groupby(["seed", "fold"])["epoch"].max().rename("epochs").reset_index()
    return pd.merge(table, lengths, on=["seed", "fold"])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--emodb", type=Path, default=DATA)
    parser.add_argument("--limit", type=int, default=200)
    parser.add_argument("--networks", nargs="*", default=["audio", "visual"], help="on the demo")
    parser.add_argument("--seeds", type=int, nargs="+", default=[2020, 2021, 2022])
    parser.add_argument("--json", type=Path, help="write the figures there, too")
    main(parser.parse_args())
