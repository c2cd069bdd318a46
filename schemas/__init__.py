"""The leaf of the tree: what tables, settings, units and errors look like.

Belongs here: one pandera model per event table (``schemas.events``) and per published table (``schemas.published``),
the helpers that declare them, the model of ``plumbline.toml``, the closed list of units, and the tree of errors.

Does not belong here: anything that reads or writes a file other than ``plumbline.toml``, opens a database, or imports
another of our packages. Importing this package alone costs nothing; ``schemas.tables`` brings pandera and
polars with it.
"""
