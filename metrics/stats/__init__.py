"""Estimators' statistics: pure functions of arrays, each citing its source.

What belongs here: orders, quantiles, ratios, product-limit curves, score intervals, MOVER. What does not: metrics,
tiers, windows, or anything with a name
from the product.
"""
