"""HTML of a notebook: what may stay, and hostile vectors that must not."""

import pandas as pd
import pytest
from bs4 import BeautifulSoup
from bs4.element import NavigableString

from avef.report import view
from avef.report.clean import clean

PNG = "data:image/png;base64,iVBORw0KGgo="
#: What may be left of the hostile vectors: harmless tags, and what the box of a table has.
TAGS = {"a", "b", "div", "img", "p", "table", "tbody", "tr", "td"}
ATTRIBUTES = {"href", "title", "src", "alt", "class", "role", "tabindex", "aria-label"}


@pytest.mark.parametrize(("given", "cleaned"), [
    ("<p onclick='x()'>a</p>", "<p>a</p>"),
    ("<a href='java\nscript:x()'>a</a>", "<a>a</a>"),
    ("<a href='#b' title='c'>a</a>", '<a href="#b" title="c">a</a>'),
    ("<a href='mailto:a@b.example'>a</a>", '<a href="mailto:a@b.example">a</a>'),
    ("<img src='//far/a.png' alt='a &lt;b&gt;'>", "a &lt;b&gt;"),
    ("<img src='https://far.example/a.png'>b", "b"),
    (f"<img src='{PNG}' alt='a' width='9'>", f'<img alt="a" src="{PNG}"/>'),
    ("<style>p{}</style><custom>a</custom>", "a"),
    ("<svg><a href='x'>a</a></svg>b", "b"),
    ("&lt;script&gt;", "&lt;script&gt;"),
    ("<h2 id='x'>a</h2><ol start='3'><li>b</li></ol>", '<h2>a</h2><ol start="3"><li>b</li></ol>'),
    ('<div class="highlight"><pre><span class="k">if</span> a &lt; b</pre></div>',
     '<div class="highlight"><pre><span class="k">if</span> a &lt; b</pre></div>'),
])  # fmt: skip
def test_notebook_html_is_cleaned(given, cleaned):
    assert clean(given) == cleaned


HOSTILE = {
    "script": "<script>run()</script>seen",
    "script in capitals, not closed": "seen<SCRIPT SRC=//far.example/x.js>",
    "script within script": "<scr<script>ipt>run()</scr</script>ipt>seen",
    "event handler": "<img src=x onerror=run()>seen",
    "event handler after a slash": "<b/onmouseover=run()>seen</b>",
    "event handler on an embedded image": f"<img src='{PNG}' onload='run()'>seen",
    "javascript": "<a href='javascript:run()'>seen</a>",
    "javascript by entities": "<a href='&#106;avascript&colon;run()'>seen</a>",
    "javascript with a tab": "<a href=' jav\tascript:run()'>seen</a>",
    "vbscript": "<a href='vbscript:run()'>seen</a>",
    "data in a link": "<a href='data:text/html,<script>run()</script>'>seen</a>",
    "data in a link, broken up": "<a href='d\nata:text/html;base64,PHNjcmlwdD4='>seen</a>",
    "SVG as an image": "<img src='data:image/svg+xml,<svg onload=run()>'>seen",
    "HTML as an image": "<img src='data:text/html;image/png;base64,AA=='>seen",
    "comment": "<!-- <script>run()</script> -->seen",
    "conditional comment": "<!--[if IE]><script>run()</script><![endif]-->seen",
    "comment that ends early": "<!--><img src=x onerror=run()>-->seen",
    "CDATA": "<![CDATA[<script>run()</script>]]>seen",
    "CDATA in SVG": "<svg><![CDATA[</svg><img src=x onerror=run()>]]></svg>seen",
    "processing instruction": "<?php run() ?><?xml-stylesheet href='//far.example/x.xsl'?>seen",
    "declaration": "<!DOCTYPE html [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>seen",
    "SVG": "seen<svg onload=run()><script>run()</script><use href='//far.example/x.svg#x'/></svg>",
    "SVG with HTML in its title": "seen<svg><title><img src=x onerror=run()></title></svg>",
    "MathML": "seen<math href='javascript:run()'><mtext><table><mglyph><style><img src=x "
    "onerror=run()></style></mglyph></table></mtext></math>",
    "style element": "<style>@import '//far.example/x.css'</style>seen",
    "style with an address": "<p style='background: url(//far.example/x.png)'>seen</p>",
    "background": "<table background='//far.example/x.png'><tr><td>seen</td></tr></table>",
    "srcdoc": "<iframe srcdoc='&lt;script&gt;run()&lt;/script&gt;'></iframe>seen",
    "srcset": f"<img src='{PNG}' srcset='//far.example/x.png 2x'>seen",
    "meta refresh": "<meta http-equiv=refresh content='0; url=javascript:run()'>seen",
    "base": "<base href='//far.example/'>seen",
    "link": "<link rel=stylesheet href='//far.example/x.css'>seen",
    "object": "<object data='//far.example/x'></object><embed src='//far.example/x'>seen",
    "form": "<form action='//far.example/'><input formaction='javascript:run()'></form>seen",
    "noscript": "<noscript><p title='</noscript><img src=x onerror=run()>'></noscript>seen",
    "raw text": "<xmp><img src=x onerror=run()></xmp><textarea><img src=x></textarea>seen",
    "template": "<template><img src=x onerror=run()></template>seen",
    "plain text to the end": "seen<plaintext><img src=x onerror=run()>",
    "nested, broken tags": "<div <p <b onclick=run() <img src=x onerror=run()//>seen</b></p",
    "attribute that breaks out": "<a title='\"><img src=x onerror=run()>' href='#a'>seen</a>",
    "null bytes": "<scr\0ipt>run()</scr\0ipt><img src=x one\0rror=run()>seen",
}


@pytest.mark.parametrize("given", HOSTILE.values(), ids=HOSTILE)
def test_nothing_hostile_survives(given):
    page = BeautifulSoup(clean(given), "html.parser")
    assert "seen" in page.get_text()
    for node in page.descendants:
        if isinstance(node, NavigableString):
            assert type(node) is NavigableString  # no comment, CDATA, declaration, instruction
            continue
        assert node.name in TAGS
        assert set(node.attrs) <= ATTRIBUTES
        assert node.get("href", "#").startswith(("#", "http://", "https://", "mailto:"))
        assert node.get("src", PNG) == PNG


@pytest.mark.parametrize("given", HOSTILE.values(), ids=HOSTILE)
def test_what_is_clean_stays_as_it_is(given):
    """A second parser of what the first let through finds nothing else in it."""
    once = clean(given)
    assert "<table" in once or clean(once) == once


def test_columns_of_numbers_are_flush_right():
    frame = pd.DataFrame({"n": ["1", "-2.5", "–"], "mixed": ["1", "a", "2"]})
    assert view.grid(frame).numeric == [True, False]
    assert view.grid(frame[:0]).numeric == [False, False]
    page = BeautifulSoup(clean(frame.to_html(index=False)), "html.parser")
    assert ["number" in th.get("class", []) for th in page.select("th")] == [True, False]


def test_a_styled_table_gets_scopes_one_header_and_a_box():
    frame = pd.DataFrame({"n": [1, 23]}, index=pd.Index(["a", "b"], name="key"))
    page = BeautifulSoup(clean(frame.style.set_caption("Some").to_html()), "html.parser")
    box = page.select_one("div.scroll")
    assert (box["role"], box["tabindex"], box["aria-label"]) == ("region", "0", "Some")
    assert [th.get_text() for th in box.select("thead th")] == ["key", "n"]
    assert [th["scope"] for th in box.select("th")] == ["col", "col", "row", "row"]
    assert not page.select("[id], style")
