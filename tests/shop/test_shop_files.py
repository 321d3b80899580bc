"""The shop's files fit together: flows, wording, domain, catalogue, actions and demo data name the same things."""

import csv
import re
from datetime import datetime

import pytest
import yaml
from shop_talk import CATALOGUE, DOMAIN, FLOWS, ROOT, WORDING

import actions
from actions.base import Shop
from bot.flows.model import Act, Collect, Offer
from bot.rasa.nlu.chinese import SIMPLIFIED_ONLY, TRADITIONAL_ONLY
from bot.translated import untold

READ_BY_RASA = {"rules", "stories", "nlu", "responses"}
ENGINE_SAYS = {
    "utter_flow_back", "utter_flow_cancelled", "utter_flow_nothing_to_cancel", "utter_flow_started_over",
    "utter_slot_corrected", "utter_not_understood", "utter_offer_human", "utter_skip_refused", "utter_choice_expired",
    "utter_request_noted", "utter_action_failed", "utter_bot_disclosure",
}  # fmt: skip
# Intents that answer or steer what is at hand: the engine takes them itself.
STEERING = {"inform", "affirm", "deny", "skip", "cancel", "start_over", "continue_task", "choose"}


def _named_by_flows(prefix):
    named = set()
    for flow in FLOWS.flows.values():
        for step in flow.steps.values():
            if isinstance(step, Collect):
                named |= {step.ask, *(rejection.utter for rejection in step.rejections)}
            if isinstance(step, Act):
                named.add(step.action)
            if isinstance(step, Offer):
                named.add(step.say)
    return {name for name in named if name.startswith(prefix)}


def _named_by_actions():
    """Wording named in the code; of a name with a variable part, every wording that it may mean."""
    found = set()
    for path in [*(ROOT / "actions").glob("*.py"), *(ROOT / "bot").glob("*.py")]:
        for name in re.findall(r"\"(utter_[a-z_]*(?:\{[^\"]*\}[a-z_]*)*)\"", path.read_text()):
            pattern = re.compile(re.sub(r"\{[^}]*\}", "[a-z_]+", name))
            fitting = {each for each in WORDING.names if pattern.fullmatch(each)}
            found |= fitting or {name}
    return found


def _behind_buttons():
    """Actions that the code names: those behind the choices it shows."""
    code = " ".join(path.read_text() for folder in ("actions", "bot") for path in (ROOT / folder).glob("*.py"))
    return set(re.findall(r"\"(action_[a-z_]+)\"", code)) & set(DOMAIN["actions"])


def test_every_wording_that_is_named_exists():
    """Flows, actions and engine never fall silent."""
    summaries = {f"utter_summary_{flow.id}" for flow in FLOWS.flows.values() if flow.resumable}
    named = _named_by_flows("utter_") | _named_by_actions() | ENGINE_SAYS | summaries
    assert named - WORDING.names == set()


def test_every_wording_is_named_by_something():
    """No text is kept up that nobody ever reads."""
    named = _named_by_flows("utter_") | _named_by_actions() | ENGINE_SAYS
    unnamed = {name for name in WORDING.names - named if not name.startswith("utter_summary_")}
    assert unnamed == set()


def test_domain_flows_and_code_name_the_same_actions():
    """Each action is built, known to Rasa, and used."""
    built = {action.name() for action in actions.build(Shop(*[None] * 6))}
    assert built | {"utter_flow"} == set(DOMAIN["actions"])
    by_engine = {"action_offer_threads", "action_unknown_request"}
    assert built == _named_by_flows("action_") | _behind_buttons() | by_engine


def test_every_slot_that_flows_name_is_in_the_domain_and_left_alone_by_rasa():
    """Rasa's own slot filling must not touch what flows fill."""
    named = set().union(*(reach.reads for reach in FLOWS.reach.values()))
    assert named - set(DOMAIN["slots"]) == set()
    for slot in DOMAIN["slots"].values():
        assert slot == {"type": "any", "influence_conversation": False, "mappings": [{"type": "custom"}]}


def test_every_trigger_is_an_intent_and_every_entity_asked_for_is_known():
    """Flows ask understanding only for what it can give."""
    entities = {name for each in DOMAIN["entities"] for name in (each if isinstance(each, dict) else [each])}
    asked = {step.source.entity for flow in FLOWS.flows.values() for step in flow.collects if step.source.entity}
    assert set(FLOWS.triggers) - set(DOMAIN["intents"]) == set()
    assert asked - entities == set()
    assert {term.entity for term in CATALOGUE.vocabulary()} - entities == set()


