"""Claims V1 and V2 on the recordings of Emo-DB that are at hand (§2.1.1).

    python benchmarks/emodb.py [--root FOLDER] [--json PATH]

As `08_claims` does it where Emo-DB lies under `emodb.root`, with the parameters of
`params.yaml`: which share of the frames the shipped detector keeps, and what an audio-net
gains by leaving silence out.
"""

import argparse
from pathlib import Path

from avef.config import params
from avef.core.files import write_json
from avef.core.machine import described
from avef.preparation import vad_net
from avef.studies import emodb

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "emodb"


def main(options):
    """Print both tables."""
    p = params.read()
    print(emodb.coverage(options.root))
    recordings = emodb.prepare(
        options.root,
        method=p.prepare.vad,
        threshold=p.prepare.vad_threshold,
        weights=vad_net.shipped(),
        power=p.prepare.spectrum_power,
    )
    voiced = emodb.shares(recordings.clips)
    print(f"\nV1\n{voiced.round(2).to_string(index=False)}")
    settings = emodb.Settings(p.emodb, p.networks, p.stop, p.svm, p.unimodal_decision, p.seed)
    predictions = emodb.recognise(recordings, settings, jobs=p.jobs.train)
    gain = emodb.gains(predictions, recordings.clips, seed=p.seed)
    print(f"\nV2\n{gain.round(2).T.to_string(header=False)}")
    if options.json:
        by_hand = voiced[voiced["voiced by"] == "marked by hand"].set_index("speakers of")
        results = {
            "machine": described(),
            "utterances": len(recordings.clips),
            "percent marked by hand": by_hand["percent"].round(2).to_dict(),
        }
        results |= emodb.metrics(voiced, gain)
        results |= {"width": p.networks.audio.width, "epochs": p.emodb.epochs}
        write_json(options.json, results)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--root", type=Path, default=DATA)
    parser.add_argument("--json", type=Path, help="write the figures there, too")
    main(parser.parse_args())
