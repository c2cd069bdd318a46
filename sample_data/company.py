"""Who works at the sample organisation, on what, and since when with AI: its fixed structure, the same for every seed.

Instants in this package are seconds since 1970-01-01T00:00Z in float arrays until the tables are made.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime

HOST = "git.halyard.example"
OWNER = "halyard"
FIRST_DAY = date(2024, 11, 1)
CUT = datetime(2026, 11, 1, tzinfo=UTC)
# Work that was under way on the first day began earlier: without a run-up the first weeks would show fast changes only.
RUN_UP_START = datetime(2024, 9, 2, tzinfo=UTC)
TIERS = (1, 2, 3, 4)


@dataclass(frozen=True)
class Team:
    """A team, where it sits and how many engineers it had in the first and in the last month."""

    name: str
    time_zone: str
    engineers_first: int
    engineers_last: int


@dataclass(frozen=True)
class Unit:
    """A deployable unit: a repository, or one of the services of a monorepo.

    Attributes:
        repository: the name without owner.
        service: the service's id.
        tier: 1 to 4, 4 the most critical.
        team: name of the owning team.
        weight: share of the tier's work relative to its other units.
        link: how its deployments name their changes: explicit, sha, next (they do not), none (it has no deployments).
        onboarded: the day of its onboarding to AI assistance, None for never.
        commit_source: where first commits are known from: commits, column (of changes only) or none.
        has_staging: whether a staging deployment goes before each production deployment.
        is_watched: whether anything watches its outcomes (register coverage).
        environment: the name of its production environment.
    """

    repository: str
    service: str
    tier: int
    team: str
    weight: float
    link: str
    onboarded: date | None
    commit_source: str = "commits"
    has_staging: bool = False
    is_watched: bool = True
    environment: str = "production"

    @property
    def repo_id(self) -> str:
        """The repository's id by the convention host:owner/name."""
        return f"{HOST}:{OWNER}/{self.repository}"


TEAMS = (
    Team("acquiring", "Europe/Berlin", 9, 10),
    Team("core-ledger", "Europe/Berlin", 8, 9),
    Team("identity-and-access", "America/New_York", 8, 8),
    Team("financial-crime", "Europe/London", 7, 8),
    Team("customer-accounts", "America/New_York", 9, 10),
    Team("digital-banking", "Asia/Kolkata", 10, 12),
    Team("lending", "Europe/London", 8, 9),
    Team("merchant-tools", "Asia/Kolkata", 8, 9),
    Team("data-and-reporting", "Europe/Berlin", 8, 8),
    Team("partner-integrations", "America/New_York", 6, 6),
    Team("developer-platform", "Europe/Berlin", 7, 9),
    Team("web-and-brand", "Europe/London", 5, 5),
)

