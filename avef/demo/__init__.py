"""Synthetic corpora: drawn faces that speak with a formant synthesiser.

They are laid out on disk exactly like RML, eNTERFACE'05 and BAUM-1s, so that
the whole pipeline runs on a laptop without anybody's recordings. Nothing in
them says anything about people; they are there to exercise the code.
"""

from avef.demo.clip import Script, make_clip
from avef.demo.container import Form
from avef.demo.layouts import CORPORA, make_corpus

__all__ = ["CORPORA", "Form", "Script", "make_clip", "make_corpus"]
