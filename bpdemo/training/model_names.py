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
