"""The names of the jobs: what schedules and commands run."""

BUILD_JOB = "build"
"""Everything up to the published snapshot."""
BRIEF_JOB = "build_and_brief"
"""The same, and the brief of the last complete month after it."""
