"""What is loaded before the server starts."""

import subprocess
import sys

CODE = """
import gc, sys
from dashboard.__main__ import leave_alone_what_stays, load_pages
load_pages()
import duckdb
before = set(sys.modules)
duckdb.connect().execute("select ?", [1]).pl()
late = sorted(set(sys.modules) - before)
leave_alone_what_stays()
print([late, {"plotly", "PIL.Image", "dashboard.constraints"} <= set(sys.modules), gc.get_freeze_count() > 100_000])
"""


def test_the_first_reader_waits_for_no_import_and_no_search_among_modules() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[[], True, True]"
