"""The workspace: its settings, registers, alert channels and hooks, each tried without doing anything."""

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from pipelines.alerts.addresses import address_of
from pipelines.constraints_of import constraints_of
from pipelines.doctor.model import Check, told
from pipelines.hooks.prepared import PreparedHook, prepared_hooks
from pipelines.hooks.spool import Spool, deliveries
from pipelines.intake.batch import take_in
from pipelines.intake.books import Load
from pipelines.intake.forms import suffix_of
from pipelines.intake.registers import REGISTERS, register_files
from pipelines.warehouse import Warehouse
from pipelines.working_hours import working_hours_of
from schemas.alert_settings import AlertChannel
from schemas.events import all_tables
from schemas.snapshot import SnapshotFolder
from schemas.workspace import FILE_NAME, Workspace

AREA = "Workspace"
ALERTS = "Alerts"
HOOKS = "Hooks"


def settings(workspace: Workspace) -> Iterator[Check]:
    """What plumbline.toml says, as far as nothing needs to be asked of anybody."""
    yield Check(AREA, "ok", f"{workspace.name}: {workspace.root / FILE_NAME} can be followed")
    if not os.access(workspace.root, os.W_OK):
        yield Check(AREA, "problem", f"{workspace.root} cannot be written", "check the folder's rights")
    yield from told(AREA, lambda: _constraints(workspace))
    yield from told(AREA, lambda: _working_hours(workspace))
    yield from told(AREA, lambda: _warehouse(workspace))
    yield from told(AREA, lambda: _registers(workspace))


def _constraints(workspace: Workspace) -> Iterator[Check]:
    count = len(constraints_of(workspace))
    yield Check(AREA, "ok", f"{count} constraints are judged, {len(workspace.constraints)} of them with own settings")


def _working_hours(workspace: Workspace) -> Iterator[Check]:
    found = working_hours_of(workspace)
    if found is not None:
        yield Check(AREA, "ok", f"working hours with {len(found.holidays):,} holidays")


def _warehouse(workspace: Workspace) -> Iterator[Check]:
    if not workspace.warehouse_path.exists():
        yield Check(AREA, "note", "nothing has been loaded yet", "`plumbline load DIR` or `plumbline ingest`")
        return
    with Warehouse.open(workspace, write=False):
        pass
    manifest = SnapshotFolder(workspace.state).current()
    if manifest is None:
        yield Check(AREA, "note", "the warehouse is in order; nothing has been built yet", "`plumbline build`")
    else:
        yield Check(AREA, "ok", f"the warehouse is in order; last build {manifest.created_at}")


def _registers(workspace: Workspace) -> Iterator[Check]:
    """Every register through the intake, into a warehouse that is thrown away."""
    files = register_files(workspace)
    with tempfile.TemporaryDirectory(prefix="plumbline-") as folder:
        path = Path(folder) / "warehouse.duckdb"
        rows, rejected, overlaps = _tried(workspace, files, path)
    for each in rejected:
        key = f" of {each['key']}" if each["key"] else ""
        what = f"{each['source']}: {each['column']}{key} {each['reason']} (it says {each['value']!r})"
        yield Check(AREA, "problem", what, "correct it there; the row is left out of every build")
    for each in overlaps:
        what = f"{REGISTERS}/tier_assignments.csv: {each['named']} has two tiers at once from {each['since']:%Y-%m-%d}"
        yield Check(AREA, "problem", what, "end the first where the second begins (valid_to)")
    if not rejected and not overlaps:
        yield Check(AREA, "ok", f"{len(files)} registers with {rows:,} rows are valid")


REJECTED = 'SELECT source, key, "column", value, reason FROM warehouse.quarantine ORDER BY ALL LIMIT 20'
OVERLAPS = """
    WITH numbered AS (
        SELECT coalesce(service, repo_id) AS named, service IS NULL AS is_repo, valid_from, valid_to, tier,
            row_number() OVER (ORDER BY valid_from, tier) AS place
        FROM warehouse.tier_assignments WHERE NOT deleted)
    SELECT a.named, min(b.valid_from) AS since FROM numbered AS a JOIN numbered AS b
        ON a.named = b.named AND a.is_repo = b.is_repo AND a.place < b.place
            AND b.valid_from < coalesce(a.valid_to, TIMESTAMP '9999-12-31')
    GROUP BY a.named ORDER BY a.named"""


def _tried(
    workspace: Workspace, files: Sequence[Path], path: Path
) -> tuple[int, list[dict[str, Any]], list[dict[str, Any]]]:
    """Rows read, those that the intake rejects, and tiers that overlap."""
    with Warehouse.open(workspace, write=True, path=path) as trial:
        rows = 0
        for number, file in enumerate(files, 1):
            with trial.transaction():
                rows += _read_register(trial, workspace, file, number)
        return rows, trial.rows(REJECTED), trial.rows(OVERLAPS)


def _read_register(trial: Warehouse, workspace: Workspace, path: Path, number: int) -> int:
    table = all_tables()[path.name.removesuffix(suffix_of(path))]
    load = Load(
        number, REGISTERS, path.name, datetime.now(UTC), path.name, path.name, workspace.timezone, is_register=True
    )
    return take_in(trial.connection, table, path, load).read


def alerts(workspace: Workspace, environment: Mapping[str, str]) -> Iterator[Check]:
    """Every channel's address, as far as it can be judged without sending."""
    for channel in workspace.alerts.channels:
        yield from told(ALERTS, partial(_channel, workspace, channel, environment))


def _channel(workspace: Workspace, channel: AlertChannel, environment: Mapping[str, str]) -> Iterator[Check]:
    import apprise  # a tenth of a second, spared by whoever has no channel

    address = address_of(workspace, channel, environment)
    if apprise.Apprise.instantiate(address.get_secret_value(), suppress_exceptions=True) is None:
        what = f"channel {channel.name!r}: what stands in {channel.address_hint} is no address"
        yield Check(ALERTS, "problem", what, "write it as Apprise does, such as slack://… or mailtos://…")
    else:
        yield Check(ALERTS, "ok", f"channel {channel.name!r} has an address; `plumbline alerts --test` tries it")


def hooks(workspace: Workspace, environment: Mapping[str, str]) -> Iterator[Check]:
    """Every hook's sender, source and secret, and deliveries that could not be read."""
    for hook in prepared_hooks(workspace, environment):
        yield from told(HOOKS, partial(_hook, hook))
    for each in Spool(workspace.state).counts():
        if each["unreadable"]:
            what = f"{deliveries(each['unreadable'])} to {each['hook']} could not be read ({each['reason']})"
            yield Check(HOOKS, "note", what, "they are kept; a later version may read them")


def _hook(hook: PreparedHook) -> Iterator[Check]:
    count = len(hook.secrets())
    several = f"; {count} secrets are good" if count > 1 else ""
    yield Check(HOOKS, "ok", f"{hook.settings.kind} deliveries are taken at /hooks/{hook.name}{several}")
