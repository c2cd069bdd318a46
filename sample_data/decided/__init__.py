"""Registers that the sample organisation keeps by hand and that are the same for every seed: CSV files, no code."""
