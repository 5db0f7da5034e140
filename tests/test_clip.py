"""clip.py: frames, true timestamps and the capture report, against files of which everything is known."""

import gc
import os
from fractions import Fraction
from itertools import islice
from pathlib import Path
from types import SimpleNamespace

import av
import numpy as np
import pytest
from av.stream import Disposition

from bpdemo import clip as clip_module
from bpdemo.clip import Clip
from bpdemo.errors import ClipError
from bpdemo.stmap import MAX_GAP_S
from bpdemo.synthesis.encode import usual_scheduling, write_clip, write_sound
from bpdemo.synthesis.scenes import irregular_times
from tests.faults.bombs import packets_of
from tests.faults.fault import write
from tests.faults.matroska import write_matroska


def read(path):
    """Return all frames and the finished report."""
    with Clip(path) as clip:
        return list(clip.frames()), clip.report


def error_of(path):
    """Return the code of the error that reading a file raises."""
    with pytest.raises(ClipError) as caught, Clip(path) as clip:
        list(clip.frames())
    assert caught.value.reason.message
    assert caught.value.reason.remedy
    return caught.value.code


def brightness_ramp(count, size=(48, 64)):
    """Return plain grey pictures, each a little brighter than the one before."""
    return [np.full((*size, 3), 40 + 3 * number % 201, np.uint8) for number in range(count)]


def write_ramp(path, count, rate_hz, **options):
    """Write a clip of `brightness_ramp` and return its path."""
    write_clip(path, brightness_ramp(count), np.arange(count) / rate_hz, **options)
    return path


def times_of(frames):
    return [frame.time_s for frame in frames]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "clip.mp4"


@pytest.mark.parametrize(
    ("codec", "suffix"),
    [
        *(("h264", suffix) for suffix in (".mp4", ".mov", ".mkv", ".avi")),
        *(("mjpeg", suffix) for suffix in (".avi", ".mkv")),
        *(("hevc", ".mp4"), ("vp8", ".webm"), ("vp9", ".webm"), ("av1", ".mp4"), ("ffv1", ".mkv")),
    ],
)
def test_every_codec_gives_every_frame_in_order_at_its_time(tmp_path, codec, suffix):
    path, times_s = tmp_path / f"clip{suffix}", np.arange(40) / 25
    write_clip(path, brightness_ramp(40, (96, 128)), times_s, codec=codec)
    frames, report = read(path)
    assert len(frames) == report.frames == 40
    np.testing.assert_allclose(times_of(frames), times_s, atol=1e-3)
    levels = [frame.image.mean() for frame in frames]
    np.testing.assert_allclose(levels, 40 + 3 * np.arange(40), atol=4)
    assert frames[0].image.shape == (96, 128, 3)
    assert frames[0].image.dtype == np.uint8
    assert codec in report.codec or report.codec == "libdav1d"
    assert (report.width, report.height, report.rotation_degrees) == (128, 96, 0)
    assert report.frame_rate_hz == pytest.approx(25, rel=1e-3)
    assert report.duration_s == pytest.approx(1.6, abs=2e-3)
    assert report.file_bytes == path.stat().st_size
    assert not report.damaged
    assert report.cut_at_s is None


def test_colours_come_back_exactly_enough_from_a_lossless_file(tmp_path, quarters):
    path = tmp_path / "clip.mkv"
    write_clip(path, [quarters], [0.0], codec="ffv1")
    (frame,), _ = read(path)
    # One colour conversion there and one back: two levels.
    np.testing.assert_allclose(frame.image[12, 16], quarters[12, 16], atol=2)
    np.testing.assert_allclose(frame.image[36, 48], quarters[36, 48], atol=2)


def test_variable_intervals_are_the_files_own(vfr_clip):
    frames, report = read(vfr_clip.path)
    times_s = vfr_clip.scene.frame_times_s()
    assert len(frames) == len(times_s)
    np.testing.assert_allclose(times_of(frames), times_s, atol=2e-3)
    intervals = np.diff(times_s)
    assert report.jitter_ms == pytest.approx(1000 * intervals.std(), abs=0.5)
    assert report.longest_gap_s == pytest.approx(intervals.max(), abs=2e-3)
    assert report.frame_rate_hz == pytest.approx(1 / intervals.mean(), rel=1e-3)


