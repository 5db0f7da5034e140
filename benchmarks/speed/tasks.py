"""What is measured, each in a process of its own: nothing heavy is imported before the clock runs."""

import os
import resource
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

MANY = 20
_EVERY_FRAME_HZ = 1000.0


def spent_s() -> tuple[float, float]:
    """Return wall-clock seconds and CPU seconds, since whenever."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return time.perf_counter(), used.ru_utime + used.ru_stime


def take_turns(path: str, turns: str) -> dict:
    """Time raw decoding, the same with conversion to RGB, and the whole way: [wall, CPU] seconds of every turn."""
    import av

    from bpdemo.estimator import BloodPressureEstimator

    def decode(to_rgb: bool) -> None:
        with av.open(path) as container:
            container.streams.video[0].thread_type = "AUTO"
            for picture in container.decode(video=0):
                if to_rgb:
                    picture.to_ndarray(format="rgb24")

    estimator = BloodPressureEstimator.from_pretrained()
    ways: dict[str, Callable[[], object]] = {
        "raw": lambda: decode(False),
        "rgb": lambda: decode(True),
        "whole": lambda: estimator.estimate(path),
    }
    ways["whole"]()
    took = {name: [] for name in ways}
    for _ in range(int(turns)):
        for name, way in ways.items():
            before = spent_s()
            way()
            took[name].append([end - start for start, end in zip(before, spent_s(), strict=True)])
    return took


def read_in_stages(path: str) -> dict:
    """Go the whole way on one core, one stage after another: CPU seconds of each."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    from bpdemo import face, regions
    from bpdemo.beats import average_beats
    from bpdemo.clip import Clip
    from bpdemo.estimator import BloodPressureEstimator
    from bpdemo.pulse import measure_pulse
    from bpdemo.quality import check_pulse, check_reading
    from bpdemo.stmap import build_stmap, place_windows, resample
    from bpdemo.window import read_window

    estimator = BloodPressureEstimator.from_pretrained(device="cpu")
    estimator.estimate(path)
    before_s = time.process_time()
    estimator.estimate(path)
    whole_s = time.process_time() - before_s
    spent: Counter[str] = Counter()

    def timed(stage: str, work: Callable) -> Callable:
        def timed_work(*arguments: object) -> object:
            before_s = time.process_time()
            try:
                return work(*arguments)
            finally:
                spent[stage] += time.process_time() - before_s

        return timed_work

    def each_timed(stage: str, items: Iterable) -> Iterator:
        following = timed(stage, iter(items).__next__)
        while True:
            try:
                yield following()
            except StopIteration:
                return

    face.carry_landmarks = timed("carry", face.carry_landmarks)
    regions.read_cells = timed("cells", regions.read_cells)
    regions.read_surround = timed("cells", regions.read_surround)
    with Clip(path) as clip, face.FaceTracker() as tracker:
        traces = regions.read_traces(each_timed("track", tracker.follow(each_timed("decode", clip.frames()))))
    place = place_windows(clip.report.duration_s)[0]
    resampled = timed("map", resample)(traces.time_s, traces.colours, *place)
    stmap = timed("map", build_stmap)(resampled)
    surround = timed("pulse", resample)(traces.time_s, traces.surround[:, None], *place)
    pulse = timed("pulse", measure_pulse)(resampled, surround)
    timed("pulse", check_pulse)(pulse)
    timed("pulse", check_reading)(pulse, clip.report)
    timed("beats", average_beats)(stmap, pulse)
    timed("network", estimator.predict)(read_window(traces, *place))
    stages = {
        "decoding": spent["decode"],
        "landmarks on key frames (MediaPipe)": spent["track"] - spent["decode"] - spent["carry"],
        "landmarks carried in between": spent["carry"],
        "cell colours": spent["cells"],
        "STMap": spent["map"],
        "pulse and verdict": spent["pulse"],
        "mean beats": spent["beats"],
        "network": spent["network"],
    }
    return stages | {"start of the landmarker, thumbnails, threads": max(0.0, whole_s - sum(stages.values()))}


def read_first(path: str, way: str = "here") -> dict:
    """Import, load and read in a fresh process: seconds of each, and its memory in MB before and at its peak.

    `way` is "here" or "isolated": the latter reads each clip in a subprocess, as the page and the command line do.
    """
    began_s = time.perf_counter()
    if way == "isolated":
        from bpdemo.system import isolation

        isolation.prepare()
    from bpdemo.estimator import BloodPressureEstimator

    imported_s = time.perf_counter()
    estimator = BloodPressureEstimator.from_pretrained(isolate=way == "isolated")
    loaded_s, loaded_mb = time.perf_counter(), _peak_mb()
    estimator.estimate(path)
    first_s, peak_mb = time.perf_counter(), _peak_mb()
    estimator.estimate(path)
    return {
        "import": imported_s - began_s,
        "weights": loaded_s - imported_s,
        "first": first_s - loaded_s,
        "second": time.perf_counter() - first_s,
        "loaded_mb": loaded_mb,
        "peak_mb": peak_mb,
    }


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def time_network() -> dict:
    """Time the network on one window, on one core."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    from bpdemo.estimator import BloodPressureEstimator
    from bpdemo.self_check import made_up_face
    from bpdemo.window import read_window

    estimator = BloodPressureEstimator.from_pretrained(device="cpu")
    window = read_window(made_up_face(), 0.0, 10.0)
    took_ms = []
    for _ in range(110):
        before_s = time.perf_counter()
        estimator.predict(window)
        took_ms.append(1000 * (time.perf_counter() - before_s))
    return {"median": statistics.median(took_ms[10:]), "most": max(took_ms[10:])}


def read_many(path: str, processes: str) -> dict:
    """Read copies of one clip, loading included."""
    before_s = time.perf_counter()
    from bpdemo.estimator import BloodPressureEstimator

    estimator = BloodPressureEstimator.from_pretrained(device="cpu")
    read = [estimate.status for estimate in estimator.answer_many([path] * MANY, int(processes))]
    assert read == ["reading"] * MANY
    return {"s": time.perf_counter() - before_s}


def compare_landmarks(path: str) -> dict:
    """Read a scene's pulse with landmarks as they are found by default, and on every frame."""
    from benchmarks.speed.clips import scene_rate_bpm
    from bpdemo.clip import Clip
    from bpdemo.face import KEY_FRAMES_HZ, FaceTracker
    from bpdemo.pulse import measure_pulse
    from bpdemo.regions import read_traces
    from bpdemo.stmap import resample

    pulses = {}
    for name, key_frames_hz in (("ours", KEY_FRAMES_HZ), ("every", _EVERY_FRAME_HZ)):
        with Clip(path) as clip, FaceTracker(key_frames_hz=key_frames_hz) as tracker:
            traces = read_traces(tracker.follow(clip.frames()))
        pulse = measure_pulse(resample(traces.time_s, traces.colours, 0.0, clip.report.duration_s))
        pulses[name] = {"error": pulse.heart_rate_bpm - scene_rate_bpm(Path(path).name), "snr": pulse.snr_db}
    return pulses
