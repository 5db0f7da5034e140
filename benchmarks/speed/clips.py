"""The clips that are timed: a rendered face with a pulse, as cameras and browsers store it."""

from pathlib import Path

LENGTHS_S = (15, 30, 60)
CLIPS = {
    "640 x 480, H.264": "h264_15.mp4",
    "640 x 480, VP8, webm": "vp8.webm",
    "640 x 480, VP9, webm": "vp9.webm",
    "320 x 240, H.264": "h264_240.mp4",
    "1280 x 720, H.264": "h264_720.mp4",
    "1920 x 1080, H.264": "h264_1080.mp4",
}
SCENES = {
    "still": {"motion": 0.004},
    "usual": {},
    "moving": {"motion": 0.035},
    "moving a lot": {"motion": 0.05, "pulse_strength": 0.008},
    "shaking": {"tremor": 0.004, "tremor_hz": 1.9},
    "weak pulse": {"pulse_strength": 0.005},
    "small face": {"width": 320, "height": 240},
    "browser recording": {"codec": "vp8"},
}


def scene_file(name: str) -> str:
    """Return the file of one of `SCENES`."""
    return name.replace(" ", "_") + (".webm" if SCENES[name].get("codec") == "vp8" else ".mp4")


def scene_rate_bpm(file: str) -> float:
    """Return the heart rate in the file of one of `SCENES`."""
    return 60.0 + 4 * [scene_file(name) for name in SCENES].index(file)


def render(folder: str) -> None:
    """Render all clips; shorter ones are cut off the longest."""
    from bpdemo.synthesis.scenes import Scene, render_clip

    folder = Path(folder)
    longest = folder / f"h264_{LENGTHS_S[-1]}.mp4"
    render_clip(longest, Scene(seed=1, duration_s=LENGTHS_S[-1]))
    for length_s in LENGTHS_S[:-1]:
        _cut(longest, folder / f"h264_{length_s}.mp4", length_s)
    render_clip(folder / "vp8.webm", Scene(seed=1, codec="vp8"))
    render_clip(folder / "vp9.webm", Scene(seed=1, codec="vp9"))
    render_clip(folder / "h264_240.mp4", Scene(seed=1, width=320, height=240))
    # As phones write them; at the usual quality the noise of so many pixels would take 26 Mbit/s at 1080 lines.
    render_clip(folder / "h264_720.mp4", Scene(seed=1, width=1280, height=720, bit_rate_kbps=9_000))
    render_clip(folder / "h264_1080.mp4", Scene(seed=1, width=1920, height=1080, bit_rate_kbps=17_000))
    for number, (name, change) in enumerate(SCENES.items()):
        file = scene_file(name)
        scene = {"seed": 40 + number, "duration_s": 12.0, "heart_rate_bpm": scene_rate_bpm(file), **change}
        render_clip(folder / file, Scene(**scene))


def _cut(source: Path, target: Path, length_s: float) -> None:
    """Copy the beginning of a clip, its pictures as they are coded."""
    import av

    with av.open(str(source)) as whole, av.open(str(target), "w") as part:
        stream = part.add_stream_from_template(whole.streams.video[0])
        for packet in whole.demux(video=0):
            if packet.dts is not None and packet.pts * packet.time_base < length_s - 1e-6:
                packet.stream = stream
                part.mux(packet)
