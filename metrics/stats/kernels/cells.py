"""Sums over cells (group × repository), and over what cells are made of."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from metrics.stats.kernels.compiled import Codes, Floats, Integers, compiled
from metrics.stats.kernels.runs import begin_of_above

SMALL_TABLE = 1 << 20
"""Pairs of holder and repository that stand in a table: 4 MB, in the cache."""


@compiled
def _numbers_by_table(holders: Codes, repositories: Codes, holder_count: int, width: int) -> tuple[Codes, Integers]:
    """As `local_numbers`, by a table of all pairs."""
    numbers = np.full(holder_count * width, -1, dtype=np.int32)
    for i in range(len(holders)):
        numbers[holders[i] * width + repositories[i]] = 0
    counts = np.zeros(holder_count, dtype=np.int64)
    for holder in range(holder_count):
        count = 0
        for pair in range(holder * width, (holder + 1) * width):
            if numbers[pair] == 0:
                numbers[pair] = count
                count += 1
        counts[holder] = count
    local = np.empty(len(holders), dtype=np.int32)
    for i in range(len(holders)):
        local[i] = numbers[holders[i] * width + repositories[i]]
    return local, counts


@compiled
def local_numbers(holders: Codes, repositories: Codes, holder_count: int, width: int) -> tuple[Codes, Integers]:
    """Numbers repositories within each holder, in their order: (number per row, repositories per holder).

    Where there is room, the numbers stand in a table by holder and repository. Otherwise they are chained to the
    repository, for each is held by few holders, mostly one.
    """
    if holder_count * width <= SMALL_TABLE:
        by_table: tuple[Codes, Integers] = _numbers_by_table(holders, repositories, holder_count, width)
        return by_table
    first = np.full(width, -1, dtype=np.int32)
    capacity = max(width, 1024)
    holder_of, next_of = np.empty(capacity, dtype=np.int32), np.empty(capacity, dtype=np.int32)
    used = 0
    for i in range(len(holders)):
        link = first[repositories[i]]
        while link >= 0 and holder_of[link] != holders[i]:
            link = next_of[link]
        if link >= 0:
            continue
        if used == capacity:
            holder_of, next_of = np.concatenate((holder_of, holder_of)), np.concatenate((next_of, next_of))
            capacity *= 2
        holder_of[used], next_of[used] = holders[i], first[repositories[i]]
        first[repositories[i]] = used
        used += 1
    numbers = np.empty(used, dtype=np.int32)
    counts = np.zeros(holder_count, dtype=np.int64)
    for repository in range(width):
        link = first[repository]
        while link >= 0:
            numbers[link] = counts[holder_of[link]]
            counts[holder_of[link]] += 1
            link = next_of[link]
    local = np.empty(len(holders), dtype=np.int32)
    for i in range(len(holders)):
        link = first[repositories[i]]
        while holder_of[link] != holders[i]:
            link = next_of[link]
        local[i] = numbers[link]
    return local, counts


@compiled
def atom_sums(
    holders: Codes, local: Codes, places: Integers, days: Codes, atoms: Codes, atom_count: int, column: Floats
) -> Floats:
    """Sums of a column per repository of each holder and atom."""
    sums = np.zeros((places[-1], atom_count), dtype=np.float64)
    for i in range(len(holders)):
        if holders[i] >= 0:
            sums[places[holders[i]] + local[i], atoms[days[i]]] += column[i]
    return sums


@compiled
def atom_units(holders: Codes, local: Codes, places: Integers, days: Codes, atoms: Codes, atom_count: int) -> Floats:
    """Rows per repository of each holder and atom."""
    sums = np.zeros((places[-1], atom_count), dtype=np.float64)
    for i in range(len(holders)):
        if holders[i] >= 0:
            sums[places[holders[i]] + local[i], atoms[days[i]]] += 1
    return sums


@compiled
def _sums_of_one_window(by_atom: Floats, places: Integers, windows: Codes, segments: int) -> Floats:
    """As `window_sums`, of a single window a tier, such as a year: its cells are the repositories.

    Of the atoms outside nothing is looked at. Four repositories are added up side by side, each in the order of its
    atoms: none waits for the last sum of another.
    """
    sums = np.zeros(places[-1], dtype=np.float64)
    for holder in range(len(places) - 1):
        inside = np.flatnonzero(windows[holder // segments] == 0)
        place, last = places[holder], places[holder + 1]
        while place + 4 <= last:
            one, two, three, four = 0.0, 0.0, 0.0, 0.0
            for atom in inside:
                one += by_atom[place, atom]
                two += by_atom[place + 1, atom]
                three += by_atom[place + 2, atom]
                four += by_atom[place + 3, atom]
            sums[place], sums[place + 1], sums[place + 2], sums[place + 3] = one, two, three, four
            place += 4
        for each in range(place, last):
            for atom in inside:
                sums[each] += by_atom[each, atom]
    return sums


@compiled
def window_sums(
    by_atom: Floats, places: Integers, windows: Codes, segments: int, window_count: int, offsets: Integers
) -> Floats:
    """Sums per cell from those per atom; `windows` is the window of each tier's atom, negative for none."""
    if window_count == 1:
        of_one: Floats = _sums_of_one_window(by_atom, places, windows, segments)
        return of_one
    sums = np.zeros(offsets[-1], dtype=np.float64)
    for holder in range(len(places) - 1):
        first, tier = places[holder], holder // segments
        for place in range(first, places[holder + 1]):
            # Atoms of a window follow each other: what they come to is written down when the next window begins.
            before, cell, total = -1, 0, 0.0
            for atom in range(by_atom.shape[1]):
                window = windows[tier, atom]
                if window != before:
                    if before >= 0:
                        sums[cell] = total
                    if window >= 0:
                        cell = offsets[holder * window_count + window] + place - first
                        total = sums[cell]
                    before = window
                if window >= 0:
                    total += by_atom[place, atom]
            if before >= 0:
                sums[cell] = total
    return sums


