"""The checks as people read them: by area, each with its state, and below it what to do."""

from typing import TextIO

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from pipelines.doctor.model import Check

MARKS = {"ok": ("✓", "green"), "info": ("·", ""), "note": ("!", "yellow"), "problem": ("✗", "red")}
WIDTH_WITHOUT_TERMINAL = 120


class Report:
    """Prints checks as they come; a moving line says which host is being asked, where there is a terminal."""

    def __init__(self, output: TextIO, errors: TextIO) -> None:
        width = None if output.isatty() else WIDTH_WITHOUT_TERMINAL
        self._console = Console(file=output, highlight=False, width=width)
        self._errors = Console(file=errors)
        self._status = self._errors.status("") if errors.isatty() else None
        self._area = ""

    def begins(self, name: str) -> None:
        """A host is about to be asked."""
        if self._status:
            self._status.update(Text(f"asking {name} …"))
            self._status.start()

    def show(self, check: Check) -> None:
        """Print one."""
        if check.area != self._area:
            self._console.print(Text(f"{chr(10) if self._area else ''}{check.area}", style="bold"))
            self._area = check.area
        mark, colour = MARKS[check.state]
        row = Table.grid(padding=(0, 1))
        text = Text(check.what)
        if check.advice:
            text.append(f"\n→ {check.advice}", style="" if check.state == "ok" else "bold")
        row.add_row(Text(mark, style=colour), text)
        self._console.print(Padding(row, (0, 0, 0, 2), expand=False))

    def end(self, problems: int, notes: int) -> None:
        """Print the sum."""
        if self._status:
            self._status.stop()
        counts = {"problem": problems, "note": notes}
        told = ", ".join(f"{count} {word}{'s' if count != 1 else ''}" for word, count in counts.items() if count)
        self._console.print(Text(f"\n{told or 'all in order'}", style="bold"))
