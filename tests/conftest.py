"""What several tests share: real recordings, and a writer of media files."""

import signal
import threading
from fractions import Fraction
from pathlib import Path

import avef  # isort: skip  # noqa: F401 (first: it sets TensorFlow's switches)
import av
import numpy as np
import pytest
from hypothesis import settings

settings.register_profile("avef", deadline=None, derandomize=True)
settings.load_profile("avef")

# What is started in the background ignores Ctrl-C, and so would all that the tests start and stop.
if threading.current_thread() is threading.main_thread():
    signal.signal(signal.SIGINT, signal.default_int_handler)

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
CASES = SHARED.with_name("cases")
LAYOUTS = {1: "mono", 2: "stereo", 3: "2.1", 4: "quad", 5: "5.0", 6: "5.1"}


def pytest_collection_modifyitems(items):
    """The longest modules first, so that two processes end at about the same time."""
    longest = ["test_pipeline", "test_learning"]
    items.sort(key=lambda item: item.path.stem not in longest)  # stable


@pytest.fixture(scope="session")
def shared_data():
    """The folder of real recordings beside the repository, which is no part of it."""
    if not SHARED.is_dir():
        pytest.skip(f"NOT TESTED ON REAL RECORDINGS: there is no {SHARED}")
    return SHARED


@pytest.fixture(scope="session")
def shared_cases():
    """The folder of inputs that once failed, beside the repository and no part of it."""
    if not CASES.is_dir():
        pytest.skip(f"NOT TESTED ON INPUTS THAT ONCE FAILED: there is no {CASES}")
    return CASES


@pytest.fixture(scope="session")
def write_media():
    """Write a media file whose packets lie in the order of time, as a camera writes them."""

    def write(
        path, *, frames=None, fps=25, samples=None, rate=16_000, codec="pcm_s16le", delay=0.0
    ):
        """Frames (F, H, W, 3) uint8, samples (n, channels) float; audio ``delay`` s late."""
        packets = []
        with av.open(str(path), "w") as file:
            if frames is not None:
                video = file.add_stream("mpeg4", rate=Fraction(fps).limit_denominator(1001))
                video.height, video.width = frames.shape[1:3]
                video.options = {"qscale": "2"}
                images = [av.VideoFrame.from_ndarray(f, format="rgb24") for f in frames]
                packets += [p for f in (*images, None) for p in video.encode(f)]
            if samples is not None:
                layout = LAYOUTS[samples.shape[1]]
                audio = file.add_stream(codec, rate=rate, layout=layout)
                whole, kind = ("flt", np.float32) if "f32" in codec else ("s16", np.int16)
                values = samples if whole == "flt" else np.round(samples * 32767)
                for start in range(0, len(samples), 1024):
                    part = np.ascontiguousarray(values[start : start + 1024], kind)
                    sound = av.AudioFrame.from_ndarray(part.reshape(1, -1), whole, layout)
                    sound.sample_rate, sound.pts = rate, start + round(delay * rate)
                    packets += audio.encode(sound)
                packets += audio.encode(None)
            for packet in sorted(packets, key=lambda p: p.dts * p.time_base):
                file.mux(packet)
        return Path(path)

    return write
