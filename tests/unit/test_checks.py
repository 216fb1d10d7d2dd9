"""What a charity is stopped from going live with."""

from typing import Any

import pytest
from django.core.checks import run_checks
from pytest_django.fixtures import Settings


def found(*, deploy: bool = False) -> set[str]:
    messages = run_checks(include_deployment_checks=deploy, databases=["default"])
    return {str(each.id) for each in messages if str(each.id).startswith("meitheal.")}


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("meitheal.E001", {"STRIPE_LIVEMODE": True, "DEBUG": True}),
        ("meitheal.E002", {"STRIPE_LIVEMODE": True, "STRIPE_API_BASE": "http://127.0.0.1:1"}),
        ("meitheal.E003", {"STRIPE_LIVEMODE": True, "SITE_URL": "http://gcn.example"}),
        ("meitheal.E004", {"STRIPE_API_KEY": ""}),
        ("meitheal.E005", {"STRIPE_WEBHOOK_SECRETS": []}),
        ("meitheal.E006", {"VAULT_KEYS": ["c2hvcnQ="]}),
        ("meitheal.E007", {"VAULT_KEYS": ["bG9va3VwLWxvb2t1cC1sb29rdXAtbG9va3VwLWxvb2s="]}),
        ("meitheal.E010", {"STRIPE_STATEMENT_DESCRIPTOR": "PRIDE SUPPORT"}),
        ("meitheal.E011", {"STRIPE_STATEMENT_DESCRIPTOR": "GCN"}),
        ("meitheal.E013", {"DEBUG": True, "SITE_URL": "https://support.newsroom.example"}),
        ("meitheal.W005", {"EMAIL_USE_TLS": False}),
        ("meitheal.E012", {"DEFAULT_FROM_EMAIL": "GCN <hello@pride.example>"}),
        ("meitheal.E019", {"REMINDER_DAYS": 14}),
        ("meitheal.E019", {"REMINDER_DAYS": 31}),
        ("meitheal.E020", {"SEPA_NOTICE_DAYS": 1}),
        ("meitheal.E031", {"SHIELD_THRESHOLDS": {"unpaid": [60]}}),
        ("meitheal.E031", {"SHIELD_THRESHOLDS": {"unpaid": [60, 50]}}),
        ("meitheal.E032", {"BOOKS_FILE": "/nowhere/books.toml"}),
        ("meitheal.E033", {"PAUSE_DAYS": 93}),
        ("meitheal.W006", {"PASSKEY_ORIGIN": "http://support.newsroom.example"}),
        ("meitheal.W006", {"PASSKEY_ORIGIN": "https://192.0.2.7"}),
        ("meitheal.W006", {"PASSKEY_ORIGIN": "https://[2001:db8::7]"}),
        ("meitheal.W006", {"PASSKEY_ORIGIN": "https://support.newsroom.example:443"}),
        ("meitheal.W003", {"CELERY_BROKER_URL": "memory://"}),
    ],
)
@pytest.mark.django_db
def test_it_names_what_is_wrong(code: str, changes: dict[str, Any], settings: Settings) -> None:
    settings.EMAIL_HOST, settings.EMAIL_USE_TLS = "mail.newsroom.example", True
    settings.PASSKEY_ORIGIN = "https://support.newsroom.example"
    before = found(deploy=True) - {"meitheal.W003"}
    for name, value in changes.items():
        setattr(settings, name, value)
    assert code not in before
    assert code in found(deploy=True)


@pytest.mark.parametrize(
    ("code", "field"),
    [("E008", "legal_name"), ("E009", "rcn"), ("W001", "support_email"), ("W002", "office")],
)
@pytest.mark.django_db
def test_it_wants_the_charity_named(code: str, field: str, settings: Settings) -> None:
    settings.CHARITY = dict.fromkeys(settings.CHARITY, "x") | {field: ""}
    assert found(deploy=True) & {
        "meitheal.E008",
        "meitheal.E009",
        "meitheal.W001",
        "meitheal.W002",
    } == {f"meitheal.{code}"}
