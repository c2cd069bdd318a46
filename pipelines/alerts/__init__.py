"""Alerts: who has been told of which finding, and who still has to be.

A finding (`metrics` decides what one is) becomes one alert, whose messages lie in a ledger before anything is sent:
what was not delivered waits there, what was delivered is not sent again.

    findings of a snapshot ─▶ look.py ─▶ ledger.py (alerts, messages, deliveries) ─▶ delivery.py ─▶ senders.py

Belongs here: comparing findings with what has been told, the words of a message, addresses, sending, acknowledging.
Does not belong here: what is a finding and how pressing it is (`metrics.findings`), when a build runs
(`pipelines.schedules`).
"""
