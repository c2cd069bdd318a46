"""Streamlit with everything that pages need already imported: `python -m dashboard run APP …`.

The first reader after a start would otherwise wait for polars, DuckDB, plotly and every definition to be loaded.
"""

import logging

from streamlit.logger import get_logger
from streamlit.web.cli import main


def load_pages() -> None:
    """Import every page and definition."""
    # Caches that are declared before the server runs are warned of; they are filled by the server all the same.
    get_logger("streamlit.runtime.caching.cache_data_api").setLevel(logging.ERROR)
    from dashboard.views import all_views
    from metrics.definitions import all_metrics

    all_views()
    all_metrics()


if __name__ == "__main__":
    load_pages()
    main(prog_name="streamlit")
