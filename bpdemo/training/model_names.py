"""What the models beside the network are called, in results, tables and pictures."""

MEAN, HEART_RATE, TRAITS, RECOVERED, CONTACT = (
    "training mean",
    "heart rate",
    "age, sex, BMI",
    "recovered beat",
    "contact beat",
)
SHUFFLED, ROWS_ONLY, PERMUTED = "columns shuffled", "rows only", "labels permuted"
"""Negative controls, of the recovered beat where nothing else is said."""
NETWORK = "network"

HELPED, NO_DIFFERENCE, WORSE = "helped", "no difference beyond chance", "worse"
"""Verdicts on what was tried beside the weights (`across.py`)."""
