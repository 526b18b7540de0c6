"""Faces against the mtcnn package, on real clips and on what real clips rarely show."""

from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from avef.core.errors import ParameterError
from avef.preparation import faces

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
CLIPS = sorted(DATA.glob("cremad/VideoFlash/*.flv")) + sorted(DATA.glob("grid/*.mpg"))
NEEDS_CLIPS = pytest.mark.skipif(not CLIPS, reason=f"no real clips under {DATA}")


def decode(path, frames=None):
    with av.open(str(path)) as container:
        stack = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    return np.stack(stack[:frames])


@pytest.fixture(scope="module")
def clip():
    """One real clip, 40 frames."""
    if not CLIPS:
        pytest.skip(f"no real clips under {DATA}")
    return decode(CLIPS[0], 40)


@pytest.fixture(scope="module")
def track(clip):
    return faces.track(clip)


class Fake:
    """A detector that sees bright squares: one face per square, points at fixed places."""

    def detect(self, frames, smallest):
        faces = []
        for frame in frames:
            *_, stats, _ = cv2.connectedComponentsWithStats((frame[..., 0] > 128).astype(np.uint8))
            faces.append(self.rows(stats[1:, :4], smallest))
        return faces

    def refine(self, frames, boxes):
        rows = np.zeros((len(frames), 15), np.float32)
        for row, frame, box in zip(rows, frames, boxes, strict=True):
            seen = self.detect([frame], 1)[0]
            centre = (box[:2] + box[2:]) / 2
            inside = ((seen[:, :2] < centre) & (centre < seen[:, 2:4])).all(axis=1)
            if inside.any():
                row[:] = seen[inside][0]
        return rows

    @staticmethod
    def rows(stats, smallest):
        at = [[0.3, 0.4], [0.7, 0.4], [0.5, 0.6], [0.35, 0.8], [0.65, 0.8]]
        rows = []
        for x, y, w, h in stats:
            if w >= smallest:
                points = np.array([x, y]) + np.array(at) * [w, h]
                rows.append([x, y, x + w, y + h, 1, *points.ravel()])
        return np.array(rows, np.float32).reshape(-1, 15)


def scene(count, *squares, size=(120, 160)):
    """Frames with squares (x, y, side, frames), x and y a number or one per frame."""
    frames = np.zeros((count, *size, 3), np.uint8)
    for x, y, side, when in squares:
        for f in when:
            left, top = (int(np.broadcast_to(v, count)[f]) for v in (x, y))
            frames[f, top : top + side, left : left + side] = 255
    return frames


@NEEDS_CLIPS
@pytest.mark.parametrize("path", CLIPS, ids=lambda p: p.stem)
def test_points_agree_with_the_package_on_its_own(path):
    from mtcnn import MTCNN

    frames = decode(path)
    track = faces.track(frames)
    assert (track.status != faces.NONE).mean() >= 0.95
    package, errors = MTCNN(), []
    for f in range(3, len(frames), 12):
        theirs = package.detect_faces(frames[f], output_type="numpy")
        if len(theirs):
            points = theirs[0, 6:16].reshape(2, 5).T
            between_eyes = np.linalg.norm(points[0] - points[1])
            errors.append(np.linalg.norm(track.points[f] - points, axis=1) / between_eyes)
    assert len(errors) >= 4
    assert np.median(errors) < 0.03
    assert np.max(errors) < 0.2


@NEEDS_CLIPS
def test_track_is_complete_and_typed(clip, track):
    count = len(clip)
    assert track.points.shape == (count, 5, 2) and track.points.dtype == np.float32
    assert track.box.shape == (count, 4) and track.box.dtype == np.float32
    assert track.score.shape == (count,) and track.score.dtype == np.float32
    assert track.status.dtype == np.uint8
    assert (track.status[::10] == faces.DETECTED).all()
    assert (track.status[1:10] == faces.TRACKED).all()
    left, right, nose, mouth_left, mouth_right = track.points.transpose(1, 0, 2)
    assert (left[:, 0] < nose[:, 0]).all() and (nose[:, 0] < right[:, 0]).all()
    assert (left[:, 1] < mouth_left[:, 1]).all() and (mouth_left[:, 0] < mouth_right[:, 0]).all()


