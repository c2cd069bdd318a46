"""pandera is imported without pandas, and whoever wants pandas afterwards, or meanwhile on another thread, has it."""

import subprocess
import sys

BUILD = """
import sys
import pipelines.run_build, pipelines.table_checks, pipelines.definitions
print("pandas" in sys.modules)
"""
AROUND = """
import sys, threading
from importlib.util import find_spec
from schemas.pandera_of_polars import without_pandas

def found():
    try:
        return find_spec("pandas") is not None
    except ModuleNotFoundError:
        return False

beside = []
with without_pandas():
    here = found()
    thread = threading.Thread(target=lambda: beside.append(found()))
    thread.start()
    thread.join()
print(here, beside, found())
"""


def _printed(program: str) -> str:
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.strip()


def test_a_build_imports_no_pandas() -> None:
    assert _printed(BUILD) == "False"


def test_only_the_block_and_its_thread_go_without() -> None:
    assert _printed(AROUND) == "False [True] True"
