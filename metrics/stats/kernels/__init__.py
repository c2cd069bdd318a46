"""The loops over rows and cells, compiled: NumPy's sums in one pass instead of ten, for large organisations.

Each function here has a twin in NumPy beside the estimator that calls it (`stats.grouping`, `stats.distribution`,
`stats.successive`, `stats.product_limit`), which is what a small organisation runs: compiling costs seconds once,
importing the compiler half a second each time. Both are held equal by tests. Groups and cells are laid out as
`stats.grouping` says.

Belongs here: loops over arrays, without any knowledge of metrics. Does not: when they are worth it
(`stats.grouping.are_many`).
"""

from metrics.stats.kernels.cells import (
    atom_sums,
    atom_units,
    cell_sums,
    cell_units,
    filled_cells,
    local_numbers,
    run_sums,
    sums_and_variances,
    units_at_most,
    window_sums,
)
from metrics.stats.kernels.groups import (
    bin_counts,
    carried_at,
    carried_in_groups,
    day_codes,
    sorted_by_day,
    sorted_into_groups,
    tier_days,
    units_by_day,
    units_by_group,
)
from metrics.stats.kernels.orders import ascending, pack, unpacked
from metrics.stats.kernels.runs import order_statistics, quantiles, values_at
from metrics.stats.kernels.shares import concentrations
from metrics.stats.kernels.spans import (
    day_numbers,
    days_of_weeks,
    held_weeks,
    open_days,
    open_levels,
    units_by_week,
)
from metrics.stats.kernels.survival import product_limit_quantiles
from metrics.stats.kernels.variances import (
    beyond_independence,
    differences,
    influences,
    shares_of_pairs,
    spreads,
    sums_over_pairs,
    year_sums,
)

__all__ = [
    "ascending",
    "atom_sums",
    "atom_units",
    "beyond_independence",
    "bin_counts",
    "carried_at",
    "carried_in_groups",
    "cell_sums",
    "cell_units",
    "concentrations",
    "day_codes",
    "day_numbers",
    "days_of_weeks",
    "differences",
    "filled_cells",
    "held_weeks",
    "influences",
    "local_numbers",
    "open_days",
    "open_levels",
    "pack",
    "order_statistics",
    "product_limit_quantiles",
    "quantiles",
    "run_sums",
    "shares_of_pairs",
    "sorted_by_day",
    "sorted_into_groups",
    "spreads",
    "sums_and_variances",
    "sums_over_pairs",
    "tier_days",
    "units_at_most",
    "units_by_day",
    "units_by_group",
    "units_by_week",
    "unpacked",
    "values_at",
    "window_sums",
    "year_sums",
]
