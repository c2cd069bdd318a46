"""Stages and checks of tables as Dagster's assets and asset checks: made of what is declared, and nothing added."""

from collections.abc import Iterator

import dagster as dg

from pipelines.build_store import BuildStore
from pipelines.stage import Asked, Asset, Made, Stage
from pipelines.table_checks import faults
from schemas.tables import PublishedTable


def assets_of(stage: Stage) -> dg.AssetsDefinition:
    """The assets of a stage, made in one step of a run."""

    @dg.multi_asset(
        name=stage.name,
        specs=[_spec(asset) for asset in stage.assets],
        can_subset=stage.is_divisible,
        check_specs=[
            dg.AssetCheckSpec(check.name, asset=dg.AssetKey(stage.name), description=check.description)
            for check in stage.checks
        ],
        config_schema={name: dg.Field(bool, default_value=value) for name, value in stage.settings.items()},
    )
    def run(
        context: dg.AssetExecutionContext, build: dg.ResourceParam[BuildStore]
    ) -> Iterator[dg.MaterializeResult[None]]:
        wanted = {key.to_user_string() for key in context.selected_asset_keys}
        for made in stage(build, Asked(wanted, context.log.warning, context.op_execution_context.op_config)):
            yield _result(made, stage)

    return run


def _spec(asset: Asset) -> dg.AssetSpec:
    return dg.AssetSpec(
        dg.AssetKey.from_user_string(asset.name),
        deps=[dg.AssetKey.from_user_string(dep) for dep in asset.deps],
        group_name=asset.group_name,
        description=asset.description,
        kinds=set(asset.kinds),
        code_version=asset.code_version,
        metadata=asset.metadata,
    )


def _result(made: Made, stage: Stage) -> dg.MaterializeResult[None]:
    key = dg.AssetKey.from_user_string(made.asset or stage.name)
    checked = [
        dg.AssetCheckResult(
            passed=each.passed,
            asset_key=key,
            check_name=each.check.name,
            severity=dg.AssetCheckSeverity.WARN,
            description=each.description,
        )
        for each in made.checked
    ]
    return dg.MaterializeResult(key, metadata=made.metadata, check_results=checked)


def check_of(table: type[PublishedTable]) -> dg.AssetChecksDefinition:
    """The check of a table: blocks whatever comes after it when a row breaks the schema."""

    @dg.asset_check(
        asset=table.table_name(), name="schema", blocking=True, description=f"Every row: {table.table_grain()}"
    )
    def schema(build: dg.ResourceParam[BuildStore]) -> dg.AssetCheckResult:
        fault = next(faults(build, table), None)
        return dg.AssetCheckResult(passed=fault is None, description=fault or "every row keeps the schema")

    return schema
