"""The table `comparisons`, of which what was settled long ago is named again as long as all that it rests on is there.

A comparison is made of contrasts of its own window alone, and of the register of control changes. Contrasts of windows
that were over long ago lie in parts of their own (`pipelines.kept_metrics`), which a refresh names again where nothing
in them changed; where it has named all of them, the comparisons made of them are those of the build before. They are
three quarters of all. `build --full` makes them anew, and small organisations keep nothing.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import polars as pl

from metrics.comparisons import comparisons as compared
from metrics.definitions import all_metrics
from pipelines.build_store import BuildStore
from pipelines.parts import read_record, replace_text, write_frame
from pipelines.reuse import program, settled_contrasts
from schemas.snapshot import Part

TABLE = "comparisons"
SETTLED = "settled"
"""The partition of comparisons that rest on settled contrasts."""
RECORD = "settled_comparisons.json"


def write_comparisons(build: BuildStore, control_changes: pl.DataFrame) -> int:
    """Make the table; gives how many rows it has.

    Args:
        build: has the contrasts.
        control_changes: the register as of the cut.
    """
    names = {part.name for part in settled_contrasts(build.folder.state)}
    paths = build.paths("contrasts")
    settled = [path for path in paths if path.name in names]
    build.write(TABLE, _compared([path for path in paths if path.name not in names], control_changes))
    if settled:
        build.add_partitions(TABLE, {SETTLED: (_settled(build, settled, control_changes),)})
    else:
        (build.folder.state / RECORD).unlink(missing_ok=True)
    return build.tables()[TABLE].rows


def _compared(paths: Sequence[Path], control_changes: pl.DataFrame) -> pl.DataFrame:
    contrasts = pl.read_parquet(list(paths))
    return compared(contrasts, all_metrics(), control_changes=control_changes)


def _settled(build: BuildStore, paths: Sequence[Path], control_changes: pl.DataFrame) -> Part:
    """The comparisons of settled contrasts: those of the build before, if they rest on the same, else made."""
    state, parts = build.folder.state, build.folder.parts
    rests_on = json.dumps([program(), sorted(path.name for path in paths), control_changes.rows()], default=str)
    key = hashlib.sha256(rests_on.encode()).hexdigest()
    stored = {} if build.is_full else read_record(state / RECORD)
    if stored.get("key") == key and (parts / Part(**stored["part"]).name).exists():
        return Part(**stored["part"])
    part = write_frame(_compared(paths, control_changes), parts)
    replace_text(state / RECORD, json.dumps({"key": key, "part": asdict(part)}))
    return part