@NEEDS_CLIPS
def test_two_calls_agree_to_the_bit(clip, track):
    again = faces.track(list(clip))
    for one, other in zip(track, again, strict=True):
        np.testing.assert_array_equal(one, other)


@NEEDS_CLIPS
def test_face_that_disappears_is_none_only_there(clip):
    frames = clip.copy()
    frames[13:28] = 90
    track = faces.track(frames)
    gone = np.zeros(len(clip), bool)
    gone[13:28] = True
    np.testing.assert_array_equal(track.status == faces.NONE, gone)
    assert np.isnan(track.points[gone]).all() and np.isnan(track.box[gone]).all()
    assert (track.score[gone] == 0).all() and np.isfinite(track.points[~gone]).all()


@NEEDS_CLIPS
def test_short_gap_is_interpolated(clip, track):
    frames = clip.copy()
    frames[13:16] = 90
    filled = faces.track(frames)
    assert (filled.status[13:16] == faces.INTERPOLATED).all()
    assert (filled.status != faces.NONE).all()
    np.testing.assert_allclose(filled.points[14], filled.points[[12, 16]].mean(axis=0), rtol=1e-5)
    assert faces.track(frames, bridge=2).status[14] == faces.NONE


@NEEDS_CLIPS
def test_second_person_who_comes_and_goes_is_not_followed(clip):
    other = decode(CLIPS[-1], 40)
    other = np.stack([cv2.resize(frame, clip.shape[2:0:-1]) for frame in other])
    other[:12] = other[25:] = 90
    pair = np.concatenate([other, clip], axis=2)
    track = faces.track(pair)
    assert (track.status != faces.NONE).all()
    assert (track.points[:, 2, 0] > clip.shape[2]).all()


@NEEDS_CLIPS
@pytest.mark.parametrize("size", [(97, 131), (241, 301), (601, 803)])
def test_points_follow_the_size_of_the_frame(clip, track, size):
    frames = np.stack([cv2.resize(frame, size[::-1]) for frame in clip[:12]])
    resized = faces.track(frames)
    assert (resized.status != faces.NONE).all()
    scale = np.array(clip.shape[2:0:-1]) / size[::-1]
    apart = np.linalg.norm((resized.points + 0.5) * scale - 0.5 - track.points[:12], axis=2)
    between_eyes = np.linalg.norm(track.points[:12, 0] - track.points[:12, 1], axis=1)
    assert np.median(apart / between_eyes[:, None]) < 0.06


def test_no_face_is_none_everywhere():
    noise = np.random.default_rng(0).integers(0, 256, (7, 90, 120, 3), dtype=np.uint8)
    for frames in (noise, np.zeros_like(noise), np.full_like(noise, 255)):
        track = faces.track(frames)
        assert (track.status == faces.NONE).all()
        assert np.isnan(track.points).all() and (track.score == 0).all()


@pytest.mark.parametrize(
    "shape", [(1, 240, 320, 3), (2, 1, 1, 3), (3, 11, 300, 3), (1, 300, 12, 3)]
)
def test_tiny_and_odd_frames_do_not_crash(shape):
    assert (faces.track(np.zeros(shape, np.uint8)).status == faces.NONE).all()


def test_jump_between_detections_is_redetected():
    x = np.where(np.arange(30) < 14, 5, 100)
    track = faces.track(scene(30, (x, 30, 40, range(30))), detector=Fake())
    assert (track.status != faces.NONE).all()
    np.testing.assert_allclose(track.box[:, 0], x, atol=1)
    assert (track.status[[13, 14]] == faces.DETECTED).all()


def test_smaller_person_who_stays_beats_a_larger_who_passes():
    frames = scene(60, (10, 40, 30, range(60)), (80, 20, 70, range(20, 30)))
    track = faces.track(frames, detector=Fake())
    np.testing.assert_array_equal(track.box[:, 0], np.full(60, 10))


def test_passer_by_does_not_fill_the_main_persons_gap():
    there = [*range(15), *range(40, 60)]
    frames = scene(60, (10, 40, 40, there), (100, 40, 40, range(18, 38)))
    track = faces.track(frames, detector=Fake())
    np.testing.assert_array_equal(np.nonzero(track.status != faces.NONE)[0], there)


