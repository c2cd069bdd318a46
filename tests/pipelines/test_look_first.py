"""The records behind a verdict: of each guardrail in turn, by address where one is known."""

from pipelines.look_first import look_first, worst_records


def test_the_worst_of_each_guardrail_in_turn() -> None:
    worst = [{"kind": "deployment", "id": f"d-{n}", "url": f"https://deploy.example/{n}"} for n in (1, 2, 3)]
    unknown = [{"kind": "incident", "id": "i-9", "url": None}]
    records = [{"metric": "rollback_rate", "worst": worst}, {"metric": "incident_rate", "worst": unknown}]
    assert look_first({"records": records}) == (
        " Look first at https://deploy.example/1, i-9 and https://deploy.example/2"
    )
    assert look_first({"records": []}) == look_first({}) == ""


def test_a_record_behind_two_guardrails_is_named_once() -> None:
    one = {"kind": "deployment", "id": "d-1", "url": None, "value": 1.0}
    records = [{"metric": "rollback_rate", "worst": [one]}, {"metric": "change_failure_rate", "worst": [one]}]
    assert worst_records({"records": records}) == [{"kind": "deployment", "id": "d-1", "url": None}]
