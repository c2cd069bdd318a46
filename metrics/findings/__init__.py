"""Findings: what somebody has to look at, each with an id that stays while it lasts.

What belongs here: pure functions from frames to findings, one module a subject; all dates are from the data, so that
the same cut gives the same findings. Kinds and severities: `schemas.finding_kinds`. What does not: who was told of
them, acknowledgements and their state, which the pipelines keep.
"""
