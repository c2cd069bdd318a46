"""How loops are compiled, and the columns that they take."""

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.integer[Any]]
Codes = NDArray[np.int32]


def compiled(function: Any) -> Any:  # noqa: ANN401 -- the compiler keeps the signature, of which its types know nothing
    """Compiles a function on its first call, and keeps the result on disk for the next process.

    Where nothing may be written beside the program nor in the user's own cache, every process compiles for itself.
    """
    try:
        return njit(cache=True, error_model="numpy")(function)
    except RuntimeError:
        return njit(error_model="numpy")(function)
