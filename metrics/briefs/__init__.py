"""Briefs: what a report says, as a typed document made of published tables.

Belongs here: which figures a brief holds, and its sentences, written by rules from the numbers. Does not belong here:
how it looks (`pipelines.exports`), files, clocks, and numbers of its own: a brief only selects, counts and words what
the tables hold.
"""
