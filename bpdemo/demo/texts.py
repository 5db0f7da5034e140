"""Every sentence of the page, apart from code so that it can be translated.

Sentences about a clip - reasons, notes, the disclaimer - belong to the estimate and live in `bpdemo.quality`,
`bpdemo.clip` and `bpdemo.estimate`: page, API and command line say the same words. Names in braces are filled in.
"""

TITLE = "bpdemo"
TAGLINE = "Blood pressure from a face clip: every step visible, every number with its uncertainty."
SHORT_DISCLAIMER = "Research use only; not a medical device."

# Getting a clip
CLIP_LABEL = "Face clip"
HOW_TO = (
    "Sit still, facing the light, face about half the picture's height.",
    "Record <b>15 seconds</b> (Record, then Stop), or drop a clip. Reading starts by itself.",
)
PRIVACY = "The clip is read on the computer that serves this page and deleted as soon as it has been read."
CANCEL = "Cancel"
EXAMPLES_TITLE = "Or try an example"
EXAMPLES_NOTE = "Rendered by this project: head, light and camera noise as filmed, pulse as stated."

# Before and while reading
EMPTY_TITLE = "What you will see"
EMPTY_STEPS = (
    ("Skin cells", "six regions of the face, followed from frame to frame"),
    ("STMap", "each cell's colour over time: one row a cell, one column a moment"),
    ("Slices", "the map's heartbeats laid over each other: the shape that the network reads"),
    ("Pulse", "its wave, spectrum and heart rate, and whether it is a pulse at all"),
    ("Pressure", "how likely each range is, and the value with its interval - or why there is no reading"),
)
WORKING_TITLE = "Reading the clip"
WORKING_NOTE = "About half of the clip's own length."
STARTING = "Starting"
CANCELLED_TITLE = "Cancelled"
CANCELLED_NOTE = "The clip has been deleted. Record or drop another one."

# The result at a glance
READING_VERDICT = "Reading"
REFUSED_VERDICT = "No reading"
ERROR_VERDICT = "Not a clip that can be read"
PRESSURE_LABEL = "Systolic / diastolic"
INTERVAL = "{coverage} interval: {systolic_low} to {systolic_high} / {diastolic_low} to {diastolic_high} mmHg"
HEART_RATE_LABEL = "Heart rate"
SNR = "SNR {snr} dB"
HEART_RATE_WITHOUT_PRESSURE = "The heart rate could still be read."
WHAT_TO_CHANGE = "What to change"
TRY_AGAIN = "The clip has been deleted; record or drop another one and it is read at once."
MEANING = (
    "This is what a network makes of the shape of the pulse in this clip. It is not a measurement: only a cuff "
    "measures blood pressure."
)
EVIDENCE = (
    "On {people} people held out of the fitting (finger pulses rendered into maps, never filmed faces) networks "
    "trained this way were off by {systolic_mae} / {diastolic_mae} mmHg on average; always answering the training mean "
    "({systolic_mean} / {diastolic_mean}) by {systolic_baseline} / {diastolic_baseline}."
)
BASELINE_ONLY = (
    "Always answering the training mean ({systolic_mean} / {diastolic_mean}) is off by {systolic_baseline} / "
    "{diastolic_baseline} mmHg on average."
)
EXAMPLE_TRUTH = "True of this example"
TRUE_PULSE = "rendered with a pulse of {heart_rate:g} bpm. The pulse is a formula, so no pressure is true of it."
TRUE_NO_PULSE = "rendered without a pulse, so there must be no reading."