def test_bit_rate_counts_the_picture_alone(vfr_clip):
    _, report = read(vfr_clip.path)
    whole = 8 * vfr_clip.path.stat().st_size / vfr_clip.truth["duration_s"] / 1000
    assert 0.8 * whole < report.bit_rate_kbps < whole


def test_times_start_at_the_first_frame(path):
    write_clip(path, brightness_ramp(10), 5 + np.arange(10) / 30)
    frames, _ = read(path)
    np.testing.assert_allclose(times_of(frames), np.arange(10) / 30, atol=1e-3)


def write_with_b_frames(path):
    """Write a clip of 60 pictures that are stored in another order than shown; return its path."""
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=30, options={"bf": "3", "b_strategy": "0"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for image in brightness_ramp(60):
            output.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        output.mux(stream.encode(None))
    return path


def remux(path, *sources, change=lambda packet: None):
    """Write a file with the first stream of each of some others, their packets changed; return its path."""
    with av.open(str(path), "w") as output:
        stored = [av.open(str(source)) for source in sources]
        streams = [output.add_stream_from_template(source.streams[0]) for source in stored]
        for source, stream in zip(stored, streams, strict=True):
            for packet in source.demux(source.streams[0]):
                if packet.size:
                    change(packet)
                    packet.stream = stream
                    output.mux(packet)
            source.close()
    return path


def test_frames_come_in_the_order_they_are_shown(path):
    write_with_b_frames(path)
    with av.open(str(path)) as stored:
        shown = [packet.pts for packet in stored.demux(video=0) if packet.pts is not None]
    assert shown != sorted(shown)
    frames, _ = read(path)
    assert len(frames) == 60
    levels = [frame.image.mean() for frame in frames]
    assert levels == sorted(levels)


@pytest.mark.parametrize("suffix", [".avi", ".flv", ".ts", ".mkv", ".mp4"])
def test_every_frame_has_its_time_where_the_container_knows_the_order_of_storing_alone(tmp_path, suffix):
    def forget(packet):
        packet.dts += 2 * packet.duration
        packet.pts = packet.dts

    if suffix == ".avi":  # it has no display times
        path = write_with_b_frames(tmp_path / "clip.avi")
    else:
        path = remux(tmp_path / f"clip{suffix}", write_with_b_frames(tmp_path / "source.mp4"), change=forget)
    with av.open(str(path)) as stored:
        shown = [picture.pts for picture in stored.decode(video=0)]
    assert shown != sorted(shown), "what this is about"
    frames, report = read(path)
    np.testing.assert_allclose(times_of(frames), np.arange(60) / 30, atol=2e-3)
    levels = [frame.image.mean() for frame in frames]
    assert levels == sorted(levels)
    assert report.frames_dropped == 0
    assert report.frame_rate_hz == pytest.approx(30, rel=1e-2)


def test_a_late_last_frame_does_not_change_the_rate(path):
    write_clip(path, brightness_ramp(61), [*np.arange(60) / 30, 27.0])
    _, report = read(path)
    assert report.frames == 61
    assert report.frame_rate_hz == pytest.approx(30, rel=1e-3)
    assert report.jitter_ms < 1
    assert report.bit_rate_kbps == pytest.approx(read(write_ramp(path, 60, 30))[1].bit_rate_kbps, rel=0.3)
    assert np.ravel(report.stretches_s) == pytest.approx((0, 2, 27, 27 + 1 / 30), abs=1e-3)
    assert report.longest_stretch_s == pytest.approx(2, abs=1e-3)


def test_recordings_that_were_joined_are_all_read(tmp_path):
    part = write_ramp(tmp_path / "part.ts", 60, 30)
    path = tmp_path / "joined.ts"
    path.write_bytes(2 * part.read_bytes())
    frames, report = read(path)
    assert report.frames == 120
    assert all(np.diff(times_of(frames)) > 0)
    (first_s, first_end_s), (second_s, second_end_s) = report.stretches_s
    assert (first_s, first_end_s) == pytest.approx((0, 2), abs=1e-3)
    assert second_end_s - second_s == pytest.approx(2, abs=1e-3)
    assert second_s - first_end_s > MAX_GAP_S, "nothing between them can be filled in"


def test_slow_motion_is_read_at_the_speed_it_was_filmed(path):
    noted = {"metadata": {"com.android.capture.fps": "120.0"}, "container_options": {"movflags": "use_metadata_tags"}}
    frames, report = read(write(path, brightness_ramp(60), np.arange(60) / 30, **noted))
    np.testing.assert_allclose(times_of(frames), np.arange(60) / 120, atol=1e-3)
    assert (report.slowed, report.damaged) == (4, False)
    assert report.duration_s == pytest.approx(0.5, abs=1e-3)


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
def test_sound_that_is_longer_than_the_pictures_is_no_damage(tmp_path, suffix):
    sound = tmp_path / "sound.mkv"
    write_sound(sound, 6.0)
    path = remux(tmp_path / f"clip{suffix}", write_ramp(tmp_path / f"silent{suffix}", 30, 30), sound)
    with av.open(str(path)) as stored:
        assert len(stored.streams.audio) == 1
        assert stored.duration / av.time_base == pytest.approx(6, abs=0.1)
    _, report = read(path)
    assert report.duration_s == pytest.approx(1, abs=1e-2)
    assert not report.damaged


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_rotation_metadata_is_honoured(path, quarters, degrees):
    write_clip(path, [quarters] * 3, [0, 0.04, 0.08], rotation_degrees=degrees)
    with av.open(str(path)) as stored:
        width = stored.streams.video[0].codec_context.width
    assert width == (64 if degrees % 180 == 0 else 48)
    frames, report = read(path)
    for y, x in ((12, 16), (12, 48), (36, 16), (36, 48)):
        np.testing.assert_allclose(frames[1].image[y, x], quarters[y, x], atol=8)
    assert (report.width, report.height, report.rotation_degrees) == (64, 48, degrees)


@pytest.mark.parametrize("codec", ["vp8", "vp9"])
def test_browser_recording_without_duration(tmp_path, codec):
    path, times_s = tmp_path / "clip.webm", irregular_times(3, 30, seed=3)
    with open(path, "wb") as file:
        stream = SimpleNamespace(write=file.write)  # it cannot seek, as a browser's recorder
        write_clip(stream, brightness_ramp(len(times_s)), times_s, codec=codec, container="webm")
    with av.open(str(path)) as stored:
        assert stored.duration is None
        assert stored.streams.video[0].duration is None
    frames, report = read(path)
    np.testing.assert_allclose(times_of(frames), times_s, atol=2e-3)
    assert report.duration_s == pytest.approx(times_s[-1] + 1 / 30, abs=0.01)


def test_sound_beside_the_picture_is_passed_over(pulse_clip_24):
    frames, report = read(pulse_clip_24.path)
    with av.open(str(pulse_clip_24.path)) as stored:
        assert len(stored.streams.audio) == 1
    assert len(frames) == pulse_clip_24.truth["frames"]
    assert report.frame_rate_hz == pytest.approx(24, rel=1e-3)
    assert frames[0].image.shape == (240, 320, 3)


def test_a_longer_clip_is_read_for_its_first_five_minutes(path):
    times_s = np.arange(0, 310, 2.0)
    write_clip(path, [np.full((48, 64, 3), 90, np.uint8)] * len(times_s), times_s)
    frames, report = read(path)
    assert clip_module.MAX_DURATION_S == 300
    assert frames[-1].time_s == pytest.approx(298)
    assert report.frames == len(frames) == 150
    assert report.cut_at_s == 300
    assert report.duration_s == pytest.approx(300)


def test_a_clip_of_exactly_five_minutes_is_not_cut(path):
    times_s = np.arange(0, 300, 2.5)
    write_clip(path, [np.full((48, 64, 3), 90, np.uint8)] * len(times_s), times_s)
    frames, report = read(path)
    assert len(frames) == 120
    assert report.cut_at_s is None


def test_endless_frames_in_no_time_are_cut_too(path, monkeypatch):
    monkeypatch.setattr(clip_module, "MAX_FRAMES", 20)
    frames, report = read(write_ramp(path, 40, 200))
    assert len(frames) == 20
    assert report.cut_at_s == pytest.approx(0.095, abs=1e-3)
    _, report = read(write_ramp(path, 40, 1000))
    assert report.frames + report.frames_dropped == 20


def test_frames_are_decoded_as_they_are_asked_for(short_clip):
    with Clip(short_clip.path) as clip:
        assert clip.report.frames == 0
        first = list(islice(clip.frames(), 2))
        assert len(first) == 2
        assert clip.report.frames < short_clip.truth["frames"]


def test_one_frame_is_a_clip_without_a_rate(path):
    frames, report = read(write_ramp(path, 1, 30))
    assert len(frames) == 1
    assert (report.frame_rate_hz, report.duration_s) == (0, 0)


def test_damage_in_the_middle_costs_some_frames_and_is_reported(path, short_clip):
    data = bytearray(short_clip.path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 20_000] = np.random.default_rng(1).bytes(20_000)
    path.write_bytes(data)
    frames, report = read(path)
    assert report.damaged
    assert 0.5 * 90 < len(frames) < 90
    assert all(np.diff(times_of(frames)) > 0)


@pytest.mark.parametrize(("promised_ms", "damaged"), [(330.0, False), (10_000.0, True), (None, False)])
def test_pictures_that_end_far_before_the_header_says_tell_of_damage(tmp_path, promised_ms, damaged):
    key = packets_of(tmp_path / "key.webm", "libvpx")
    path = write_matroska(tmp_path / "clip.webm", key, range(0, 330, 33), duration=promised_ms)
    frames, report = read(path)
    assert len(frames) == 10
    assert report.damaged == damaged
    assert report.duration_s == pytest.approx(0.33, abs=2e-3), "the header's is never taken for it"


def test_five_minutes_of_an_hour_are_not_damaged(path):
    _, report = read(write_ramp(path, 120, 1 / 30))
    assert (report.frames, report.cut_at_s, report.damaged) == (10, 300, False)


def test_the_time_between_key_frames_is_measured(path):
    for interval_s in (0.5, 1.0):
        _, report = read(write_ramp(path, 90, 30, key_frame_s=interval_s))
        assert report.key_frame_interval_s == pytest.approx(interval_s, abs=1e-3)


def test_a_recording_cut_off_gives_what_is_there(tmp_path, vfr_clip):
    data = vfr_clip.path.read_bytes()
    path = tmp_path / "cut.webm"
    path.write_bytes(data[: len(data) // 2])
    frames, report = read(path)
    assert 0.35 < len(frames) / vfr_clip.truth["frames"] < 0.65
    assert report.duration_s == pytest.approx(frames[-1].time_s, abs=0.1)


@pytest.mark.parametrize("path", ["nowhere.mp4", "http://127.0.0.1:9/clip.mp4", "no\0where.mp4", None])
def test_no_such_file(path):
    assert error_of(path) == "not_found"


def test_not_a_file(tmp_path):
    assert error_of(tmp_path) == "not_a_file"
    pipe = tmp_path / "pipe.mp4"
    os.mkfifo(pipe)
    assert error_of(pipe) == "not_a_file"
    assert error_of("/dev/zero") == "not_a_file"


def test_not_readable(short_clip, monkeypatch):
    def refuse(*_args, **_kwargs):
        raise PermissionError

    monkeypatch.setattr("builtins.open", refuse)  # the tests may run as root, who may read anything
    assert error_of(short_clip.path) == "not_readable"


def test_empty_file(empty_file):
    assert error_of(empty_file) == "empty_file"


@pytest.mark.parametrize(
    ("container", "encoder"),
    [
        *(("asf", "mpeg4"), ("yuv4mpegpipe", "wrapped_avframe"), ("gif", "gif"), ("nut", "ffv1"), ("webp", "libwebp")),
        *(("mxf", "mpeg2video"), ("dv", "dvvideo"), ("ivf", "libvpx"), ("mjpeg", "mjpeg"), ("obu", "libsvtav1")),
        *(("h264", "libx264"), ("hevc", "libx265"), ("m4v", "mpeg4"), ("mpeg2video", "mpeg2video")),
    ],
)
def test_a_format_that_is_not_read_is_named(path, container, encoder):
    with av.open(str(path), "w", format=container) as output:
        stream = output.add_stream(encoder, rate=25, options={"x265-params": "log-level=none"})
        stream.width, stream.height = 720, 576
        stream.pix_fmt = {"gif": "rgb8", "mjpeg": "yuvj420p"}.get(container, "yuv420p")
        with usual_scheduling():
            for image in brightness_ramp(3, (576, 720)):
                output.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        output.mux(stream.encode(None))
    assert error_of(path) == "format_unsupported"


def test_a_file_of_any_size_is_read_from_its_beginning(tmp_path):
    path = write_ramp(tmp_path / "clip.mp4", 30, 30)
    with open(path, "r+b") as file:
        file.truncate(10 * 2**30)  # takes no room on disk
    assert len(read(path)[0]) == 30


def test_not_a_video(tmp_path, text_file, truncated_file):
    assert error_of(text_file) == "not_a_video"
    assert error_of(truncated_file) == "not_a_video"
    noise = tmp_path / "noise.webm"
    noise.write_bytes(np.random.default_rng(0).bytes(100_000))
    assert error_of(noise) == "not_a_video"


@pytest.mark.parametrize(
    "text",
    [
        "ffconcat version 1.0\nfile '{clip}'\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\n{clip}\n#EXT-X-ENDLIST\n",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 9 RTP/AVP 96\na=rtpmap:96 H264/90000\n",
        '<?xml version="1.0"?><MPD><Period><BaseURL>{clip}</BaseURL></Period></MPD>',
    ],
    ids=["concat", "hls", "sdp", "dash"],
)
def test_a_list_of_other_files_is_no_clip(tmp_path, short_clip, text):
    for suffix in (".mp4", ".m3u8", ".txt"):
        path = tmp_path / f"list{suffix}"
        path.write_text(text.format(clip=short_clip.path))
        assert error_of(path) == "not_a_video"


def test_no_video(sound_only):
    assert error_of(sound_only) == "no_video"


def test_4k_is_not_too_large_and_more_is(tmp_path):
    path = tmp_path / "large.avi"
    write_clip(path, [np.zeros((2160, 3840, 3), np.uint8)], [0.0], codec="mjpeg")
    frames, _ = read(path)
    assert frames[0].image.shape == (2160, 3840, 3)
    write_clip(path, [np.zeros((2320, 4100, 3), np.uint8)], [0.0], codec="mjpeg")
    assert error_of(path) == "frame_too_large"


def test_no_frames(path):
    data = bytearray(write_ramp(path, 5, 25).read_bytes())
    start, end = data.index(b"mdat") + 4, data.index(b"moov") - 4
    data[start:end] = bytes(end - start)
    path.write_bytes(data)
    assert error_of(path) == "no_frames"


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="needs Linux to count open files")
def test_pictures_are_let_go_of_at_once(short_clip):
    gc.collect()
    gc.disable()  # a five-minute clip would otherwise wait for it
    try:
        with Clip(short_clip.path) as clip:
            for _ in clip.frames():
                pass
        assert sum(type(kept) is av.VideoFrame for kept in gc.get_objects()) <= 5
    finally:
        gc.enable()


def test_the_file_is_let_go(short_clip, text_file):
    def open_files():
        return len(list(Path("/proc/self/fd").iterdir()))

    before = open_files()
    for _ in range(5):
        with Clip(short_clip.path) as clip:
            next(clip.frames())
        error_of(text_file)
    assert open_files() <= before


@pytest.mark.parametrize(("size", "code"), [((15, 200), "frame_too_small"), ((20, 8200), "frame_too_large")])
def test_pictures_of_absurd_shape(tmp_path, size, code):
    path = tmp_path / "clip.mkv"
    write_clip(path, [np.zeros((*size, 3), np.uint8)], [0.0], codec="ffv1")
    assert error_of(path) == code


def test_a_coding_that_nobody_films_in(tmp_path):
    path = tmp_path / "clip.mov"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("jpeg2000", rate=30)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        output.mux(stream.encode(av.VideoFrame.from_ndarray(brightness_ramp(1)[0], format="rgb24")))
        output.mux(stream.encode(None))
    assert error_of(path) == "codec_unsupported"


def test_frames_too_fast_to_follow_are_passed_over_evenly(path):
    frames, report = read(write_ramp(path, 200, 1000))
    assert len(frames) == pytest.approx(50, abs=2)  # every fourth: at most 240 a second and a tenth
    assert report.frames + report.frames_dropped == 200
    assert np.ptp(np.diff(times_of(frames))) < 1e-3


def test_240_frames_a_second_are_all_read(tmp_path):
    for suffix, codec in ((".mp4", "h264"), (".webm", "vp8")):  # webm rounds to milliseconds
        frames, report = read(write_ramp(tmp_path / f"clip{suffix}", 120, 240, codec=codec))
        assert (len(frames), report.frames_dropped) == (120, 0)


def test_larger_pictures_are_read_at_fewer_a_second(path, monkeypatch):
    monkeypatch.setattr(clip_module, "MAX_PIXELS_PER_S", 60 * 48 * 64)
    frames, _ = read(write_ramp(path, 120, 120))
    np.testing.assert_allclose(times_of(frames), np.arange(60) / 60, atol=1e-3)


def test_pixels_are_counted_also_of_frames_that_are_passed_over(path, monkeypatch):
    monkeypatch.setattr(clip_module, "MAX_PIXELS_READ", 25 * 48 * 64)
    frames, report = read(write_ramp(path, 40, 30))
    assert len(frames) == 25
    assert report.cut_at_s == pytest.approx(24 / 30, abs=1e-3)
    assert not report.damaged
    _, report = read(write_ramp(path, 40, 1000))
    assert report.frames + report.frames_dropped == 25
    assert report.frames_dropped > 10
    assert report.cut_at_s is not None


def test_a_minute_of_4k_and_five_of_1080p_are_within_the_bounds():
    assert 60 * 30 * 4096 * 2304 <= clip_module.MAX_PIXELS_READ == 300 * 30 * 1920 * 1080
    assert clip_module.MAX_FRAMES == 300 * 60
    assert clip_module.MAX_PIXELS_PER_S == 60 * 4096 * 2304


def test_packets_without_pictures_come_to_an_end(tmp_path, monkeypatch):
    monkeypatch.setattr(clip_module, "MAX_PACKETS", 10)
    frames, report = read(write_ramp(tmp_path / "clip.mkv", 40, 30, codec="ffv1"))
    assert 0 < len(frames) <= 10
    assert report.damaged


@pytest.mark.parametrize("then", [(96, 128), (64, 48)], ids=["larger", "turned"])
def test_reading_ends_where_the_pictures_change_their_size(tmp_path, then):
    parts = []
    for number, size in enumerate(((48, 64), then)):
        path = tmp_path / f"{number}.ts"
        with av.open(str(path), "w") as output:
            stream = output.add_stream("mpeg2video", rate=30)
            stream.width, stream.height, stream.pix_fmt = size[1], size[0], "yuv420p"
            for index, image in enumerate(brightness_ramp(30, size)):
                picture = av.VideoFrame.from_ndarray(image, format="rgb24")
                picture.pts, picture.time_base = 30 * number + index, Fraction(1, 30)
                output.mux(stream.encode(picture))
            output.mux(stream.encode(None))
        parts.append(path.read_bytes())
    path = tmp_path / "both.ts"
    path.write_bytes(b"".join(parts))
    frames, report = read(path)
    assert {frame.image.shape for frame in frames} == {(48, 64, 3)}
    assert 25 <= len(frames) <= 30
    assert report.size_changed_at_s == pytest.approx(1, abs=0.1)
    assert (report.width, report.height) == (64, 48)


def test_a_cover_picture_is_no_clip(tmp_path, sound_only):
    path = tmp_path / "song.mp4"
    with av.open(str(sound_only)) as source, av.open(str(path), "w") as output:
        cover = output.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 64, 48, "yuvj420p"
        cover.disposition = Disposition.attached_pic
        voice = output.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(audio=0):
            if packet.size:
                packet.stream = voice
                output.mux(packet)
        output.mux(cover.encode(av.VideoFrame.from_ndarray(brightness_ramp(1)[0], format="rgb24")))
        output.mux(cover.encode(None))
    assert error_of(path) == "no_video"
