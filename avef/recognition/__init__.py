"""A clip in, emotion out: the trained whole model on clips of one's own.

A clip is prepared as the corpora were (§2.1) and cut into the segments of case 2. The
networks of every fold look at all of them; each fold's SVM (§2.2.4) gives one voice.
"""

import lazy_loader

_PUBLIC = {"recogniser": ["Recogniser", "load", "predict"], "result": ["Prediction"]}
__getattr__, __dir__, __all__ = lazy_loader.attach(__name__, submod_attrs=_PUBLIC)
