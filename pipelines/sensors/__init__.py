"""What reacts to something that happened, one file each with a function `sensor(workspace)`; found by folder.

Belongs here: when to look, and at what. Does not belong here: what runs at fixed instants (`pipelines.schedules`), what
is told and to whom (`pipelines.alerts`).
"""
