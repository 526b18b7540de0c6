"""Speak a list of phrases with espeak-ng, in a process of its own.

espeak-ng keeps state between calls (the phase of its oscillators, its random
numbers) that neither a seed nor ``espeak_Terminate`` resets, so the same phrase
sounds a little different each time. In a new process with a fixed order of
calls it gives the same bytes. This file is therefore run as a script, needs
only the standard library and exits. It reads one JSON object from stdin::

    {"library": path, "data": path, "voice": "en-us+m3", "seed": 1,
     "pitch": 0-99, "range": 0-100, "rate": words a minute, "phrases": [text, …]}

and writes, for each phrase, a 4-byte little-endian count of samples and then
the samples (16-bit, mono, 22 050 Hz).
"""

from __future__ import annotations

import ctypes
import json
import struct
import sys

SYNCHRONOUS = 2  # audio arrives through the callback while espeak_Synth runs
DONT_EXIT = 0x8000  # report a failed start instead of ending the process
UTF8 = 1
RATE, VOLUME, PITCH, RANGE = 1, 2, 3, 4


def main() -> None:
    """Run the one request on stdin. Exit status 1 and a line on stderr if it fails."""
    request = json.load(sys.stdin)
    library = ctypes.CDLL(request["library"])
    library.espeak_Initialize.argtypes = (
        ctypes.c_int,
        ctypes.c_int,
        ctypes.c_char_p,
        ctypes.c_int,
    )
    library.espeak_SetVoiceByName.argtypes = (ctypes.c_char_p,)
    library.espeak_ng_SetRandSeed.argtypes = (ctypes.c_long,)
    library.espeak_Synth.argtypes = (
        ctypes.c_char_p,
        ctypes.c_size_t,
        ctypes.c_uint,
        ctypes.c_int,
        ctypes.c_uint,
        ctypes.c_uint,
        ctypes.c_void_p,
        ctypes.c_void_p,
    )
    pieces = []

    @ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)
    def collect(samples, count, _events):
        if samples and count > 0:
            pieces.append(ctypes.string_at(samples, 2 * count))
        return 0

    data = request["data"].encode()
    if library.espeak_Initialize(SYNCHRONOUS, 0, data, DONT_EXIT) != 22050:
        sys.exit(f"espeak-ng did not start with its data in {request['data']}")
    library.espeak_SetSynthCallback(collect)
    if library.espeak_SetVoiceByName(request["voice"].encode()) != 0:
        sys.exit(f"espeak-ng has no voice {request['voice']!r}")
    library.espeak_ng_SetRandSeed(request["seed"])
    settings = ((RATE, "rate"), (PITCH, "pitch"), (RANGE, "range"))
    for number, name in settings:
        library.espeak_SetParameter(number, request[name], 0)
    library.espeak_SetParameter(VOLUME, 100, 0)
    for phrase in request["phrases"]:
        pieces.clear()
        text = phrase.encode()
        if library.espeak_Synth(text, len(text) + 1, 0, 1, 0, UTF8, None, None) != 0:
            sys.exit(f"espeak-ng could not speak {phrase!r}")
        library.espeak_Synchronize()
        sound = b"".join(pieces)
        sys.stdout.buffer.write(struct.pack("<I", len(sound) // 2) + sound)


if __name__ == "__main__":
    main()