def test_points_are_in_pixels_of_the_original_frame():
    frames = scene(3, (200, 100, 120, range(3)), size=(480, 640))
    track = faces.track(frames, detector=Fake(), working_side=120, every=1)
    np.testing.assert_allclose(track.box, np.tile([200, 100, 320, 220], (3, 1)), atol=4)


@pytest.mark.parametrize(
    ("frames", "change"),
    [
        (np.zeros((0, 48, 48, 3), np.uint8), {}),
        ([], {}),
        (np.zeros((2, 48, 48, 3)), {}),
        (np.zeros((2, 48, 48), np.uint8), {}),
        (np.zeros((2, 48, 0, 3), np.uint8), {}),
        ([np.zeros((48, 48, 3), np.uint8), np.zeros((48, 49, 3), np.uint8)], {}),
        (np.zeros((2, 48, 48, 3), np.uint8), {"every": 0}),
        (np.zeros((2, 48, 48, 3), np.uint8), {"every": 2.5}),
        (np.zeros((2, 48, 48, 3), np.uint8), {"bridge": -1}),
        (np.zeros((2, 48, 48, 3), np.uint8), {"working_side": 11}),
        (np.zeros((2, 48, 48, 3), np.uint8), {"smallest": 0}),
    ],
)
def test_track_refuses(frames, change):
    with pytest.raises(ParameterError):
        faces.track(frames, detector=Fake(), **change)


POINTS = np.array([[10, 20], [30, 20], [20, 32], [12, 44], [28, 44]], np.float32)


def test_face_box_extends_the_points_to_a_square():
    np.testing.assert_allclose(faces.face_box(POINTS, margin=0), [8.5, 20.5, 32.5, 44.5])
    np.testing.assert_allclose(faces.face_box(POINTS, margin=0.5), [-3.5, 8.5, 44.5, 56.5])
    many = faces.face_box(np.broadcast_to(POINTS, (2, 3, 5, 2)), margin=0.5)
    assert many.shape == (2, 3, 4) and many.dtype == np.float32


def test_face_box_smooths_in_time_but_not_across_gaps():
    rng = np.random.default_rng(1)
    drift = np.arange(30)[:, None, None] * 1.5
    steady = POINTS + drift
    jitter = (steady + rng.normal(0, 0.5, steady.shape)).astype(np.float32)
    rough, smooth = (np.diff(faces.face_box(jitter, smooth=n), 2, axis=0) for n in (1, 5))
    assert np.abs(smooth[2:-2]).mean() < 0.4 * np.abs(rough[2:-2]).mean()
    # A face in even motion is not held back, and a gap separates what is averaged.
    np.testing.assert_allclose(faces.face_box(steady), faces.face_box(steady, smooth=1), rtol=1e-5)
    steady[10:20] = np.nan
    steady[20:] += 500
    box = faces.face_box(steady)
    assert np.isnan(box[10:20]).all()
    np.testing.assert_allclose(box, faces.face_box(steady, smooth=1), rtol=1e-5)


def test_crop_of_the_whole_frame_is_the_frame():
    frame = np.random.default_rng(2).integers(0, 256, (40, 40, 3), dtype=np.uint8)
    np.testing.assert_array_equal(faces.crop(frame, (0, 0, 40, 40), 40), frame)
    np.testing.assert_array_equal(faces.crop(frame, (5, 8, 25, 28), 20), frame[8:28, 5:25])


def test_crop_is_bilinear_and_repeats_edges():
    ramp = np.repeat(np.arange(0, 200, 4, dtype=np.uint8)[None], 50, axis=0)
    frame = np.repeat(ramp[..., None], 3, axis=2)
    half = faces.crop(frame, (10, 10, 20, 20), 20)
    np.testing.assert_allclose(half[5, :, 0], np.arange(39, 79, 2), atol=1)
    outside = faces.crop(frame, (-20, -20, 10, 10), 30)
    assert (outside[:, :20] == 0).all() and (outside[0] == outside[-1]).all()
    beyond = faces.crop(frame, (500, 500, 510, 510), 8)
    assert (beyond == 196).all()


