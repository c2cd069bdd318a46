"""The commands, one file each, found by name: ``serve_hooks.py`` is ``plumbline serve-hooks``.

A file defines ``command``, a click command whose context object is the workspace's folder (a ``Path``) and which
returns
its exit status (nothing for 0). Every file is imported for ``--help``, so it imports what is heavy (polars, pandera,
Dagster, the database) inside the function. Errors are raised, never printed: ``pipelines.cli`` makes one line of them.

Does not belong here: what a command does beyond reading its options and printing its result.
"""
