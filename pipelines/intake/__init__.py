"""Intake: how records become rows of the event tables, by one path for files, registers and connectors.

The path is: keep the raw file by its content (`raw`), read it as a relation (`forms`), convert and screen it in SQL
that is generated from the table's model (`conform`), put what fails into quarantine with reasons (`quarantine`),
merge what holds (`merge`), and write down what was done (`books`). `load` walks it for a folder of files, `records`
for connectors, `registers` for files kept by hand, `known_at` for all of them again up to an instant.

Does not belong here: fetching (`pipelines.connectors`), what a table looks like (`schemas.events`), and any meaning
that needs more than one row.
"""