# The steps
CELLS = (
    "1. Skin cells on the face",
    "Fixed patches of the face mesh: each stays on the same skin when the head moves. Left and right are the person's.",
)
CELLS_WITHOUT_FACE = ("1. Frames of the clip", "No face was found in these frames, so there are no cells.")
STMAP = (
    "2. Spatial-temporal map (STMap)",
    "Each row is a cell, each column a moment: a pulse is a stripe through all rows. Rows are scaled one by one for "
    "this picture only.",
)
SLICES = (
    "3. Slices: the beats of the map",
    "All beats laid over each other at their steepest rise and averaged, a quarter of them at a time: this is what the "
    "network reads. Where the thin lines part, noise hides the shape.",
)
PULSE = (
    "4. Pulse wave and spectrum",
    "All cells together. A heartbeat is one sharp peak with weaker ones at its multiples (2 x, 3 x); noise has no such "
    "order. {agreement}",
)
AGREEMENT = "The six regions beat together to {regions} (1 is perfect), the two colour projections to {colours}."
RANGES_ALT = "Bars of the probability of each pressure range, with the reading, its interval and the training mean"
WINDOWS = (
    "5. Windows over time",
    "A longer clip is read in windows of up to 15 s; the reading is their mean, and their scatter says how far to "
    "trust it. Map, slices and pulse are those of the clearest one.",
)
CAPTURE = ("Capture report", "What the file holds, measured frame by frame; headers are not believed.")
NOTES = "Worth knowing"
DOWNLOADS = "Download"
DOWNLOAD_JSON, DOWNLOAD_STMAP, DOWNLOAD_PULSE, DOWNLOAD_FIGURES = (
    "Estimate (JSON)",
    "STMap (npz)",
    "Pulse (CSV)",
    "Figures (zip)",
)

CAPTURE_ROWS = {
    "picture": "Picture",
    "duration": "Duration",
    "frames": "Frames",
    "frame_rate": "Frame rate, measured",
    "jitter": "Jitter of the interval",
    "gap": "Longest gap",
    "bit_rate": "Bit rate",
    "file": "File",
    "seen": "Face seen",
    "faces": "Faces at most",
    "face_width": "Face width",
    "turn": "Head turn",
    "motion": "Head motion",
    "luma": "Brightness of the skin",
    "clipped": "Clipped skin pixels",
    "dropped": "Frames without a usable time",
}

# Below everything
HOW_TITLE = "How this works"
HOW_STEPS = (
    "<b>Clip.</b> Frames are read with their own timestamps; frame rates in headers are not used.",
    "<b>Face.</b> MediaPipe's face mesh gives 478 landmarks; triangles of the mesh make {cells} cells in six regions.",
    "<b>STMap.</b> The mean colour of each cell over time, 30 columns a second: Y, U, V (BT.601), each divided by its "
    "own slow mean, and T, the plane-orthogonal-to-skin projection (Wang et al. 2017). After Zhuang et al. 2022 "
    "(arXiv 2203.03634).",
    "<b>Verdict.</b> Before anything is normalised: does one rate stand out, do both colour projections and all "
    "regions agree on it, does it hold through the clip? A photograph, a wall or a dark room stops here.",
    "<b>Slices.</b> The beats of the map are laid over each other at their steepest rise and averaged, a quarter of "
    "them at a time: noise averages out, the shape of the pulse stays.",
    "<b>Network.</b> The slices go through a small residual network and a BiLSTM; for each pressure a classifier gives "
    "ranges their probabilities and a calculator gives a value inside each range. A few such networks are averaged; "
    "the reading is the sum of probability times value.",
    "<b>Uncertainty.</b> The interval is split-conformal: made so that on people held out of the fitting, "
    "{coverage} of cuff pressures lie inside it. The training mean stands beside every reading.",
)
WEIGHTS_TITLE = "The weights and their evidence"
EVIDENCE_CAPTION = "Figures on people held out of the fitting, mmHg. Training mean: the error of always answering it."
EVIDENCE_COLUMNS = ("", "Capture", "Mean abs. error", "Training mean", "r", "Coverage")
PROVENANCE_ROWS = {
    "name": "Name",
    "revision": "Revision",
    "stmap_version": "STMap version",
    "data": "Data",
    "citation": "Cite",
    "commit": "Commit",
    "command": "Command",
    "date": "Date",
}
API_NOTE = (
    "The same by program: <code>/estimate</code> and <code>/stmap</code>, also as MCP tools; "
    "see <i>Use via API</i> below."
)

# Errors the page itself makes
NOT_UPLOADED = (
    "There is no clip: none was sent, or what was named is not an upload of this app.",
    "Send the clip itself; with gradio_client that is handle_file(path).",
)
UNEXPECTED = (
    "Something went wrong here while reading the clip.",
    "Try once more; if it happens again, tell the project what kind of clip it was.",
)
NO_EXAMPLE = ("There is no such example.", "Choose one of the examples on the page.")
