"""The stages of a build as Dagster assets, named like the tables that they make and joined by those names only.

Belongs here: one file per stage, that asks the build for relations, calls `metrics` (or the intake) and hands back
what it got. A new file with an asset is part of the build; there is no list to edit.

Does not belong here: arithmetic (`metrics`), the form of a table (`schemas`), looks of a document
(`pipelines.exports`), and imports from one stage to another.
"""
