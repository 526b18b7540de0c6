"""The report in a browser: no errors, no sideways scrolling on a phone, the CSVs' numbers in sight.

Needs Chromium or Chrome (``apt-get install chromium``); without one these tests are skipped.
"""

import json
import re
import shutil
import subprocess
from html import unescape

import pandas as pd
import pytest
import report_sample

from avef import report

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
BROWSER = next(filter(None, map(shutil.which, NAMES)), None)
pytestmark = pytest.mark.skipif(
    BROWSER is None, reason="NO BROWSER: the report's pages are not tried (install chromium)"
)
PHONE, DESKTOP = 360, 1280  # pixels
DARK = "--blink-settings=preferredColorScheme=0"

#: Loads each page into a frame and says what it looks like from outside.
HARNESS = """<!doctype html><meta charset="utf-8"><body><pre id="seen"></pre><script>
const pages = PAGES, seen = {};
async function look(name, address, width) {
  const frame = document.createElement("iframe");
  frame.style = `width: ${width}px; height: 800px; border: 0`;
  frame.src = address;
  const loaded = new Promise(done => frame.onload = done);
  document.body.append(frame);
  await loaded;
  const page = frame.contentDocument, root = page.scrollingElement;
  const style = element => frame.contentWindow.getComputedStyle(element);
  seen[name + " " + width] = {
    wide: root.scrollWidth - root.clientWidth,
    height: root.scrollHeight,
    ground: style(page.body).backgroundColor,
    ink: style(page.body).color,
    broken: [...page.images].filter(i => i.complete && !i.naturalWidth).map(i => i.src),
    boxes: [...page.querySelectorAll(".scroll, .code")].filter(
      box => box.scrollWidth > box.clientWidth).length,
    tight: [...page.querySelectorAll("#accuracies .scroll, #claims > .scroll")].map(
      box => box.scrollWidth - box.clientWidth),
    ours: [...page.querySelectorAll("#table-4 .ours")].filter(
      entry => entry.checkVisibility()).map(entry => entry.firstChild.textContent),
    formulas: [...page.querySelectorAll(".formula math")].map(
      formula => formula.getBoundingClientRect().toJSON()),
    heat: [...page.querySelectorAll("#table-8 .heat.ours td")].map(
      entry => [entry.innerText, style(entry).backgroundColor]),
  };
  frame.remove();
}
(async () => {
  for (const [name, address] of Object.entries(pages))
    for (const width of WIDTHS) await look(name, address, width);
  document.getElementById("seen").textContent = JSON.stringify(seen);
  document.title = "done";
})();
</script>"""


def browse(folder, address, *flags):
    """What the browser prints: the page after its scripts ran, and its log."""
    done = subprocess.run(
        [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder}"]
        + ["--allow-file-access-from-files", "--virtual-time-budget=30000"]
        + ["--enable-logging=stderr", *flags, "--dump-dom", address],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    return done.stdout, re.findall(r"CONSOLE.*", done.stderr)


def looks(folder, pages, *flags):
    """What the harness finds on each page, at a phone's width and at a desktop's."""
    path = folder / "harness.html"
    addresses = json.dumps({page.name: page.as_uri() for page in pages})
    widths = json.dumps([PHONE, DESKTOP])
    path.write_text(HARNESS.replace("PAGES", addresses).replace("WIDTHS", widths), "utf-8")
    page, console = browse(folder / "profile", path.as_uri(), *flags)
    text = re.search(r'<pre id="seen">(.*?)</pre>', page, re.DOTALL)[1]
    assert text, page[-2000:]
    return json.loads(unescape(text)), console


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("browser")


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    made = report_sample.make(tmp_path_factory.mktemp("a repository"))
    report.build(made)
    return made


@pytest.fixture(scope="module")
def seen(reports, folder):
    """What was seen on the index and on every notebook's page, and the console's lines."""
    return looks(folder, [reports / "index.html", *sorted(reports.glob("html/*.html"))])


def test_pages_load_without_a_word_on_the_console(seen, folder):
    shown, console = seen
    assert len(shown) == 2 * 6 and console == []
    assert [entry["broken"] for entry in shown.values()] == [[]] * 12
    bad = folder / "bad.html"  # the console's lines would be seen
    bad.write_text("<script>console.error('heard')</script>")
    assert "heard" in str(browse(folder / "profile", bad.as_uri())[1])


def test_no_page_scrolls_sideways(seen):
    shown, _ = seen
    assert {name: entry["wide"] for name, entry in shown.items() if entry["wide"]} == {}
    assert shown[f"index.html {PHONE}"]["height"] > 4000
    for name, entry in shown.items():  # wide code and tables scroll in boxes of their own
        assert entry["boxes"] > 0 or str(DESKTOP) in name or "replication" in name


def test_accuracies_and_claims_fit_without_scrolling(seen):
    tight = {width: seen[0][f"index.html {width}"]["tight"] for width in (PHONE, DESKTOP)}
    assert tight == {PHONE: [0] * 5, DESKTOP: [0] * 5}


def test_formulas_are_laid_out_and_stay_within_the_page(seen):
    for width in (PHONE, DESKTOP):
        (size, *_) = seen[0][f"00_corpora.html {width}"]["formulas"]
        assert size["height"] > 20 and 0 < size["width"] < width  # a fraction is taller than a line


def test_numbers_in_sight_are_those_of_the_csv(seen, reports):
    expected = pd.read_csv(reports / "tables/table_4.csv")["ours"]
    for width in (PHONE, DESKTOP):
        shown = [float(text) for text in seen[0][f"index.html {width}"]["ours"]]
        assert shown == pytest.approx(list(expected), abs=0.0501)


def test_heat_maps_are_stronger_where_the_number_is_greater(seen):
    entries = seen[0][f"index.html {DESKTOP}"]["heat"]
    numbers = [(float(text), colour) for text, colour in entries if text != "–"]
    assert len(numbers) == 30
    # White is mixed with a blue: the greater the number, the less red is left.
    reds = [float(re.search(r"[\d.]+", colour)[0]) for _, colour in sorted(numbers)]
    assert reds == sorted(reds, reverse=True) and reds[0] > reds[-1]


def test_dark_where_the_reader_prefers_dark(seen, reports, folder):
    dark, _ = looks(folder, [reports / "index.html"], DARK)
    name = f"index.html {DESKTOP}"
    for entry, ground_is_dark in ((seen[0][name], False), (dark[name], True)):
        ground, ink = (
            sum(map(float, re.findall(r"[\d.]+", entry[k])[:3])) for k in ("ground", "ink")
        )
        assert (ground < ink) == ground_is_dark
