"""Deliveries that hosts push (webhooks): received, kept, and read by the next ingest or build.

The path is: check the signature and keep the delivery on disk (`receiver`, `spool`); later read it as event rows by
what its host means (`kinds`, one file a sender, on the connectors' own reading of records) and what is there already
(`settled`); and hand the rows to the same intake as a pull's (`take_in`).

The receiver touches neither the warehouse nor its lock, so that a build may run for an hour meanwhile.

Does not belong here: what a record of a host means (pipelines.connectors); checking and merging rows
(pipelines.intake).
"""