@compiled
def cell_sums(codes: Codes, local: Codes, offsets: Integers, column: Floats) -> Floats:
    """Sum of a column over each cell."""
    sums = np.zeros(offsets[-1], dtype=np.float64)
    for i in range(len(codes)):
        if codes[i] >= 0:
            sums[offsets[codes[i]] + local[i]] += column[i]
    return sums


@compiled
def cell_units(codes: Codes, local: Codes, offsets: Integers) -> Floats:
    """Rows of each cell."""
    units = np.zeros(offsets[-1], dtype=np.float64)
    for i in range(len(codes)):
        if codes[i] >= 0:
            units[offsets[codes[i]] + local[i]] += 1
    return units


@compiled
def sums_and_variances(values: Floats, local: Codes, starts: Integers, offsets: Integers) -> tuple[Floats, Floats]:
    """Per cell, the sum of its units' values; per group, the variance of the mean for independent units.

    NaN for an empty group. The mean that squares are taken from is added up beside the cells' sums: one walk less.
    """
    totals, variances = np.zeros(offsets[-1], dtype=np.float64), np.full(len(starts) - 1, np.nan)
    for group in range(len(starts) - 1):
        begin, first, last = offsets[group], starts[group], starts[group + 1]
        count, total = last - first, 0.0
        if count == 0:
            continue
        for i in range(first, last):
            value = values[i]
            totals[begin + local[i]] += value
            total += value
        mean = total / count
        squares = 0.0
        for i in range(first, last):
            squares += (values[i] - mean) ** 2
        variances[group] = squares / count**2
    return totals, variances


@compiled
def units_at_most(
    values: Floats, local: Codes, first: Integers, last: Integers, offsets: Integers, thresholds: Floats
) -> tuple[Codes, Integers]:
    """Per threshold and cell, the units at or below the threshold of the cell's group; all units last.

    And per threshold and group, how many those are in all.

    A group is one or several runs of rows, `first` to `last` (groups × runs). `values` ascend within a run and `local`
    are their repositories; `thresholds` is groups × thresholds, ascending.
    """
    buckets, cells = thresholds.shape[1] + 1, offsets[-1]
    upto = np.zeros((buckets, cells), dtype=np.int32)
    reached = np.zeros((buckets, first.shape[0]), dtype=np.int64)
    for group in range(first.shape[0]):
        for run in range(first.shape[1]):
            begin, end = first[group, run], last[group, run]
            for bucket in range(buckets):
                # A bucket is a stretch of the run: its end is searched for, and then it is only counted.
                stop = end
                if bucket < buckets - 1:
                    stop = begin_of_above(values, begin, end, thresholds[group, bucket])
                counts = upto[bucket, offsets[group] :]
                for i in range(begin, stop):
                    counts[local[i]] += 1
                reached[bucket, group] += stop - first[group, run]
                begin = stop
    for bucket in range(1, buckets):
        for cell in range(cells):
            upto[bucket, cell] += upto[bucket - 1, cell]
    return upto, reached


@compiled
def run_sums(values: NDArray[Any], offsets: Integers) -> Floats:
    """Sums of consecutive runs of cells, one after another."""
    sums = np.zeros(len(offsets) - 1)
    for run in range(len(sums)):
        total = 0.0
        for i in range(offsets[run], offsets[run + 1]):
            total += values[i]
        sums[run] = total
    return sums


@compiled
def filled_cells(units: NDArray[Any], offsets: Integers) -> Integers:
    """Per group, the cells that have units."""
    filled = np.zeros(len(offsets) - 1, dtype=np.int64)
    for group in range(len(filled)):
        count = 0
        for cell in range(offsets[group], offsets[group + 1]):
            count += units[cell] > 0
        filled[group] = count
    return filled
