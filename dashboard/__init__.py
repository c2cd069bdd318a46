"""What people look at: pages on the newest published snapshot.

Belongs here: pages, charts, and the queries that read a snapshot's Parquet parts, read-only.

Does not belong here: arithmetic on events or facts (`metrics`), anything that writes, and imports from `pipelines`.
No file here may bear the name of a top-level package: Streamlit puts this folder first on the path of modules.
"""
