"""What the register of tiers ever said is kept, so that back-dating a tier is found out."""

from datetime import UTC, datetime
from pathlib import Path

from pipelines.intake.registers import load_registers
from pipelines.warehouse import Warehouse
from schemas.workspace import load_workspace

HEADER = "repo_id,tier,valid_from\n"


def test_every_version_of_a_row_is_kept_once(tmp_path: Path) -> None:
    (tmp_path / "plumbline.toml").write_text('name = "w"\n')
    register = tmp_path / "registers" / "tier_assignments.csv"
    register.parent.mkdir()
    states = ["r,3,2025-01-01\n", "r,3,2025-01-01\n", "r,2,2025-01-01\n", "r,2,2024-01-01\n"]
    for day, rows in enumerate(states, start=1):
        register.write_text(HEADER + rows)
        with Warehouse.open(load_workspace(tmp_path), write=True) as warehouse:
            load_registers(warehouse, now=datetime(2026, 1, day, tzinfo=UTC))
            found = warehouse.rows(
                "select tier, valid_from, observed_at, deleted from warehouse.tier_statements order by"
                " observed_at, deleted"
            )
    told = [(row["tier"], row["valid_from"].year, row["observed_at"].day, row["deleted"]) for row in found]
    assert told == [(3, 2025, 1, False), (2, 2025, 3, False), (2, 2024, 4, False), (2, 2025, 4, True)]
