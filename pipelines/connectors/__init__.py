"""Connectors: one source each, from its API to the event tables.

A connector is one file here (`<kind>.py`, found by discovery, named in no list) and one folder
`sample_data/payloads/<kind>/` on which the
shared contract test runs it. What a connector owes:

- **Settings** as a pydantic model on `SourceSettings`; a key that it does not know is refused.
- **Streams**: what is read and resumed on its own, usually one kind of thing of one repository. A stream that fails
  does not take the others along.
- **Pull**: fetch through the `HostClient` handed in and yield `Batch`es of raw records, as received. Nothing else
  talks to the network, sleeps or
  asks the clock. A batch may carry the cursor that is true once it is stored, so that a pull killed anywhere goes on
  from there.
- **Conform**: a pure function from raw records to event tables. It sees nothing but the records and the settings, so
  that kept records can be
  read again later and give the same rows; every row names the record that it came from.
- **Incremental and idempotent**: the cursor of a finished stream is the run's start less `OVERLAP`; what was open is
  read again until it is
  closed; a list of commits is read whole and replaces the earlier set.
- **Silent about secrets**: tokens come from the environment or a file, live in the client only, and are in no
  message, record or cursor.

What does not belong here: storing (pipelines.ingest), checking and merging rows (pipelines.intake), deciding what a
row means for a
metric (metrics.facts).
"""
