"""Plausible wrongness."""

from metrics.failure_mode_model import FailureMode, ModeExample
from metrics.signals import Violation, Worsened

FAILURE_MODE = FailureMode(
    id="plausible_wrongness",
    name="Plausible wrongness",
    explanation=(
        "Code that reads well and passes every gate is wrong where nobody looked: it fails later, in production."
    ),
    signals=(
        Violation("speed_vs_escape"),
        Violation("gates_vs_stability"),
        Worsened("escaped_defects"),
        Worsened("gate_passing_validated_share", rises=False),
    ),
    controls=(
        ("gates", "tests of behaviour, written before the change, on critical paths"),
        ("context", "invariants and past incidents in the context package"),
        ("measurement", "escapes attributed to the change that caused them"),
    ),
    examples=(
        ModeExample(
            says="Speed was bought with escapes.",
            status="present",
            verdicts=({"constraint": "speed_vs_escape", "status": "violated"},),
        ),
        ModeExample(
            says="Escapes fell, and gates mean what they say.",
            status="clear",
            verdicts=({"constraint": "gates_vs_stability", "status": "holds"},),
            comparisons=(
                {
                    "metric": "escaped_defects",
                    "statistic": "rate",
                    "baseline_value": 8.0,
                    "value": 6.0,
                    "change": -2.0,
                    "change_ci_low": -3.5,
                    "change_ci_high": -0.5,
                },
            ),
        ),
    ),
)
