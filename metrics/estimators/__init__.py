"""Estimators: how a definition's units become rows of `metric_values` and contrasts with a baseline.

What belongs here: the walk over segments, grains and baselines that each kind of definition needs. What does not:
statistics (`metrics.stats`), and anything
about a particular metric (`metrics.definitions`).
"""