# Tier 3 began before tier 2 was through: that haste is part of the story (a finding of risk staging).
UNITS = (
    Unit("payments-gateway", "payments-gateway", 4, "acquiring", 1.5, "explicit", date(2025, 11, 24), has_staging=True),
    Unit("settlement", "settlement", 4, "acquiring", 1.0, "sha", date(2025, 12, 1), has_staging=True),
    Unit("card-vault", "card-vault", 4, "acquiring", 0.7, "explicit", date(2026, 1, 12), has_staging=True),
    Unit("ledger", "ledger", 4, "core-ledger", 1.4, "explicit", date(2025, 11, 24), has_staging=True),
    Unit("transfers", "transfers", 4, "core-ledger", 1.1, "next", date(2025, 12, 1)),
    Unit("identity", "identity", 4, "identity-and-access", 1.3, "sha", date(2025, 12, 8), has_staging=True),
    Unit("authorization", "authorization", 4, "identity-and-access", 1.0, "sha", date(2025, 12, 8)),
    Unit("key-management", "key-management", 4, "identity-and-access", 0.5, "next", None),
    Unit("fraud-scoring", "fraud-scoring", 4, "financial-crime", 1.0, "explicit", date(2026, 2, 2)),
    Unit("sanctions-screening", "sanctions-screening", 4, "financial-crime", 0.5, "next", date(2026, 6, 8)),
    Unit("billing", "billing", 3, "customer-accounts", 1.3, "explicit", date(2025, 11, 10), has_staging=True),
    Unit("customer-profile", "customer-profile", 3, "customer-accounts", 1.2, "sha", date(2025, 11, 10)),
    Unit("statements", "statements", 3, "customer-accounts", 0.8, "next", date(2025, 12, 8)),
    Unit("mobile-banking-api", "mobile-banking", 3, "digital-banking", 1.4, "explicit", date(2025, 11, 3)),
    Unit("web-banking", "web-banking", 3, "digital-banking", 1.3, "sha", date(2025, 11, 3), has_staging=True),
    Unit("notifications", "notifications", 3, "digital-banking", 0.9, "next", date(2025, 11, 24)),
    Unit("customer-onboarding", "customer-onboarding", 3, "financial-crime", 0.9, "explicit", date(2026, 1, 5)),
    Unit("disputes", "disputes", 3, "financial-crime", 0.7, "next", date(2026, 5, 4)),
    Unit("limits", "limits", 3, "core-ledger", 0.5, "sha", None),
    Unit("lending-platform", "loan-servicing", 3, "lending", 1.0, "explicit", date(2025, 12, 15)),
    Unit("lending-platform", "loan-calculator", 2, "lending", 0.8, "explicit", date(2025, 12, 15)),
    Unit(
        "merchant-portal", "merchant-portal", 2, "merchant-tools", 1.4, "explicit", date(2025, 11, 3), has_staging=True
    ),
    Unit("pricing", "pricing", 2, "merchant-tools", 1.0, "sha", date(2025, 11, 3)),
    Unit("support-desk", "support-desk", 2, "merchant-tools", 0.9, "next", date(2025, 11, 17)),
    Unit("reporting", "reporting", 2, "data-and-reporting", 1.3, "explicit", date(2025, 11, 10)),
    Unit("data-warehouse-jobs", "data-warehouse-jobs", 2, "data-and-reporting", 1.1, "sha", date(2025, 11, 17)),
    Unit("search", "search", 2, "data-and-reporting", 0.9, "next", date(2025, 12, 1), "column"),
    Unit("partner-api", "partner-api", 2, "partner-integrations", 1.2, "sha", date(2025, 11, 24), has_staging=True),
    Unit("crm-sync", "crm-sync", 2, "partner-integrations", 0.6, "next", date(2026, 4, 13), "none"),
    Unit("feature-flags", "feature-flags", 2, "developer-platform", 0.6, "explicit", None),
    Unit("infrastructure-config", "infrastructure-config", 1, "developer-platform", 1.8, "sha", date(2025, 11, 3)),
    Unit("build-tools", "build-tools", 1, "developer-platform", 1.0, "none", date(2025, 11, 3)),
    Unit("developer-portal", "developer-portal", 1, "developer-platform", 1.0, "explicit", date(2025, 11, 10)),
    Unit("service-catalogue", "service-catalogue", 1, "developer-platform", 0.9, "sha", date(2025, 11, 17)),
    Unit("sandbox", "sandbox", 1, "partner-integrations", 0.8, "next", date(2025, 12, 1)),
    Unit("status-page", "status-page", 1, "partner-integrations", 0.5, "sha", None, environment="live"),
    Unit("design-system", "design-system", 1, "web-and-brand", 1.2, "none", date(2025, 11, 10)),
    Unit("marketing-site", "marketing-site", 1, "web-and-brand", 1.3, "explicit", date(2025, 11, 17)),
    Unit("careers-site", "careers-site", 1, "web-and-brand", 0.5, "next", date(2026, 3, 2), "none"),
    Unit("help-centre", "help-centre", 1, "web-and-brand", 0.8, "next", date(2026, 1, 19), "column"),
    Unit("internal-wiki", "internal-wiki", 1, "web-and-brand", 0.6, "next", None, is_watched=False),
)

REPOSITORIES = tuple(dict.fromkeys(unit.repository for unit in UNITS))