def test_crop_takes_many_frames_and_nan_boxes():
    frames = np.full((3, 20, 30, 3), 7, np.uint8)
    boxes = np.array([[0, 0, 10, 10], [np.nan] * 4, [5, 5, 12, 12]])
    crops = faces.crop(frames, boxes, 16)
    assert crops.shape == (3, 16, 16, 3) and crops.dtype == np.uint8
    assert crops.max(axis=(1, 2, 3)).tolist() == [7, 0, 7]
    np.testing.assert_array_equal(faces.crop(list(frames), boxes, 16), crops)


@pytest.mark.parametrize(
    ("frames", "boxes", "size"),
    [
        (np.zeros((8, 8, 3), np.uint8), (0, 0, 4, 4), 0),
        (np.zeros((8, 8, 3), np.uint8), (4, 0, 4, 4), 4),
        (np.zeros((8, 8, 3)), (0, 0, 4, 4), 4),
        (np.zeros((2, 8, 8, 3), np.uint8), np.zeros((3, 4)), 4),
    ],
)
def test_crop_refuses(frames, boxes, size):
    with pytest.raises(ParameterError):
        faces.crop(frames, boxes, size)


def test_face_box_refuses():
    for change in ({"points": POINTS[:4]}, {"margin": -0.1}, {"smooth": 0}):
        with pytest.raises(ParameterError):
            faces.face_box(**{"points": POINTS, **change})


def test_suppression_is_greedy_within_each_frame():
    from avef.preparation.mtcnn import suppress

    # b is covered by a, c only by b: with b gone, c stays. Frame 1 is another matter.
    rows = np.array(
        [
            [0, 0, 0, 10, 10, 0.9],
            [0, 4, 0, 14, 10, 0.8],
            [0, 8, 0, 18, 10, 0.7],
            [1, 4, 0, 14, 10, 0.6],
        ]
    )
    assert suppress(rows, 0.4).tolist() == [0, 2, 3]
    assert suppress(rows[:0], 0.4).tolist() == []


def test_a_face_is_small_against_the_height_of_a_tall_picture():
    """The scale is that of the shorter side, whichever it is."""

    class Seen(Fake):
        asked = ()

        def detect(self, frames, smallest):
            self.asked = (*self.asked, (frames[0].shape[:2], round(smallest, 1)))
            return super().detect(frames, smallest)

    for size in ((960, 480), (480, 960)):
        seen = Seen()
        track = faces.track(scene(3, (200, 150, 90, range(3)), size=size), detector=seen)
        assert (track.status != faces.NONE).all()
        assert {ask for ask in seen.asked if len(ask[0]) == 2 and ask[1] > 1} == {
            (tuple(side // 2 for side in size), 36.0)
        }


def test_smaller_faces_are_looked_for_where_there_is_no_other():
    small, large = (300, 200, 40, range(12)), (20, 20, 200, range(12))
    alone = faces.track(scene(12, small, size=(480, 640)), detector=Fake())
    np.testing.assert_allclose(alone.box, np.tile([300, 200, 340, 240], (12, 1)), atol=3)
    both = faces.track(scene(12, large, small, size=(480, 640)), detector=Fake())
    np.testing.assert_allclose(both.box[:, 0], 20, atol=3)
    tiny = faces.track(scene(12, (60, 60, 10, range(12))), detector=Fake())
    assert (tiny.status == faces.NONE).all()


@NEEDS_CLIPS
def test_a_small_face_in_a_tall_picture_is_followed(clip, track):
    """A phone held upright: the same film, a third as wide as the picture."""
    tall = np.full((12, 1024, 576, 3), 90, np.uint8)
    for frame, picture in zip(tall, clip, strict=False):
        frame[300:480, 150:390] = cv2.resize(picture, (240, 180), interpolation=cv2.INTER_AREA)
    seen = faces.track(tall)
    assert (seen.status != faces.NONE).all()
    apart = (seen.points - [150, 300]) * 2 - track.points[:12]
    between_eyes = np.linalg.norm(track.points[:12, 0] - track.points[:12, 1], axis=1)
    assert np.median(np.linalg.norm(apart, axis=2) / between_eyes[:, None]) < 0.1
