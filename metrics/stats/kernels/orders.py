"""Rows by value, and the codes of rows brought into an order."""

import numpy as np
from numpy.typing import NDArray

from metrics.stats.kernels.compiled import Codes, Floats, Integers, compiled

Keys = NDArray[np.uint64]

DIGIT = 1 << 11
"""Values of one digit of the radix sort: a table of them stays in the nearest cache."""
DIGIT_BITS = 11
DIGITS_OF_A_DOUBLE = 6
FIRST_DIGITS = 3
"""The highest digits tell nearly all values apart; those that they do not are few, and near each other."""


@compiled
def ascending(values: Floats) -> tuple[Codes, Floats]:
    """Row numbers by value, equal values in the order of their rows, and the values: a radix sort of the doubles' bits.

    By the highest bits in which any two differ, and then by insertion; by all bits where many have to be moved.
    """
    size = len(values)
    keys = values.view(np.uint64).copy()
    sign = np.uint64(1) << np.uint64(63)
    least, most = ~np.uint64(0), np.uint64(0)
    for i in range(size):
        key = ~keys[i] if keys[i] & sign else keys[i] | sign
        keys[i] = key
        least, most = min(least, key), max(most, key)
    order = np.empty(size, dtype=np.int32)
    for i in range(size):
        keys[i] -= least
        order[i] = i
    shift = 0
    while size > 0 and (most - least) >> np.uint64(shift + FIRST_DIGITS * DIGIT_BITS) != 0:
        shift += 1
    keys, order = _by_digits(keys, order, shift, FIRST_DIGITS)
    if shift > 0 and not _inserted(keys, order):
        keys, order = _by_digits(keys, order, 0, DIGITS_OF_A_DOUBLE)
    for i in range(size):
        # Back to the doubles: to look each up by its row would be a walk all over memory.
        key = keys[i] + least
        keys[i] = key ^ sign if key & sign else ~key
    return order, keys.view(np.float64)


@compiled
def _by_digits(keys: Keys, order: Codes, shift: int, digits: int) -> tuple[Keys, Codes]:
    """Keys, and what belongs to them, in the order of so many digits of which the lowest begins at a bit."""
    size, mask = len(keys), np.uint64(DIGIT - 1)
    places = np.zeros((digits, DIGIT), dtype=np.int64)
    for i in range(size):
        for digit in range(digits):
            places[digit, (keys[i] >> np.uint64(shift + digit * DIGIT_BITS)) & mask] += 1
    other, spare = np.empty(size, dtype=np.int32), np.empty(size, dtype=np.uint64)
    for digit in range(digits):
        place, total = places[digit], 0
        if place.max() == size:
            continue
        for value in range(DIGIT):
            here = place[value]
            place[value] = total
            total += here
        low = np.uint64(shift + digit * DIGIT_BITS)
        for i in range(size):
            value = (keys[i] >> low) & mask
            at = place[value]
            place[value] = at + 1
            other[at] = order[i]
            spare[at] = keys[i]
        order, other = other, order
        keys, spare = spare, keys
    return keys, order


@compiled
def _inserted(keys: Keys, order: Codes) -> bool:
    """Puts keys that are nearly in order into it; gives up after as many steps as there are keys."""
    left = len(keys)
    for i in range(1, len(keys)):
        key, row = keys[i], order[i]
        at = i
        while at > 0 and keys[at - 1] > key and left > 0:
            keys[at], order[at] = keys[at - 1], order[at - 1]
            at -= 1
            left -= 1
        keys[at], order[at] = key, row
        if left == 0:
            return False
    return True


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
