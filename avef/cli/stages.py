"""What DVC runs, stage by stage: ``avef demo``, ``tree``, ``clips``, ``run`` and ``report``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from avef.cli.options import command, known, meant, say
from avef.config import params, plain
from avef.core import files, paths
from avef.core.errors import ParameterError

DEMO = ("rml", "enterface05", "baum1s")
"""The corpora that avef.demo writes; importing it takes seconds."""

_AT = "@ is the one of the DVC stage that runs"
_TRY = "10_try_a_clip"  # about a clip of the user's: no stage, and no page of the report


def add(commands: Any) -> None:
    """Add the subcommands to argparse's."""
    demo = command(
        commands, "demo", "make a synthetic corpus in its raw layout", example="avef demo rml"
    )
    demo.add_argument("corpus", metavar="CORPUS", help=f"one of {', '.join(DEMO)}; {_AT}")
    demo.set_defaults(function=_demo)

    tree = command(
        commands, "tree", "list the files of a raw corpus, for DVC", example="avef tree rml"
    )
    which = tree.add_mutually_exclusive_group(required=True)
    which.add_argument("corpus", nargs="?", metavar="CORPUS", help=f"a name in params.yaml; {_AT}")
    which.add_argument("--emodb", action="store_true", help="Emo-DB's, for V1 and V2")
    tree.set_defaults(function=_tree)

    clips = command(commands, "clips", "list the clips of a raw corpus", example="avef clips rml")
    clips.add_argument("corpus", metavar="CORPUS", help=f"a name in params.yaml; {_AT}")
    clips.set_defaults(function=_clips)

    example = "avef run 03_audio_net -p dataset=rml"
    run = command(commands, "run", "execute a notebook into reports/notebooks/", example=example)
    run.add_argument("notebook", help="such as 03_audio_net")
    told = "a parameter of the notebook; may be given several times"
    run.add_argument(
        "-p", dest="parameter", action="append", default=[], metavar="NAME=VALUE", help=told
    )
    run.set_defaults(function=_run)

    report = command(commands, "report", "build reports/index.html", example="avef report")
    report.set_defaults(function=_report)


def _demo(options):
    from avef.demo import make_corpus

    p = params.read()
    corpus = meant(options.corpus)
    known(corpus, [name for name in DEMO if name in p.corpora], "corpus")
    size = getattr(p.demo, corpus)
    make_corpus(
        corpus,
        p.corpora[corpus].root,
        seed=p.demo.seed,
        speakers=size.speakers,
        repeats=size.repeats,
        n_jobs=p.jobs.prepare,
    )


def _tree(options):
    from avef.corpora import manifest
    from avef.preparation.child import Limits

    p = params.read()
    corpus = "" if options.emodb else meant(options.corpus)
    if not options.emodb:
        known(corpus, p.corpora, "CORPUS")
    file = paths.EMODB_TREE if options.emodb else paths.tree(corpus)
    root = manifest.roots(p)[file]
    listed = manifest.write(root, file, Limits.of(p.prepare))
    say(f"{file}: {len(listed)} files in {root}")


def _clips(options):
    from avef.corpora import listing
    from avef.preparation.child import Limits

    p = params.read()
    name = meant(options.corpus)
    known(name, p.corpora, "CORPUS")
    corpus = p.corpora[name]
    limits = Limits.of(p.prepare)
    made = listing.write(name, corpus.root, reader=corpus.reader, limits=limits)
    say(f"{name}: {len(made.clips)} clips, {len(made.left_out)} files left out")


def _run(options):
    from avef import notebook

    p = params.read()  # a mistake in params.yaml stops here, not minutes into a notebook
    given = {key: meant(value) for key, value in map(_pair, options.parameter)}
    known(given.get("dataset", next(iter(p.corpora))), p.corpora, "-p dataset")
    own = options.notebook == _TRY
    if own and not given.get("clip"):
        raise ParameterError(f"{_TRY} takes -p clip=FILE; without a clip open it in JupyterLab")
    name = "-".join([options.notebook, *(_files(given) if own else given).values()])
    if Path(name).name != name:
        raise ParameterError(f"avef run takes a name such as 03_audio_net, no path, got {name!r}")
    files.sweep(paths.REPORTS, *paths.stored())
    source = Path("notebooks") / f"{options.notebook}.ipynb"
    target = (paths.TRIED if own else paths.NOTEBOOKS) / f"{name}.ipynb"
    notebook.run(source, target, given, log_file=paths.LOGS / f"{name}.log")
    if own:
        say(target)


def _report(options):
    from avef import report

    plain.text("params.yaml")  # elsewhere there is nothing to report
    report.build(paths.REPORTS)
    say(f"{paths.REPORTS}/index.html")


def _files(given):
    """Values that are paths, such as a clip's, by their names alone."""
    return {name: Path(value).stem for name, value in given.items()}


def _pair(text):
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise ParameterError(f"-p takes name=value, got {text!r}")
    return name, value
