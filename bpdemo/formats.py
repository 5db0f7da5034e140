"""Which files are read: containers and codings that people and data sets film in, and the names of others."""

FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,ogg,flv"
CODECS = (
    *("h264", "hevc", "vp8", "vp9", "libdav1d", "mjpeg", "mpeg4", "h263", "flv", "theora"),  # phones, browsers, webcams
    *("mpeg1video", "mpeg2video", "msmpeg4", "dvvideo", "prores", "dnxhd"),  # cameras
    *("rawvideo", "v210", "png", "ffv1", "ffvhuff", "huffyuv", "utvideo"),  # data sets
)
"""FFmpeg's decoders of what people and data sets film in; its hundreds of others stay shut."""
# Sound is never decoded, but a file opens sooner when its sound can be probed.
SOUND = ("aac", "mp3float", "mp3", "opus", "vorbis", "flac", "alac", "ac3", "pcm_s16le", "pcm_s16be")
FRIENDLY = "mp4, mov, webm, mkv or avi"
ENDINGS = (
    *(".mp4", ".m4v", ".mov", ".webm", ".mkv", ".avi", ".3gp", ".3g2", ".mj2"),
    *(".mpg", ".mpeg", ".ts", ".mts", ".m2ts", ".ogv", ".flv"),
)
"""By which clips are found among the files of a folder; a file that is named may have any."""

# How files of other formats begin: at which byte, with what. They are never given to a decoder.
_OTHERS = (
    ("Windows Media, asf or wmv", 0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11"),
    ("yuv4mpeg, y4m", 0, b"YUV4MPEG2"),
    ("gif", 0, b"GIF8"),
    ("webp", 8, b"WEBP"),
    ("mxf", 0, b"\x06\x0e\x2b\x34"),
    ("nut", 0, b"nut/multimedia container"),
    ("ivf", 0, b"DKIF"),
    ("dv", 0, b"\x1f\x07\x00"),
    ("gxf", 0, b"\0\0\0\0\1\xbc"),
    ("RealMedia, rm", 0, b".RMF"),
    ("Flash, swf", 0, b"FWS"),
    ("Flash, swf", 0, b"CWS"),
    ("Windows recording, wtv", 0, b"\xb7\xd8\x00\x20\x37\x49\xda\x11"),
    ("Bink, bik", 0, b"BIK"),
    ("av1 without a container", 0, b"\x12\x00\x0a"),
    ("JPEG pictures", 0, b"\xff\xd8\xff"),
    ("PNG pictures", 0, b"\x89PNG"),
)
_START = b"\0\0\1"  # of a unit in a stream without a container
_VIDEO_STREAMS = {
    **dict.fromkeys((0x09, 0x06, 0x27, 0x47, 0x67), "h264 without a container"),
    **dict.fromkeys((0x40, 0x42, 0x46), "hevc without a container"),
    **dict.fromkeys((0xB0, 0xB5), "mpeg4 without a container"),
    0xB3: "mpeg video without a container",
}
HEAD_BYTES = 64


def name_other_format(head: bytes) -> str | None:
    """Return the name of the format that a file begins as, of those that are known but not read; None of any other."""
    for name, at, signature in _OTHERS:
        if head.startswith(signature, at):
            return name
    at = head.find(_START, 0, 4)  # it may be padded by a zero
    return _VIDEO_STREAMS.get(head[at + 3]) if 0 <= at < len(head) - 3 else None
