"""Weights of the networks: their config, folders, the Hub, and the Space that runs on them."""
