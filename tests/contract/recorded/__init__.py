"""What was recorded of real hosts, held against the rows that it becomes: `python -m tests.contract.recorded`.

One file a host, found by discovery, with a function `lines(recorded, work)`: it pulls the recording from a replay host
into a workspace under `work` and says, for each file, how many distinct things it holds, how many rows they became,
and why the rest became none. A recording is read where it lies, beside the repository; nothing of it is kept here.
"""
