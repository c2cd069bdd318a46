"""Lagging metrics: what the business ends up with. One file each, found by discovery."""
