"""Data preparation (§2.1): a raw clip becomes speech frames, faces and segments.

Decoding, speech (Eqs. 2.1–2.2), MRCG features and the VAD, faces and their key points,
segments; :mod:`~avef.preparation.clips` joins them. All but decoding and storing are pure
functions on arrays.
"""

from avef.core import caches

caches.for_numba()  # before librosa, which makes numba look for its cache
