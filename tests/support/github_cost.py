"""What GitHub charges for a query, by its published rule, and how many nodes it may touch.

"Add up the number of requests needed to fulfill each unique connection in the call. Assume every request will reach the
first or last argument limits. Divide the number by 100 and round the result to the nearest whole number."
(https://docs.github.com/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api)
"""

from collections.abc import Mapping
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentSpreadNode,
    GraphQLNamedType,
    GraphQLObjectType,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
)

from tests.support.github_graphql import github_schema


@dataclass
class Cost:
    """Requests by GitHub's count, and nodes."""

    requests: int = 0
    nodes: int = 0

    @property
    def points(self) -> int:
        """What is taken from the hourly budget."""
        return max(1, round(self.requests / 100))


def cost_of(document: DocumentNode, variables: Mapping[str, object]) -> Cost:
    """The cost of a query with these variables."""
    cost = Cost()
    for definition in document.definitions:
        assert isinstance(definition, OperationDefinitionNode)
        query = github_schema().query_type
        assert query is not None
        _walk(definition.selection_set, query, 1, variables, cost)
    return cost


def _walk(
    selections: SelectionSetNode, parent: GraphQLNamedType, times: int, variables: Mapping[str, object], cost: Cost
) -> None:
    for selection in selections.selections:
        assert not isinstance(selection, FragmentSpreadNode)
        if isinstance(selection, InlineFragmentNode):
            assert selection.type_condition is not None
            kind = github_schema().type_map[selection.type_condition.name.value]
            _walk(selection.selection_set, kind, times, variables, cost)
        if (
            not isinstance(selection, FieldNode)
            or not isinstance(parent, GraphQLObjectType)
            or not selection.selection_set
        ):
            continue
        kind = get_named_type(parent.fields[selection.name.value].type)
        below = times
        if kind.name.endswith("Connection"):
            cost.requests += times
            below = times * _size(selection, variables)
            cost.nodes += below
        _walk(selection.selection_set, kind, below, variables, cost)


def _size(field: FieldNode, variables: Mapping[str, object]) -> int:
    """What a connection may hold; one that is only counted holds nothing."""
    for argument in field.arguments:
        if argument.name.value in ("first", "last"):
            if isinstance(argument.value, VariableNode):
                return int(str(variables[argument.value.name.value]))
            assert isinstance(argument.value, IntValueNode)
            return int(argument.value.value)
    return 0
