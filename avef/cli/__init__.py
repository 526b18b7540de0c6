"""The ``avef`` command: thin, one function a subcommand."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from avef import __version__
from avef.cli import predict
from avef.cli.options import known
from avef.config import params, profiles
from avef.core import files, log, paths
from avef.core.errors import ClipError, ParameterError


def main(arguments: list[str] | None = None) -> int:
    """Run a subcommand; errors that avef raises on purpose are one line on standard error."""
    # jsonschema, which checks notebooks, would build a grammar of web addresses with it, for a
    # second at each start; no notebook's schema asks for one. None: as if it were not installed.
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
    options = _parser().parse_args(arguments)
    log.show(options.verbose)
    try:
        with _stoppable():
            options.function(options)
    except KeyboardInterrupt as stop:
        number = stop.args[0] if stop.args else signal.SIGINT
        print(f"avef: stopped by {number.name}; the same command goes on", file=sys.stderr)
        return 128 + number
    except (ClipError, ParameterError, RuntimeError, OSError) as error:
        print(f"avef: {error}", file=sys.stderr)
        return 1
    return 0


@contextmanager
def _stoppable():
    """Let SIGTERM end a command as Ctrl-C does; and where DVC runs it, so does DVC's own end."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _stop)
    if "DVC_STAGE" in os.environ:
        from avef.core import parallel  # here, and not above: it brings joblib

        parallel.end_with_parent(os.getppid(), partial(os.kill, os.getpid(), signal.SIGTERM))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _stop(number, _):
    raise KeyboardInterrupt(signal.Signals(number))


def _demo(options):
    from avef.demo import make_corpus

    p = params.read()
    known(options.corpus, p.corpora, "corpus")
    size = getattr(p.demo, options.corpus)
    make_corpus(
        options.corpus,
        p.corpora[options.corpus].root,
        seed=p.demo.seed,
        speakers=size.speakers,
        repeats=size.repeats,
        n_jobs=p.jobs.prepare,
    )


def _tree(options):
    from avef.corpora import manifest

    p = params.read()
    if not options.emodb:
        known(options.corpus, p.corpora, "CORPUS")
    file = paths.EMODB_TREE if options.emodb else paths.tree(options.corpus)
    root = manifest.roots(p)[file]
    print(f"{file}: {len(manifest.write(root, file))} files in {root}")


def _clips(options):
    from avef.corpora import listing

    p = params.read()
    known(options.corpus, p.corpora, "CORPUS")
    corpus = p.corpora[options.corpus]
    made = listing.write(options.corpus, corpus.root, reader=corpus.reader)
    print(f"{options.corpus}: {len(made.clips)} clips, {len(made.left_out)} files left out")


def _run(options):
    from avef import notebook

    p = params.read()  # a mistake in params.yaml stops here, not minutes into a notebook
    given = dict(_pair(text) for text in options.parameter)
    known(given.get("dataset", next(iter(p.corpora))), p.corpora, "-p dataset")
    name = "-".join([options.notebook, *given.values()])
    if Path(name).name != name:
        raise ParameterError(f"avef run takes a name such as 03_audio_net, no path, got {name!r}")
    files.sweep(paths.REPORTS, *paths.stored())
    source = Path("notebooks") / f"{options.notebook}.ipynb"
    target, log_file = paths.NOTEBOOKS / f"{name}.ipynb", paths.LOGS / f"{name}.log"
    notebook.run(source, target, given, log_file=log_file)


def _profile(options):
    changed = profiles.apply(options.name)
    print("\n".join(changed) if changed else f"params.yaml is the {options.name} profile already")
    print()
    missing = _told_corpora(params.read())
    after = "`avef plan` says how long it takes, and `dvc repro` runs it"
    print(f"\nnext: get {', '.join(missing)}; then {after}" if missing else f"\nnext: {after}")


def _corpora(options):
    if options.known:
        from avef.corpora import check

        print(check.known(params.read()))
        return
    missing = _told_corpora(params.read())
    if missing:
        raise ParameterError(f"not there yet: {', '.join(missing)}; `dvc repro` would stop")


