"""The ROI report as canonical JSON, written as every brief is."""

from pipelines.exports.brief_json import render

__all__ = ["render"]
