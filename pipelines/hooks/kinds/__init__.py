"""Senders of deliveries, one file each, found by discovery: how they sign, and what their events stand for.

Belongs here: from a payload to records as the connector of that host reads them, and what such a record does not show.
Does not belong here: what those records mean as event rows, which the connector says for pulls and pushes alike.
"""