def test_intents_without_a_flow_are_the_known_ones():
    """What memory and value answer comes with them; everything else of the shop has its flow."""
    later = {
        "what_do_you_know", "why_do_you_say_that", "forget_that", "forget_everything", "dont_remember", "export_data",
        "opt_out_marketing", "opt_out_memory", "opt_out_profiling", "opt_out_all", "opt_in", "state_preference",
        "link_identity",
    }  # fmt: skip
    assert set(DOMAIN["intents"]) - set(FLOWS.triggers) - STEERING <= later


@pytest.mark.parametrize("path", sorted((ROOT / "data").glob("*/*.yml"), key=str), ids=lambda p: p.name)
def test_no_file_of_the_shop_is_taken_for_training_data(path):
    """Keys that Rasa looks for at any depth are not used outside data/nlu."""
    if path.parent.name == "nlu":
        return

    def keys(content):
        if isinstance(content, dict):
            for key, value in content.items():
                yield key
                yield from keys(value)
        elif isinstance(content, list):
            for item in content:
                yield from keys(item)

    assert READ_BY_RASA & {str(key) for key in keys(yaml.safe_load(path.read_text()))} == set()


@pytest.mark.parametrize("language", WORDING.languages)
def test_choices_in_the_wording_lead_somewhere(language):
    """A button of a text starts a flow, answers a step or is a command that exist."""
    for variants in WORDING.languages[language].values():
        for variant in variants:
            for button in variant.buttons:
                choice = button.choice
                assert choice.flow is None or choice.flow in FLOWS.flows
                assert choice.step is None or choice.step in FLOWS.flows[choice.flow].steps


def test_chinese_says_all_that_english_says():
    """Every name with the same variables, buttons and conditions, and every title, description and step."""
    assert set(WORDING.languages) >= {"en", "zh-Hans", "zh-Hant"}
    lacks = [each for each in untold(ROOT / "data", WORDING) if "zh-" in f"{each.file} {each.message}"]
    assert lacks == []
    english = WORDING.languages["en"]
    for language in ("zh-Hans", "zh-Hant"):
        for name, variants in WORDING.languages[language].items():
            assert [_shape(each) for each in variants] == [_shape(each) for each in english[name]], name


def _shape(variant):
    return (variant.channel, variant.condition, [button.choice for button in variant.buttons])


def test_each_script_of_chinese_keeps_to_itself():
    """No character of the other one."""
    for language, foreign in (("zh-Hans", TRADITIONAL_ONLY), ("zh-Hant", SIMPLIFIED_ONLY)):
        assert foreign & set((ROOT / "data" / "wording" / f"{language}.yml").read_text()) == set()


def test_no_text_shouts():
    """Warm and plain: no exclamation marks."""
    for language, texts in WORDING.languages.items():
        raw = (ROOT / "data" / "wording" / f"{language}.yml").read_text()
        assert texts
        assert not {"!", "！"} & set(raw)


def test_demo_orders_are_of_demo_customers_and_things_in_the_catalogue():
    """The history can be imported as it is: known people, known products, in order of time, returns negative."""
    people = {c["customer"] for c in yaml.safe_load((ROOT / "data/demo/customers.yml").read_text())["customers"]}
    with (ROOT / "data/demo/orders.csv").open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert {row["customer_id"] for row in rows} == people
    assert {row["sku"] for row in rows} <= set(CATALOGUE.products)
    times = [datetime.fromisoformat(row["ordered_at"]) for row in rows]
    assert times == sorted(times)
    assert all(time.tzinfo for time in times)
    assert (times[-1] - times[0]).days > 500
    assert any(int(row["quantity"]) < 0 for row in rows)


def test_the_catalogue_gives_credit_where_names_come_from_elsewhere():
    """The adapted sample data keeps its licence beside it."""
    folder = ROOT / "data" / "catalogue"
    assert "LICENSE.spree" in (folder / "SOURCE.md").read_text()
    assert "Redistribution and use in source and binary forms" in (folder / "LICENSE.spree").read_text()
