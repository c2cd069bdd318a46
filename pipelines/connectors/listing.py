"""What is not believed of the pages of a listing: that they repeat, lead back, or never end."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MAXIMUM_PAGES = 20_000
"""A listing longer than this (two million elements of 100 a page) is taken for one that never ends."""
MAXIMUM_EMPTY_PAGES = 3
"""Empty pages in a row that still name a next one."""

Query = Mapping[str, str | int | None]
"""Parameters of a request; those that are None are left out."""


@dataclass(frozen=True)
class Page:
    """One page of a listing: its elements and the address of the next, if any."""

    items: list[Any]
    next_url: str | None


class Astray(Exception):
    """A listing that is not followed any further, and why, in words; the client says where."""


@dataclass
class ListingGuard:
    """Looks at the pages of one listing as they come. Raises Astray."""

    contents: set[bytes] = field(default_factory=set)
    empty: int = 0

    def check(self, items: object, has_next: bool) -> list[Any]:
        """The page's elements, if it is one and brings the listing on."""
        if not isinstance(items, list):
            raise Astray("answered with something other than a list")
        self.empty = 0 if items else self.empty + 1
        digest = hashlib.sha256(json.dumps(items, sort_keys=True).encode()).digest()
        if items and digest in self.contents:
            raise Astray("repeats a page of its listing")
        if has_next and (self.empty >= MAXIMUM_EMPTY_PAGES or len(self.contents) >= MAXIMUM_PAGES):
            raise Astray("names a next page without end")
        self.contents.add(digest)
        return items
