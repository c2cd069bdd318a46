"""When things run by themselves, one file each with a function `schedule(workspace, build_job)`; found by folder.

Belongs here: instants, in the workspace's time zone. Does not belong here: what runs (`pipelines.stages`).
"""