def _doctor(options):
    from avef import doctor

    states = []
    for finding in doctor.examine():
        print(finding, flush=True)
        states.append(finding.state)
    if doctor.STOP in states:
        raise RuntimeError(f"{states.count(doctor.STOP)} of these would stop a run")


def _plan(options):
    p = params.read()  # a mistake is said before TensorFlow is loaded
    from avef.studies import estimate

    print(estimate.report(p))


def _ablations(options):
    from avef.studies import experiments

    due = experiments.due(options.names)
    print(f"to run: {', '.join(due) or 'nothing new'}", flush=True)
    experiments.run(due.values())
    left = experiments.gather()
    failed = [name for name in due if name in left]
    if failed:
        raise RuntimeError(f"not finished: {', '.join(failed)}; what DVC says above tells why")
    others = ", ".join(f"{name} ({state})" for name, state in left.items())
    print(f"not current: {others or 'none'}; `dvc repro` shows them all")


def _report(options):
    from avef import report

    params.text("params.yaml")  # elsewhere there is nothing to report
    report.build(paths.REPORTS)
    print(f"{paths.REPORTS}/index.html")


def _told_corpora(p):
    """Print how things stand with each corpus; the names of those that are missing."""
    from avef.corpora import check

    states = check.states(p)
    print("\n".join(state.text for state in states))
    return [state.corpus for state in states if not state.ready]


def _pair(text):
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise ParameterError(f"-p takes name=value, got {text!r}")
    return name, value


def _parser():
    parser = argparse.ArgumentParser(prog="avef", description=__doc__.split(":")[0])
    parser.add_argument("--version", action="version", version=f"avef {__version__}")
    told = "say what is done; twice, all of it"
    parser.add_argument("-v", "--verbose", action="count", default=0, help=told)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    demo = commands.add_parser("demo", help="make a synthetic corpus in its raw layout")
    demo.add_argument("corpus", choices=["rml", "enterface05", "baum1s"])
    demo.set_defaults(function=_demo)

    tree = commands.add_parser("tree", help="list the files of a raw corpus, for DVC")
    which = tree.add_mutually_exclusive_group(required=True)
    which.add_argument("corpus", nargs="?", metavar="CORPUS")
    which.add_argument("--emodb", action="store_true", help="Emo-DB's, for V1 and V2")
    tree.set_defaults(function=_tree)

    clips = commands.add_parser("clips", help="list the clips of a raw corpus")
    clips.add_argument("corpus", metavar="CORPUS")
    clips.set_defaults(function=_clips)

    run = commands.add_parser("run", help="execute a notebook into reports/notebooks/")
    run.add_argument("notebook", help="such as 03_audio_net")
    run.add_argument("-p", dest="parameter", action="append", default=[], metavar="NAME=VALUE")
    run.set_defaults(function=_run)

    predict.add(commands)

    profile = commands.add_parser("profile", help="switch params.yaml to profiles/NAME.yaml")
    profile.add_argument("name", help="demo, paper or paper-fast")
    profile.set_defaults(function=_profile)

    corpora = commands.add_parser("corpora", help="check that the corpora of a run are there")
    told = "list what avef reads instead: clips, terms, how to get it; and how to add your own"
    corpora.add_argument("--known", action="store_true", help=told)
    corpora.set_defaults(function=_corpora)

    doctor = commands.add_parser("doctor", help="look for what is amiss, and say what to do")
    doctor.set_defaults(function=_doctor)

    plan = commands.add_parser("plan", help="what the learning stages will cost on this machine")
    plan.set_defaults(function=_plan)

    ablations = commands.add_parser("ablations", help="run the ablations that are not current")
    ablations.add_argument("names", nargs="*", help="of those in params.yaml; all if not given")
    ablations.set_defaults(function=_ablations)

    report = commands.add_parser("report", help="build reports/index.html")
    report.set_defaults(function=_report)
    return parser
