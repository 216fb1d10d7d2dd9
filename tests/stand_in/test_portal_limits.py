"""The limits of the customer portal: configurations, flows, strangers and links that expire."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.stand_in.desk import OK, Desk
from tests.stand_in.test_portal import cancelling, configured, flow, opened

NOTHING: dict[str, Any] = {
    "payment_method_update": {"enabled": False},
    "invoice_history": {"enabled": False},
    "subscription_cancel": {"enabled": False},
}


def test_the_first_session_makes_the_default_configuration(desk: Desk) -> None:
    paid = desk.join()
    session = opened(desk, paid["customer"])
    found = desk.api.v1.billing_portal.configurations.list({"is_default": True}).data
    assert [c.id for c in found] == [session.configuration]
    assert found[0].features.subscription_cancel.enabled
    opened(desk, paid["customer"])
    assert len(desk.api.v1.billing_portal.configurations.list().data) == 1
    mine = configured(desk, NOTHING)
    others = desk.api.v1.billing_portal.configurations.list({"is_default": False}).data
    assert [c.id for c in others] == [mine]


@pytest.mark.parametrize(
    ("testid", "press"),
    [
        ("change-card", {"do": "card", "card": OK}),
        ("cancel", {"do": "cancel SUB"}),
        ("cancel", {"do": "keep SUB"}),
        ("pause", {"do": "pause SUB", "length": "0"}),
        ("pause", {"do": "resume SUB"}),
        ("change-details", {"do": "details", "email": "x@example.org"}),
        ("invoices", {}),
    ],
)
def test_what_a_configuration_does_not_allow_is_neither_shown_nor_done(
    desk: Desk, testid: str, press: dict[str, str]
) -> None:
    paid = desk.join()
    before = len(desk.types())
    session = opened(desk, paid["customer"], configuration=configured(desk, NOTHING))
    assert f'data-testid="{testid}"' not in desk.page(session.url)[1]
    if press:
        form = {k: v.replace("SUB", paid["subscription"]) for k, v in press.items()}
        assert desk.page(session.url, form)[0] == 403
        view = f"{session.url}?view={press['do'].split()[0]}&sub={paid['subscription']}"
        assert f'data-testid="confirm-{testid}"' not in desk.page(view)[1]
    new = desk.types()[before:]
    assert set(new) <= {
        "billing_portal.configuration.created",
        "billing_portal.session.created",
    }


def test_a_configuration_that_changes_changes_the_links_given_away(desk: Desk) -> None:
    paid = desk.join()
    mine = configured(desk, {"subscription_cancel": {"enabled": True}})
    session = opened(desk, paid["customer"], configuration=mine)
    assert 'data-testid="cancel"' in desk.page(session.url)[1]
    change: Any = {"features": {"subscription_cancel": {"enabled": False}}}
    desk.api.v1.billing_portal.configurations.update(mine, change)
    assert 'data-testid="cancel"' not in desk.page(session.url)[1]
    desk.api.v1.billing_portal.configurations.update(mine, {"active": False})
    with pytest.raises(stripe.InvalidRequestError):
        opened(desk, paid["customer"], configuration=mine)


def test_a_stranger_cannot_touch_the_membership_of_another(desk: Desk) -> None:
    alice, charlie = desk.join(), desk.join()
    url = opened(desk, charlie["customer"]).url
    assert alice["subscription"] not in desk.page(url)[1]
    for verb in ("cancel", "keep"):
        assert desk.page(url, {"do": f"{verb} {alice['subscription']}"})[0] == 404
    assert desk.subscription(alice["subscription"]).cancel_at is None
    method = desk.api.v1.payment_methods.list({"customer": alice["customer"]}).data[0].id
    assert desk.page(url, {"do": "card", "saved": method})[0] == 400
    with pytest.raises(stripe.InvalidRequestError):
        opened(desk, charlie["customer"], flow_data=cancelling(alice))


def test_a_link_expires_and_tells_nobody_anything(desk: Desk) -> None:
    paid = desk.join()
    session = opened(desk, paid["customer"])
    assert desk.page(session.url)[0] == 200
    desk.control(f"portal/{session.id}/expire", {})
    for form in (None, {"do": f"cancel {paid['subscription']}"}):
        status, body, _ = desk.page(session.url, form)
        assert (status, "expired" in body, "€1.99" in body) == (410, True, False)
    assert desk.subscription(paid["subscription"]).cancel_at is None
    told = desk.control(f"portal/{session.id}/press", {"do": "card", "card": OK}, ok=False)
    assert told["error"]["code"] == "session_expired"
    assert desk.page(f"{desk.base}/p/session/bps_1unknown")[0] == 404


def test_a_flow_does_nothing_but_what_it_is_about(desk: Desk) -> None:
    paid = desk.join()
    session = opened(desk, paid["customer"], flow_data=cancelling(paid))
    assert desk.page(session.url, {"do": "card", "card": OK})[0] == 403
    assert 'data-testid="save-card"' not in desk.page(f"{session.url}?view=card")[1]


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (
            flow("subscription_update", subscription_update={"subscription": "SUB"}),
            "sandbox_not_modelled",
        ),
        (
            flow(
                "subscription_update_confirm",
                subscription_update_confirm={"subscription": "SUB", "items": [{"id": "si_1"}]},
            ),
            "sandbox_not_modelled",
        ),
        (flow("subscription_pause", subscription_pause={"subscription": "SUB"}), None),
        (flow("customer_update"), None),
    ],
)
def test_a_flow_that_is_not_enabled_or_not_modelled_is_refused(
    desk: Desk, asked: dict[str, Any], code: str | None
) -> None:
    paid = desk.join()
    about = asked.get(asked["type"])
    data = asked | (
        {asked["type"]: about | {"subscription": paid["subscription"]}} if about else {}
    )
    with pytest.raises(stripe.InvalidRequestError) as wrong:
        opened(desk, paid["customer"], flow_data=data)
    assert wrong.value.code == code


@pytest.mark.parametrize(
    "features",
    [
        {"subscription_update": {"enabled": True, "default_allowed_updates": ["price"]}},
        {"customer_update": {"enabled": True, "allowed_updates": ["tax_id"]}},
        {
            "subscription_cancel": {
                "enabled": True,
                "mode": "immediately",
                "proration_behavior": "create_prorations",
            }
        },
        {"subscription_cancel": {"enabled": True, "proration_behavior": "always_invoice"}},
        {"subscription_cancel": {"mode": "at_period_end"}},
        {"subscription_pause": {"enabled": True, "duration": {"type": "interval_options"}}},
    ],
)
def test_a_feature_that_cannot_be_had_is_refused(desk: Desk, features: dict[str, Any]) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        configured(desk, features)
