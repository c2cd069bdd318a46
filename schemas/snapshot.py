"""What a published snapshot is: a manifest that names, per table, immutable Parquet parts by their content.

Layout below the workspace's `.plumbline/`: `parts/<sha256>.parquet`, `snapshots/<snapshot_id>.json`, and
`snapshots/current`, one line that holds the id of the newest. A manifest never changes once its name is in `current`,
so a reader never sees half a build. Writing them is the pipelines' work (`pipelines.stages.publish`); this module
holds their form and how to read them.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

STATE_FOLDER = ".plumbline"
FORMAT = 1
"""Version of the manifest's form; a reader refuses a newer one than it knows."""


@dataclass(frozen=True)
class Part:
    """One immutable Parquet file. `bytes` is its size; the file is named after `sha256`."""

    sha256: str
    rows: int
    bytes: int

    @property
    def name(self) -> str:
        """The file's name within the folder of parts."""
        return f"{self.sha256}.parquet"


@dataclass(frozen=True)
class SnapshotTable:
    """A table of a snapshot: its parts in order. An internal one carries what later stages need; it is not exported."""

    parts: tuple[Part, ...]
    internal: bool = False

    @property
    def rows(self) -> int:
        """Rows of all parts."""
        return sum(part.rows for part in self.parts)


@dataclass(frozen=True)
class Manifest:
    """One published snapshot. Instants are ISO-8601 in UTC with `Z`; `definitions` maps ids to versions."""

    snapshot_id: str
    created_at: str
    as_of: str
    known_at: str | None
    workspace: str
    timezone: str
    definitions: Mapping[str, str]
    tables: Mapping[str, SnapshotTable]
    format: int = FORMAT

    def to_json(self) -> str:
        """The manifest as it is stored: sorted keys, so that equal manifests are equal files."""
        return json.dumps(asdict(self), indent=1, sort_keys=True, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "Manifest":
        """Read what `to_json` wrote.

        Raises:
            ValueError: the text is no manifest, or of a newer format than this version knows.
        """
        raw: dict[str, Any] = json.loads(text)
        if raw.get("format", 0) > FORMAT:
            raise ValueError(
                f"manifest format {raw['format']} is newer than this version of Plumbline knows ({FORMAT})"
            )
        tables = {
            name: SnapshotTable(tuple(Part(**part) for part in table["parts"]), table["internal"])
            for name, table in raw.pop("tables").items()
        }
        return cls(tables=tables, **raw)


@dataclass(frozen=True)
class SnapshotFolder:
    """Where a workspace keeps its snapshots. `state` is the workspace's `.plumbline` folder."""

    state: Path

    @classmethod
    def of_workspace(cls, workspace: Path) -> "SnapshotFolder":
        """The snapshots of the workspace in that folder."""
        return cls(workspace / STATE_FOLDER)

    @property
    def parts(self) -> Path:
        """The folder of immutable Parquet files."""
        return self.state / "parts"

    @property
    def manifests(self) -> Path:
        """The folder of manifests."""
        return self.state / "snapshots"

    @property
    def pointer(self) -> Path:
        """The one-line file that names the newest snapshot."""
        return self.manifests / "current"

    @property
    def pins(self) -> Path:
        """The folder of pins: a file named after a snapshot keeps it from being removed, and says why."""
        return self.manifests / "pinned"

    def manifest_path(self, snapshot_id: str) -> Path:
        """Where the manifest of a snapshot lies."""
        return self.manifests / f"{snapshot_id}.json"

    def part_paths(self, table: SnapshotTable) -> list[Path]:
        """The files of a table, in order."""
        return [self.parts / part.name for part in table.parts]

    def current_id(self) -> str | None:
        """The id of the newest snapshot, or None before the first build."""
        try:
            return self.pointer.read_text(encoding="utf-8").strip() or None
        except FileNotFoundError:
            return None

    def read(self, snapshot_id: str) -> Manifest:
        """One manifest by id.

        Raises:
            FileNotFoundError: there is no such snapshot.
            ValueError: its manifest cannot be read by this version.
        """
        return Manifest.from_json(self.manifest_path(snapshot_id).read_text(encoding="utf-8"))

    def current(self) -> Manifest | None:
        """The newest snapshot, or None before the first build."""
        snapshot_id = self.current_id()
        return self.read(snapshot_id) if snapshot_id else None
