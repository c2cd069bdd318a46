"""Time to restore: how long incidents last, and how long a service was down."""

from datetime import date

from metrics.model import Distribution, Downtime, Example, Metric, Revision, Unfinished

METRIC = Metric(
    id="time_to_restore",
    name="Time to restore",
    side="lagging",
    place=60,
    headline=True,
    unit="hours",
    direction="lower",
    formula=(
        "Hours from the opening of an incident to its resolution, by the opening. Open incidents are not in the"
        " quantiles; the product-limit figures (km_p50, km_p90) count them for as long as they have been seen."
        " `downtime` is the hours in which a service had at least one open incident, summed over services:"
        " overlapping incidents of a service count once. Left out: incidents of services from before they were"
        " watched."
    ),
    source="incidents (opened_at, resolved_at); incident_facts.restore_seconds",
    estimators=(
        Distribution(
            fact="incident_facts",
            time="opened_at",
            value="restore_seconds / 3600",
            where="_incidents_watched",
            unfinished=Unfinished(
                fact="incident_facts", start="opened_at", end="resolved_at", where="_incidents_watched"
            ),
        ),
        Downtime(fact="incident_facts", start="opened_at", end="resolved_at", where="_incidents_watched"),
    ),
    inputs=("incidents",),
    watched=("incidents",),
    caveats=(
        "A single long outage moves the mean and hardly the median: read p90 and downtime beside it.",
        "Resolved is when somebody closed the incident, which may be long after the service was back.",
        "An incident stands in the tier of its service, the most critical one where the service spans several.",
    ),
    examples=(
        Example(
            says=(
                "Incidents of 1, 9 and 2 hours of one service; the last two overlap by an hour, so that the service"
                " was down for eleven hours, not twelve."
            ),
            start=date(2026, 2, 1),
            facts={
                "incident_facts": [
                    {
                        "opened_at": "2026-02-03 10:00",
                        "resolved_at": "2026-02-03 11:00",
                        "restore_seconds": 3600,
                        "service": "payments",
                    },
                    {
                        "opened_at": "2026-02-10 08:00",
                        "resolved_at": "2026-02-10 17:00",
                        "restore_seconds": 9 * 3600,
                        "service": "payments",
                    },
                    {
                        "opened_at": "2026-02-10 16:00",
                        "resolved_at": "2026-02-10 18:00",
                        "restore_seconds": 2 * 3600,
                        "service": "payments",
                    },
                ]
            },
            expect={"n": 3, "mean": 4.0, "p50": 2.0, "km_p50": 2.0, "downtime": 11.0},
        ),
        Example(
            says=(
                "Two resolved after 1 and 3 hours, two still open at the cut after 2 and 100: half of all are"
                " restored within three hours at best."
            ),
            start=date(2026, 2, 1),
            cut=date(2026, 2, 11),
            facts={
                "incident_facts": [
                    {"opened_at": "2026-02-03 10:00", "resolved_at": "2026-02-03 11:00", "restore_seconds": 3600},
                    {"opened_at": "2026-02-03 10:00", "resolved_at": "2026-02-03 13:00", "restore_seconds": 3 * 3600},
                    {"opened_at": "2026-02-10 22:00"},
                    {"opened_at": "2026-02-06 20:00"},
                ]
            },
            expect={"n": 2, "p50": 2.0, "km_p50": 3.0, "km_p90": None},
        ),
    ),
    revisions=(Revision(version="1.0.0", effective_at=date(2026, 11, 20), change="First version."),),
)
