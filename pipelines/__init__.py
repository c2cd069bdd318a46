"""Everything that touches the world: sources, files, the warehouse, the orchestrator, what is published and sent.

Belongs here: reading and writing, the order of the stages, commands. Does not belong here: what a metric means
(``metrics``), what a table looks like (``schemas``), how a page looks (``dashboard``).
"""
