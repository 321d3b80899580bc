"""The shop's flows are free of everything that the linter knows."""

from shop_talk import DOMAIN, FLOWS, WORDING

from bot.flows import lint


def test_the_flows_of_the_shop_have_no_findings():
    """Neither errors nor warnings: no dead step, no circle, no silence, no presumption."""
    found = lint.lint(
        FLOWS, wording=WORDING.names, actions=frozenset(DOMAIN["actions"]), slots=frozenset(DOMAIN["slots"])
    )
    assert [str(finding) for finding in found] == []
