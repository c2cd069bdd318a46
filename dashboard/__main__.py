"""Streamlit with everything that pages need already imported: `python -m dashboard run APP …`.

The first reader after a start would otherwise wait for polars, DuckDB, plotly and every definition to be loaded.
"""

import gc
import inspect
import logging

from streamlit.logger import get_logger
from streamlit.web.cli import main


def load_pages() -> None:
    """Import every page and definition, and what their first run would import or look up."""
    # Caches that are declared before the server runs are warned of; they are filled by the server all the same.
    get_logger("streamlit.runtime.caching.cache_data_api").setLevel(logging.ERROR)
    import dashboard.constraints  # noqa: F401 -- as the pages' script does
    from dashboard.views import all_views
    from metrics.definitions import all_metrics
    from schemas.published import all_tables

    all_views()
    all_metrics()
    for table in all_tables().values():
        table.table_columns()
    load_what_others_load_late()


def load_what_others_load_late() -> None:
    """What Streamlit and DuckDB import, or look up, the first time that a page needs it: half a second."""
    import duckdb
    import PIL.Image  # noqa: F401 -- Streamlit, to show the page's icon

    with duckdb.connect() as connection:
        connection.execute("select ?", [0]).pl()  # a query with parameters imports pandas
    inspect.stack()  # Streamlit asks who calls it, which at first looks through all modules


def leave_alone_what_stays() -> None:
    """Keep what has been loaded out of the search for reference cycles.

    Streamlit makes one after each run of a page, before the browser is told that the run has finished: among all
    modules it takes a tenth of a second, as long as most pages.
    """
    gc.collect()
    gc.freeze()


if __name__ == "__main__":
    load_pages()
    leave_alone_what_stays()
    main(prog_name="streamlit")
