"""How many times faster than one plain convolution per filter `avef.preparation.mrcg.mrcg` is.

    python benchmarks/mrcg.py [wav at 16 kHz ...]

Plain: `scipy.signal.fftconvolve` of the whole signal with each filter in turn, the
energies summed from it, and the same features from there on. Both run in one process,
in turns; the least processor time of the turns counts, so that a busy machine alters
little. Without arguments noise of three lengths is measured.
"""

import sys
import time
import tracemalloc
from pathlib import Path

import numpy as np
from scipy.io import wavfile
from scipy.signal import fftconvolve

from avef.preparation import mrcg as room

LENGTHS = (3, 30, 120)  # s
REPEATS = 3


def plain(y):
    """MRCG with 25 ms frames, without blocks."""
    y = y * (room.RMS / np.sqrt(np.mean(y**2)))
    frames = len(y) // room.HOP
    energies = np.empty((frames, 2, room.CHANNELS))
    for channel, taps in enumerate(room.gammatone_filters()):
        heard = fftconvolve(y, taps)[: frames * room.HOP]
        halves = np.pad((heard**2).reshape(-1, room.HOP // 2).sum(axis=1), (40, 0))
        for column, count in enumerate((5, 40)):
            windows = np.lib.stride_tricks.sliding_window_view(halves, count)
            energies[:, column, channel] = windows[42 - count :: 2].sum(axis=1)
    cg = np.log10(np.maximum(energies, room.FLOOR)).reshape(frames, -1)
    return room._features(cg).astype(np.float32)


def seconds(call, *arguments):
    """Processor time of one call."""
    start = time.process_time()
    call(*arguments)
    return time.process_time() - start


def peak(call, *arguments):
    """Bytes allocated at most, beyond the result's own."""
    tracemalloc.start()
    result = call(*arguments)
    most = tracemalloc.get_traced_memory()[1] - result.nbytes
    tracemalloc.stop()
    return most


def main(paths):
    """Print one line a signal."""
    random = np.random.default_rng(0)
    signals = [(f"noise, {s} s", random.standard_normal(s * room.RATE)) for s in LENGTHS]
    if paths:
        signals = [(path.name, wavfile.read(path)[1].astype(np.float64)) for path in paths]
    print("signal              mrcg (x real time)    plain  ratio  mrcg MB  plain MB     apart")
    for name, y in signals:
        length = len(y) / room.RATE
        apart = np.abs(room.mrcg(y) - plain(y)).max()
        turns = [(seconds(room.mrcg, y), seconds(plain, y)) for _ in range(REPEATS)]
        ours, theirs = np.min(turns, axis=0)
        print(
            f"{name:18}  {ours / length:18.4f}  {theirs / length:7.4f}  {theirs / ours:5.1f}"
            f"  {peak(room.mrcg, y) / 1e6:7.1f}  {peak(plain, y) / 1e6:8.1f}  {apart:8.1e}"
        )


if __name__ == "__main__":
    main([Path(name) for name in sys.argv[1:]])
