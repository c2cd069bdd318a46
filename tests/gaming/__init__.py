"""Gaming must not pay: manipulations that leave reality as it was may improve no status and no claim.

What belongs here: the manipulations, each a function from event tables to event tables, the judgement of an
organisation before and after, and `python -m tests.gaming`, which writes docs/gaming.md. What does not: how anything
is measured or judged.
"""
