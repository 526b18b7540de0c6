"""Opening files: one local file alone; whole ones, however their streams differ in length."""

import socket

import av
import numpy as np
import pytest
from recordings import KINDS, record

from avef.core.errors import ClipError
from avef.preparation import container, pictures, sound

READERS = [sound.read_audio, pictures.read_video, container.describe]
VARIANTS = {
    "front.mp4": {"movflags": "faststart"},
    "parts.mp4": {"movflags": "frag_keyframe+empty_moov"},
    "live.webm": {"live": "1"},
    "live.mkv": {"live": "1"},
}


def both(path):
    return sound.read_audio(path), pictures.read_video(path)


# What is cut, and what merely ends earlier.


@pytest.mark.parametrize("share", [0.25, 0.5, 0.8])
@pytest.mark.parametrize("name", [*(f"a.{kind}" for kind in KINDS), *VARIANTS])
def test_a_cut_file_is_refused_in_every_container(tmp_path, name, share):
    path = record(tmp_path / name, options=VARIANTS.get(name))
    both(path)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content)) // 188 * 188 + 90])
    for reader in (sound.read_audio, pictures.read_video):
        with pytest.raises(ClipError, match="truncated|damaged|cannot be opened|has no|holds no"):
            reader(path)


@pytest.mark.parametrize("name", [*(f"a.{kind}" for kind in KINDS), *VARIANTS])
@pytest.mark.parametrize(("heard", "shown"), [(1.2, 2.0), (2.0, 1.2)])
def test_a_stream_that_ends_before_the_other_is_whole(tmp_path, name, heard, shown):
    path = record(tmp_path / name, seconds=heard, shown=shown, options=VARIANTS.get(name))
    audio, video = both(path)
    assert len(audio.samples) / audio.rate == pytest.approx(heard, abs=0.11)
    assert len(video.times) == pytest.approx(25 * shown, abs=1)


def test_matroska_without_the_lengths_of_its_streams_is_judged_by_all_of_them(tmp_path):
    path = record(tmp_path / "a.mkv", seconds=1.2, shown=2.0)
    content = path.read_bytes().replace(b"DURATION", b"DURATIOM")
    path.write_bytes(content)
    both(path)
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(ClipError, match=r"audio stream is truncated: 0\.\d\d s of 2\.0"):
        sound.read_audio(path)


def test_a_cut_wav_is_refused(tmp_path, write_media):
    samples = np.random.default_rng(0).uniform(-0.5, 0.5, (16_000, 1))
    path = write_media(tmp_path / "a.wav", samples=samples)
    content = path.read_bytes()
    path.write_bytes(content[:20_000])
    with pytest.raises(ClipError, match="truncated: it ends in the middle"):
        sound.read_audio(path)
    unknown = content[:4] + b"\xff" * 4 + content[8:]  # as programs write that have no way back
    path.write_bytes(
        unknown.replace(b"data" + (32_000).to_bytes(4, "little"), b"data" + b"\xff" * 4)
    )
    assert len(sound.read_audio(path).samples) == 16_000


# Only local, only media.


PLAYLISTS = {
    "concat.mp4": "ffconcat version 1.0\nfile 'real.mp4'\n",
    "list.m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nreal.ts\n#EXT-X-ENDLIST\n",
    "list.mp4": "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nreal.ts\n#EXT-X-ENDLIST\n",
    "net.m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nhttp://127.0.0.1:{port}/a.ts\n"
    "#EXT-X-ENDLIST\n",
    "net.mp4": "ffconcat version 1.0\nfile 'http://127.0.0.1:{port}/a.mp4'\n",
    "session.mp4": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\n"
    "m=video {port} RTP/AVP 96\na=rtpmap:96 H264/90000\n",
    "dash.mpd": '<?xml version="1.0"?>\n<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static">'
    '<Period><AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="1">'
    "<BaseURL>real.mp4</BaseURL></Representation></AdaptationSet></Period></MPD>",
    "frame%d.png": "no picture",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with recordings that a playlist beside them may name."""
    folder = tmp_path_factory.mktemp("folder")
    for kind in ("mp4", "ts"):
        record(folder / f"real.{kind}")
    return folder


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("name", PLAYLISTS)
def test_a_playlist_opens_nothing_else(folder, name, reader):
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        text = PLAYLISTS[name].replace("{port}", str(server.getsockname()[1]))
        (folder / name).write_text(text)
        with pytest.raises(ClipError, match="cannot be opened"):
            reader(folder / name)
        with pytest.raises(BlockingIOError):  # nobody has called
            server.accept()


def test_the_playlists_would_open_something_if_they_were_let(folder):
    for name in ("concat.mp4", "list.m3u8"):
        (folder / name).write_text(PLAYLISTS[name])
        with av.open(str(folder / name)) as file:
            assert len(file.streams) == 2


NAMES = ["concat:real.mp4|real.mp4", "http:real.mp4", "file:real.mp4", "subfile,,start,0,end,9,,:a"]


@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_no_address_whatever_its_name(folder, monkeypatch, name):
    monkeypatch.chdir(folder)
    with pytest.raises(ClipError, match="missing"):
        both(name)
    (folder / name).write_bytes((folder / "real.mp4").read_bytes())
    assert len(both(name)[1].times) == 50
    (folder / name).unlink()


@pytest.mark.parametrize("name", ["http://127.0.0.1/a.mp4", "pipe:0", "data:,x", "lavfi:sine"])
def test_an_address_is_no_file(name):
    for reader in READERS:
        with pytest.raises(ClipError, match="missing"):
            reader(name)


# Headers that leave something out.


def test_a_header_without_a_known_codec(tmp_path, write_media):
    path = write_media(tmp_path / "a.wav", samples=np.zeros((800, 1)))
    content = path.read_bytes()
    path.write_bytes(content.replace(b"fmt \x10\0\0\0\x01\0", b"fmt \x10\0\0\0\x77\x77"))
    assert "sample_rate" not in container.describe(path)
    with pytest.raises(ClipError, match="damaged: Decoder not found"):
        sound.read_audio(path)


def test_a_stream_that_comes_up_without_a_header_is_damage(tmp_path, write_media):
    path = write_media(tmp_path / "a.wav", samples=np.zeros((800, 1)))
    with container.opened(path) as file:
        stream = container.chosen(file, "audio")
        told = pytest.raises(ClipError, match="audio stream is damaged: it has packets of a stream")
        with told, container.damage_named(stream):
            raise IndexError("list index out of range")
