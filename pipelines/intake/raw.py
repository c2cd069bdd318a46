"""Raw files, kept as they came: named after their content, never changed, never overwritten."""

from __future__ import annotations

import contextlib
import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path

CHUNK = 1 << 22


def raw_name(content: bytes, suffix: str) -> str:
    """The name under which content is kept."""
    return f"{hashlib.sha256(content).hexdigest()}{suffix}"


@dataclass
class RawStore:
    """The folder of raw files. Files that a failed load had added can be taken out again.

    Attributes:
        folder: Where they lie, one file per content.
        added: Files that this object has added.
    """

    folder: Path
    added: list[Path] = field(default_factory=list)

    def keep(self, path: Path, suffix: str) -> Path:
        """Copy a file into the store and return where it lies.

        Args:
            path: The file to keep.
            suffix: What its name ends in there, such as ``.csv.gz``, so that it can be read again.

        Raises:
            OSError: The file cannot be read, or there is no room for it.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        digest = hashlib.sha256()
        partial = self.folder / f".{os.getpid()}.partial"
        try:
            with path.open("rb") as source, partial.open("wb") as target:
                while chunk := source.read(CHUNK):
                    digest.update(chunk)
                    target.write(chunk)
            kept = self.folder / f"{digest.hexdigest()}{suffix}"
            if not kept.exists():
                partial.rename(kept)
                self.added.append(kept)
        finally:
            partial.unlink(missing_ok=True)
        return kept

    def keep_bytes(self, content: bytes, suffix: str) -> Path:
        """Keep content that is in memory."""
        self.folder.mkdir(parents=True, exist_ok=True)
        kept = self.folder / raw_name(content, suffix)
        if not kept.exists():
            partial = self.folder / f".{os.getpid()}.partial"
            try:
                partial.write_bytes(content)
                partial.rename(kept)
            finally:
                partial.unlink(missing_ok=True)
            self.added.append(kept)
        return kept

    def forget_added(self) -> None:
        """Remove what this object has added: nothing of a load that failed is kept."""
        for path in self.added:
            with contextlib.suppress(FileNotFoundError):
                path.unlink()
        self.added.clear()
