"""The stages of a build, named like the tables that they make and joined by those names only (`pipelines.stage`).

Belongs here: one file per stage, that asks the build for relations, calls `metrics` (or the intake) and hands back
what it got. A new file with a stage is part of the build, and of Dagster's graph; there is no list to edit.

Does not belong here: arithmetic (`metrics`), the form of a table (`schemas`), looks of a document
(`pipelines.exports`), and imports from one stage to another.
"""
