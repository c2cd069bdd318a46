"""Time and memory at scale: run by `make bench`, never by the tests, and printed as one table of one run."""
