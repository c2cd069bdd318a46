"""Streamlit with everything that pages need already imported: `python -m dashboard run APP …`.

The first reader after a start would otherwise wait for polars, DuckDB, plotly and every definition to be loaded.
"""

from streamlit.web.cli import main

from dashboard.views import all_views
from metrics.definitions import all_metrics

if __name__ == "__main__":
    all_views()
    all_metrics()
    main(prog_name="streamlit")
