"""avef: a reproduction of the AVEF audio-visual emotion recognition paper.

    >>> import avef
    >>> model = avef.load("rml")                    # doctest: +SKIP
    >>> avef.predict("clip.mp4", model).emotion     # doctest: +SKIP
    'happiness'

The packages follow the paper's sections; CONTRIBUTING.md has the plan of the house.
"""

import logging
import os
import sys

import lazy_loader

from avef.core import loading

# TensorFlow reads these when it is first imported, which happens after this package is.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")  # results depend on it: the order of sums
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # off by default on some CPUs, and far slower
os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")  # of the memory, only what is needed
# Keras' own file of settings, and the Keras of before, would change results.
os.environ |= {"KERAS_HOME": os.devnull, "TF_USE_LEGACY_KERAS": "0"}
sys.meta_path.insert(0, loading.Finder)  # it says a line before it reads the first of them
# It warns of every traced graph; a level it would reset in a notebook.
logging.getLogger("tensorflow").addFilter(lambda record: record.levelno >= logging.ERROR)

__version__ = "0.1.0"
#: Loaded when first used: whoever only reads a table need not wait for the networks.
_PUBLIC = {"recognition": ["Prediction", "Recogniser", "load", "predict"]}
__getattr__, __dir__, __all__ = lazy_loader.attach(__name__, submod_attrs=_PUBLIC)
__all__ += ["__version__"]
