"""avef: a reproduction of the AVEF audio-visual emotion recognition paper."""

import logging
import os

# TensorFlow reads these when it is first imported, which happens after this package is.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")  # results depend on it: the order of sums
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # off by default on some CPUs, and far slower
# It warns of every traced graph; a level it would reset in a notebook.
logging.getLogger("tensorflow").addFilter(lambda record: record.levelno >= logging.ERROR)
