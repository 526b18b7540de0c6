"""A corpus in memory: indices of joined clips point at the right rows."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from avef.core import sums
from avef.core.errors import ParameterError
from avef.learning import dataset
from avef.preparation import clips
from avef.preparation.segments import NO_FACE, segment_clip


def make_corpus(folder, corpus, lengths):
    """Prepared clips of random content; (T, F) each."""
    rng = np.random.default_rng(len(corpus))
    rows = []
    for i, (count, images) in enumerate(lengths):
        clip = clips.PreparedClip(
            log_mel=rng.normal(size=(count, 64)).astype(np.float32),
            voiced=rng.random(count) < 0.7,
            faces=rng.integers(0, 256, (images, 4, 4, 3), np.uint8),
            face_status=np.ones(images, np.uint8),
            times=np.arange(images) / 25,
            fps=25.0,
        )
        clips.save_clip(folder / f"{corpus}-{i}.npz", clip)
        rows.append({"clip": f"{corpus}-{i}", "corpus": corpus, "speaker": f"0{i % 2 + 1}"})
    pd.DataFrame(rows).to_csv(folder / "clips.csv", index=False)
    return folder


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("prepared")
    (root / "rml").mkdir()
    (root / "baum1s").mkdir()
    return [
        make_corpus(root / "rml", "rml", [(300, 75), (40, 10), (150, 38)]),
        make_corpus(root / "baum1s", "baum1s", [(100, 26), (220, 55)]),
    ]


@pytest.mark.parametrize("case", [1, 2])
def test_segments_point_at_their_own_clips_rows(folders, case):
    data = dataset.load_all(folders, case)
    names = [f"rml-{i}" for i in range(3)] + [f"baum1s-{i}" for i in range(2)]
    assert data.clips["clip"].tolist() == names
    assert set(data.clip) == set(range(5))
    for number, name in enumerate(names):
        clip = clips.load_clip(folders[number > 2] / f"{name}.npz")
        audio, images = segment_clip(clip.voiced, clip.times, clip.fps, case=case)
        mine = data.segments_of(np.array([number]))
        np.testing.assert_array_equal(data.log_mel[data.audio[mine]], clip.log_mel[audio])
        np.testing.assert_array_equal(data.faces[data.images[mine]], clip.faces[images])
    assert {data.audio.dtype, data.images.dtype, data.clip.dtype} == {np.dtype(np.int32)}


def test_segments_of_several_clips(folders):
    data = dataset.load(folders[0], 1)
    chosen = data.segments_of(np.array([2, 0]))
    assert set(data.clip[chosen]) == {0, 2}
    assert len(chosen) == np.isin(data.clip, [0, 2]).sum()
    assert (np.diff(chosen) > 0).all()


def test_one_corpus_keeps_its_speakers_as_written(folders):
    assert dataset.load(folders[0], 1).clips["speaker"].tolist() == ["01", "02", "01"]


def test_speakers_of_different_corpora_stay_apart(folders):
    speakers = dataset.load_all(folders, 1).clips["speaker"].tolist()
    assert speakers == ["rml/01", "rml/02", "rml/01", "baum1s/01", "baum1s/02"]


def test_pool_averages_the_segments_of_each_clip():
    values = np.array([[1, 10], [3, 30], [5, 50], [7, 70]], np.float32)
    pooled = dataset.pool(values, np.array([0, 1, 0, 2]), 3)
    np.testing.assert_allclose(pooled, [[3, 30], [3, 30], [7, 70]])
    assert pooled.dtype == np.float32


def test_pool_does_not_lose_precision_over_many_segments():
    values = np.full((100_000, 1), 0.1, np.float32)
    assert dataset.pool(values, np.zeros(100_000, int), 1)[0, 0] == np.float32(0.1)


def test_sound_alone_points_at_no_face_and_moves_no_other_row(folders, tmp_path):
    voices = make_corpus(tmp_path, "voices", [(200, 0), (90, 0)])
    mixed = dataset.load_all([voices, folders[1]], 2)
    alone = mixed.clip < 2
    assert (mixed.images[alone] == NO_FACE).all()
    other = dataset.load(folders[1], 2)
    np.testing.assert_array_equal(mixed.images[~alone], other.images)
    np.testing.assert_array_equal(mixed.faces, other.faces)
    heard = mixed.log_mel[mixed.audio[~alone]]
    np.testing.assert_array_equal(heard, other.log_mel[other.audio])
    assert mixed.audio[alone].max() < 290


def test_no_clip_is_read_that_is_damaged_or_anothers(folders, tmp_path):
    """A bit of a stored array that has flipped trains nothing."""
    table = pd.read_csv(folders[0] / "clips.csv", dtype=str)
    for name in table["clip"]:
        clips.save_clip(tmp_path / f"{name}.npz", clips.load_clip(folders[0] / f"{name}.npz"), name)
    table.assign(key=table["clip"]).to_csv(tmp_path / "clips.csv", index=False)
    assert len(dataset.load(tmp_path, 1).clips) == 3
    whole, other = ((tmp_path / f"rml-{n}.npz").read_bytes() for n in (0, 1))
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 4
    for content, why in ((other, "of another clip"), (flipped, "damaged"), (b"", "damaged")):
        (tmp_path / "rml-0.npz").write_bytes(content)
        with pytest.raises(ParameterError, match=f"rml-0.npz is .*{why}"):
            dataset.load(tmp_path, 1)


def test_a_flipped_bit_of_the_table_is_refused_by_name(folders, tmp_path):
    """A 3 becomes a 2: two people would be taken for one."""
    folder = Path(shutil.copytree(folders[0], tmp_path / "rml"))
    table = pd.read_csv(folder / "clips.csv", dtype=str).assign(speaker=["01", "03", "02"])
    table.to_csv(folder / "clips.csv", index=False)
    sums.write(folder, [folder / "clips.csv"])
    assert dataset.load(folder, 1).clips["speaker"].nunique() == 3
    content = (folder / "clips.csv").read_bytes()
    assert content.count(b"03") == 1
    (folder / "clips.csv").write_bytes(content.replace(b"03", b"02"))
    with pytest.raises(ParameterError, match=r"clips\.csv is missing, or not what"):
        dataset.load(folder, 1)
