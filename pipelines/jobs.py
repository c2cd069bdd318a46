"""The names of the jobs: what schedules and commands run."""

BUILD_JOB = "build"
"""Everything up to the published snapshot."""
ROI_JOB = "build_and_roi"
"""The same as the first, and the ROI report of the last complete quarter after it."""
BRIEF_JOB = "build_and_brief"
"""The same, and the brief of the last complete month after it."""
