"""The ROI report: what changed, what it brought, what it cost, what that is worth, and how sure that is (METRICS §7).

Belongs here: which figures the report holds, which gains may be priced, the arithmetic of value and its sentences.
Does not belong here: how it looks (`pipelines.exports`), files, clocks, and statistics of changes, which are those of
the published tables.
"""
