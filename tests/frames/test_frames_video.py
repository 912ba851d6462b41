"""Videos: every frame, at its true time, from any frame on."""

from __future__ import annotations

import functools
import logging
from pathlib import Path

import av
import numpy as np
import pytest
from frame_samples import (  # type: ignore[import-not-found]
    HEIGHT,
    UNEVEN,
    VIDEOS,
    WIDTH,
    moving,
    texture,
    write_video,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sertoli.errors import InputError, SettingError
from sertoli.frames import Frame, VideoWriter, open_source, to_grey


@pytest.fixture(scope="session")
def videos(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("videos")
    return {name: make(folder / name) for name, make in VIDEOS.items()}


@functools.cache
def all_frames(path: Path) -> list[Frame]:
    with open_source(path, grey=True) as source:
        return list(source.frames())


@pytest.mark.parametrize("name", list(VIDEOS))
def test_every_frame_once_in_order_with_its_time(videos: dict[str, Path], name: str) -> None:
    with open_source(videos[name]) as source:
        frames = list(source)
        assert source.length in (30, None)
    assert (source.length is None) == (name == "vp8.webm")
    assert source.is_sequence
    assert not source.is_live
    assert source.name == name
    assert [frame.index for frame in frames] == list(range(30))
    expected = [stamp - UNEVEN[0] for stamp in UNEVEN] if "uneven" in name else list(range(30))
    times = [frame.time_s for frame in frames]
    assert times == pytest.approx([stamp / 25 for stamp in expected], abs=1.1e-3)
    tolerance = 45 if name == "anim.gif" else 12
    for frame, true in zip(frames, moving(30), strict=True):
        assert frame.pixels.shape == (HEIGHT, WIDTH, 3)
        assert frame.pixels.dtype == np.uint8
        assert frame.file == ""
        # A frame shows its own picture, not its neighbour's.
        assert np.abs(to_grey(frame.pixels) - to_grey(true)).mean() < tolerance


@pytest.mark.parametrize("name", list(VIDEOS))
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(start=st.integers(-2, 33))
def test_starting_at_a_frame_gives_the_same_as_skipping_to_it(
    videos: dict[str, Path], name: str, start: int
) -> None:
    whole = all_frames(videos[name])
    with open_source(videos[name], grey=True) as source:
        rest = list(source.frames(start))
    expected = whole[max(0, start) :]
    assert [(f.index, f.time_s) for f in rest] == [(f.index, f.time_s) for f in expected]
    assert all(np.array_equal(a.pixels, b.pixels) for a, b in zip(rest, expected, strict=True))


@pytest.mark.parametrize("name", ["mpeg4.mp4", "bframes.mp4", "uneven.mkv", "vp9.webm"])
def test_starting_late_decodes_only_from_the_key_frame(
    videos: dict[str, Path], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_source(videos[name]) as source:
        monkeypatch.setattr(
            "sertoli.frames._video._Decoder._report", lambda self, time_s: seen.append(1)
        )
        seen: list[int] = []
        assert next(source.frames(25)).index == 25
    assert len(seen) < 15


@pytest.mark.parametrize("name", ["mjpeg.avi", "mpeg4.mp4", "ffv1.mkv", "anim.gif"])
def test_grey_is_the_luminance_of_the_colours(videos: dict[str, Path], name: str) -> None:
    with open_source(videos[name]) as colour, open_source(videos[name], grey=True) as grey:
        for one, other in zip(colour, grey, strict=True):
            assert other.pixels.shape == (HEIGHT, WIDTH)
            assert np.abs(one.grey() - other.pixels).mean() < 2.5


def test_given_rate_replaces_the_times(videos: dict[str, Path]) -> None:
    with open_source(videos["uneven.mp4"], fps=10, um_per_px=0.5, sequence=False) as source:
        frames = list(source.frames(3))
    assert [frame.time_s for frame in frames] == pytest.approx([n / 10 for n in range(3, 30)])
    assert frames[0].optics.um_per_px == 0.5
    assert not source.is_sequence


@pytest.mark.parametrize("fps", [0.0, -1.0, float("nan"), float("inf")])
def test_impossible_rates_are_refused(videos: dict[str, Path], fps: float) -> None:
    with pytest.raises(SettingError, match="--fps"):
        open_source(videos["mpeg4.mp4"], fps=fps)


@pytest.mark.parametrize(
    ("pix_fmt", "pixels", "dtype", "shape"),
    [
        ("gray", "gray", np.uint8, (HEIGHT, WIDTH)),
        ("gray16le", "gray16le", np.uint16, (HEIGHT, WIDTH)),
        ("yuv420p10le", "rgb24", np.uint8, (HEIGHT, WIDTH, 3)),
    ],
)
def test_depths(
    tmp_path: Path, pix_fmt: str, pixels: str, dtype: type, shape: tuple[int, ...]
) -> None:
    frames = [texture()] * 3
    if pixels != "rgb24":
        frames = [(texture()[..., 0].astype(dtype) * (200 if dtype is np.uint16 else 1))] * 3
    path = write_video(tmp_path / "v.mkv", "ffv1", pix_fmt=pix_fmt, pixels=pixels, frames=frames)
    with open_source(path) as source:
        got = list(source)
    assert [frame.pixels.dtype for frame in got] == [dtype] * 3
    assert got[0].pixels.shape == shape
    if pixels != "rgb24":
        assert np.array_equal(got[0].pixels, frames[0])


def test_a_recording_under_another_name_is_read(videos: dict[str, Path], tmp_path: Path) -> None:
    for name in ("looks.png", "looks.tif", "no_suffix", "-rf", "http:", "concat:a|b", "a\nb %03d"):
        path = tmp_path / name
        path.write_bytes(videos["mpeg4.mp4"].read_bytes())
        with open_source(path) as source:
            assert len(list(source)) == 30


def test_a_recording_cut_short_gives_what_is_left(
    videos: dict[str, Path], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("mjpeg.avi", "vp9.webm", "mpeg2.ts", "uneven.mkv", "anim.gif"):
        data = videos[name].read_bytes()
        path = tmp_path / name
        path.write_bytes(data[: len(data) * 2 // 3])
        with open_source(path) as source:
            indices = [frame.index for frame in source]
            late = [frame.index for frame in source.frames(4)]
        assert 5 < len(indices) < 30
        assert late == indices[4:]


def test_an_unknown_codec_is_refused(videos: dict[str, Path], tmp_path: Path) -> None:
    # Found by fuzzing: FFmpeg then gives a stream without a decoder.
    data = videos["plain.avi"].read_bytes()
    assert b"FMP4" in data
    (tmp_path / "a.avi").write_bytes(data.replace(b"FMP4", b"\1\2\3\4"))
    with pytest.raises(InputError, match=r"a\.avi"):
        open_source(tmp_path / "a.avi")


def test_a_file_that_refuses_to_be_entered_is_read_from_the_start(
    videos: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Found by fuzzing: damaged AVI files answer a seek with an error of their own.
    from sertoli.frames import _video

    def refuse(*_: object) -> int:
        raise av.error.PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(_video, "_first_stamp", refuse)
    with open_source(videos["plain.avi"]) as source:
        assert [frame.index for frame in source.frames(20)] == list(range(20, 30))


@pytest.mark.parametrize("name", ["mjpeg.avi", "bframes.mp4", "uneven.mkv", "vp9.webm"])
def test_damage_in_the_middle_is_told_and_numbers_stay_true(
    videos: dict[str, Path], name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with av.open(str(videos[name])) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
        places = [(packet.pos, packet.size) for packet in packets]
    data = bytearray(videos[name].read_bytes())
    for at, size in places[10:13]:
        assert at is not None
        data[at + 12 : at + size - 12] = bytes(size - 24)
    path = tmp_path / name
    path.write_bytes(bytes(data))
    with caplog.at_level(logging.WARNING, "sertoli.frames"), open_source(path) as source:
        frames = list(source)
        late = list(source.frames(20))
    assert [frame.index for frame in late] == [f.index for f in frames if f.index >= 20]
    assert frames[-1].index == 29
    whole = all_frames(videos[name])
    for frame in frames:
        assert frame.time_s == pytest.approx(whole[frame.index].time_s)
    if len(frames) < 30:
        assert path.name in caplog.text
        assert "near" in caplog.text


def write_sound(path: Path) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000)
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), "s16", "mono")
        sound.sample_rate = 8000
        container.mux(stream.encode(sound))
        container.mux(stream.encode(None))


def test_what_holds_no_frame_is_refused_in_one_line(
    videos: dict[str, Path], tmp_path: Path
) -> None:
    whole = videos["mpeg4.mp4"].read_bytes()
    (tmp_path / "empty.mp4").write_bytes(b"")
    (tmp_path / "text.mp4").write_text("not a film\n" * 50, encoding="utf-8")
    (tmp_path / "noise.mkv").write_bytes(np.random.default_rng(0).bytes(5000))
    (tmp_path / "head.mp4").write_bytes(whole[:300])
    write_sound(tmp_path / "sound.wav")
    write_sound(tmp_path / "sound.avi")
    names = sorted(path.name for path in tmp_path.iterdir())
    for name in [*names, "missing.mp4", "a\nb.mp4", "nul\0.mp4"]:
        with pytest.raises(InputError) as caught:
            open_source(tmp_path / name)
        message = str(caught.value)
        assert "\n" not in message
        assert repr(name)[1:-1] in message.replace("\\\\", "\\")


def test_playlists_open_nothing(videos: dict[str, Path], tmp_path: Path) -> None:
    film = videos["mpeg4.mp4"]
    ts = videos["mpeg2.ts"]
    (tmp_path / "a.ts").write_bytes(ts.read_bytes())
    lists = {
        "a.m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:1.2,\na.ts\n#EXT-X-ENDLIST\n",
        "a.ffconcat": f"ffconcat version 1.0\nfile '{film}'\n",
        "a.sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=video 9 RTP/AVP 26\n",
        "a.mpd": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"></MPD>',
    }
    for name, text in lists.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
        with pytest.raises(InputError, match=name):
            open_source(tmp_path / name)


def test_black_and_tiny_videos(tmp_path: Path) -> None:
    for size in ((1, 1), (2, 2), (48, 64)):
        black = [np.zeros((*size, 3), np.uint8)] * 3
        path = write_video(tmp_path / "v.mkv", "ffv1", pix_fmt="bgr0", frames=black)
        for grey in (False, True):
            with open_source(path, grey=grey) as source:
                assert [frame.pixels.max() for frame in source] == [0, 0, 0]


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".avi"])
@pytest.mark.parametrize("size", [(64, 96), (65, 97), (2, 2)])
def test_written_videos_come_back(tmp_path: Path, suffix: str, size: tuple[int, int]) -> None:
    path = tmp_path / f"w{suffix}"
    frames = [texture(seed, *size) for seed in range(5)]
    with VideoWriter(path, fps=29.97, width_px=size[1], height_px=size[0]) as writer:
        for number, frame in enumerate(frames):
            writer.write(frame if number % 2 else frame[..., 0])
    with open_source(path) as source:
        got = list(source)
    assert [g.pixels.shape for g in got] == [(*size, 3)] * 5
    assert [g.time_s for g in got] == pytest.approx([n / 29.97 for n in range(5)], abs=1e-3)
    if min(size) > 2:
        for number in (0, 1, 4):
            true = to_grey(frames[number] if number % 2 else frames[number][..., 0])
            assert np.abs(got[number].grey() - true).mean() < 3


def test_written_times_come_back(tmp_path: Path) -> None:
    times = [0.0, 0.04, 0.05, 0.2, 1.0, 1.01]
    for suffix in (".mp4", ".mkv"):
        path = tmp_path / f"w{suffix}"
        with VideoWriter(path, fps=25, width_px=WIDTH, height_px=HEIGHT) as writer:
            for time in times:
                writer.write(texture(), time)
            with pytest.raises(ValueError, match="not later"):
                writer.write(texture(), 1.0)
            with pytest.raises(ValueError, match="all frames or for none"):
                writer.write(texture())
        with open_source(path) as source:
            assert [frame.time_s for frame in source] == pytest.approx(times, abs=1e-3)


def test_the_writer_uses_no_gpl_encoder(tmp_path: Path) -> None:
    with VideoWriter(tmp_path / "w.mp4", fps=25, width_px=32, height_px=32) as writer:
        writer.write(np.zeros((32, 32), np.uint8))
    with av.open(str(tmp_path / "w.mp4")) as container:
        assert container.streams.video[0].codec_context.name == "mpeg4"


@pytest.mark.realdata
def test_real_recordings(shared_data: Path) -> None:
    for path in sorted((shared_data / "miamia" / "videos").glob("*.mp4")):
        with open_source(path, grey=True) as source:
            frames = list(source)
            assert len(frames) == source.length
            middle = list(source.frames(len(frames) // 2))
        assert len(middle) == len(frames) - len(frames) // 2
        assert np.array_equal(middle[0].pixels, frames[len(frames) // 2].pixels)
        assert frames[0].pixels.shape == (528, 698)
        assert frames[15].time_s == pytest.approx(0.5, abs=0.02)
