"""Pure functions of frames and relations: from event tables to facts, metric values, comparisons, verdicts and texts.

Belongs here: definitions (one file a metric, constraint or failure mode), the one aggregator that runs them,
estimators, facts, and the content of briefs. Does not belong here: files, network, clocks, orchestration, looks. What
time it is, where data lie and how they are shown is for the caller; no Dagster, Streamlit or HTTP client is imported.
Only `metrics.facts`, and the aggregator with what it stands on and reuses, use DuckDB, on connections that are handed
to them.
"""
