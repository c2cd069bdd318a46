"""The sample organisation: a seeded company whose truths are known because they were planted.

What belongs here: the fictitious company (teams, repositories, tiers), the simulation of its two years of
change delivery, the truths planted in it with what a build should find of them, and the text of a workspace
that shows it. Later also recorded-shape payloads by source.

What does not: anything that computes a metric or a verdict (metrics/), reads or writes a warehouse (pipelines/),
or is meant to be run on real data. This package imports `schemas`, NumPy and polars, and nothing else of ours.
"""
