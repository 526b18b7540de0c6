"""A result on a page: all that is said in text, and no markup of a file's own."""

from dataclasses import replace
from html import unescape

from avef.evaluation.marks import DEMO
from avef.recognition import forms, page
from avef.recognition.result import Failure


def test_all_that_the_text_says_of_a_clip_stands_there(prediction):
    made = replace(prediction, warnings=("the sound has a gap",), note="Divided.", learnt=1)
    shown = unescape(page.summary(made))
    for line in (*forms.about(made), "⚠ the sound has a gap", DEMO, made.clip):
        assert f">{line}</p>" in shown
    assert DEMO not in page.summary(replace(made, data=""))


def test_an_answer_that_is_not_sure_says_so(prediction):
    tied = {"anger": 1, "fear": 1}
    made = replace(prediction, sure=False, equals=tuple(tied), emotion="anger", voices=tied)
    assert ">Not sure: anger or fear</p>" in page.summary(made)
    made = replace(made, sure=True, equals=("fear",), emotion="fear")
    assert ">Fear</p>" in page.summary(made)


def test_nothing_of_a_file_is_markup(prediction):
    evil = "<img src=x onerror=alert(1)>"
    for made in (replace(prediction, clip=evil, warnings=(evil,)), Failure(evil, evil)):
        assert "<img" not in page.summary(made) and "&lt;img" in page.summary(made)
    assert page.line(evil).count("<") == 2 and page.line("") == ""
