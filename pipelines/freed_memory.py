"""What a measuring process frees it keeps, for the next array of the same size.

By default glibc gives every large array back to the system when it is freed. The next one is then made of pages that
the system has to empty first, page by page: a quarter of the processor time of measuring a large organisation.
"""

import ctypes
import sys

TRIM_THRESHOLD = -1
MMAP_MAX = -4
"""What `mallopt` (malloc.h of glibc) calls the parameters that are set here."""
KEPT_BYTES = (1 << 31) - 1
"""Free memory at the end of the heap beyond which it is given back after all: the most that the parameter can say."""


def keep_freed_memory() -> None:
    """Let arrays come from memory that this process has freed; of other systems' allocators nothing is known."""
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(MMAP_MAX, 0)
        mallopt(TRIM_THRESHOLD, KEPT_BYTES)
