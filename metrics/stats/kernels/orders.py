"""Rows by value, and the codes of rows brought into an order."""

import numpy as np

from metrics.stats.kernels.compiled import Codes, Floats, Integers, compiled

DIGIT = 1 << 11
"""Values of one digit of the radix sort: a table of them stays in the nearest cache."""
DIGIT_BITS = 11
DIGITS_OF_A_DOUBLE = 6


@compiled
def ascending(values: Floats) -> Codes:
    """Row numbers by value, equal values in the order of their rows: a radix sort of the doubles' bits."""
    size = len(values)
    keys = values.view(np.uint64).copy()
    sign = np.uint64(1) << np.uint64(63)
    for i in range(size):
        keys[i] = ~keys[i] if keys[i] & sign else keys[i] | sign
    order, other = np.empty(size, dtype=np.int32), np.empty(size, dtype=np.int32)
    spare = np.empty(size, dtype=np.uint64)
    for i in range(size):
        order[i] = i
    for digit in range(DIGITS_OF_A_DOUBLE):
        shift = np.uint64(digit * DIGIT_BITS)
        mask = np.uint64(DIGIT - 1)
        places = np.zeros(DIGIT + 1, dtype=np.int64)
        for i in range(size):
            places[((keys[i] >> shift) & mask) + np.uint64(1)] += 1
        if size == 0 or places.max() == size:
            continue
        for d in range(DIGIT):
            places[d + 1] += places[d]
        for i in range(size):
            d = (keys[i] >> shift) & mask
            place = places[d]
            places[d] += 1
            other[place] = order[i]
            spare[place] = keys[i]
        order, other = other, order
        keys, spare = spare, keys
    return order


@compiled
def pack(packed: Integers, codes: Codes, shift: int) -> None:
    """Adds a column of codes, from -1 on, to others in the same integers, so many bits up."""
    for i in range(len(codes)):
        packed[i] |= np.int64(codes[i] + 1) << shift


@compiled
def unpacked(packed: Integers, shift: int, width: int) -> Codes:
    """The column of codes that lies so many bits up, and is so many bits wide."""
    codes = np.empty(len(packed), dtype=np.int32)
    mask = (np.int64(1) << width) - 1
    for i in range(len(packed)):
        codes[i] = ((packed[i] >> shift) & mask) - 1
    return codes
