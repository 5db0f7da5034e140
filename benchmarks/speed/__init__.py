"""How fast? Raw decoding, the whole way and its stages, memory, many clips, accuracy: side by side in one run.

    python -m benchmarks.speed        (or `make bench`; about eight minutes on two cores that do nothing else)

*Raw decoding* is the floor: PyAV decodes every frame of the file to the pixel format the decoder gives (yuv420p in all
of these clips), with the threads that bpdemo decodes with, and nothing is done with the frames. *The whole way* is
`BloodPressureEstimator.estimate`, from the file to the estimate. Both are timed in turn in one process, so that a ratio
holds on a busy machine too; it is the median over the turns. Memory is the peak of a fresh process.

Clips are rendered here, into a temporary folder: a face with a pulse of 72 beats a minute.
"""
