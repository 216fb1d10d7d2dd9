"""What must stand at Stripe before the first member can join. Safe to repeat."""

from pathlib import Path
from typing import Final

from django.conf import settings

from billing import charity, stripe_api
from billing.handlers import HANDLERS
from billing.models import Plan
from billing.stripe_shapes import MANAGED_BY, Shape, is_ours

_MARK: Final = "meitheal"
_SECRETS: Final = "STRIPE_WEBHOOK_SECRETS"


def webhook_url() -> str:
    return f"{settings.SITE_URL}/stripe/webhook"


def put_products(*, run: str) -> None:
    """One product per plan, under an id of ours. Its name is neutral: banks and letters show it.

    The text on the bank line of a subscription comes from its product alone
    (https://docs.stripe.com/api/products/object#product_object-statement_descriptor).
    """
    for plan in Plan.objects.all():
        product_id = plan.stripe_product_id or f"{_MARK}_{plan.slug}"
        params: Shape = {
            "name": f"{charity.current().trading_name} {plan.name}",
            "metadata": MANAGED_BY,
        }
        if plan.recurring:
            params["statement_descriptor"] = settings.STRIPE_STATEMENT_DESCRIPTOR
        stripe_api.put_product(product_id, params, key=f"setup:{run}:{plan.slug}")
        Plan.objects.filter(pk=plan.pk).update(stripe_product_id=product_id)


def put_portal(*, run: str) -> str:
    """The customer portal: change the card, see invoices, cancel at the period's end. Its id."""
    params = {
        "metadata": MANAGED_BY,
        "default_return_url": f"{settings.SITE_URL}/account/",
        "features": {
            "payment_method_update": {"enabled": True},
            "invoice_history": {"enabled": True},
            "subscription_cancel": {
                "enabled": True,
                "mode": "at_period_end",
                "proration_behavior": "none",
            },
            # Amounts are changed with us, and an address with us: no second place to disagree.
            "subscription_update": {"enabled": False},
            "customer_update": {"enabled": False},
        },
    }
    existing = stripe_api.portal_configuration()
    return stripe_api.put_portal_configuration(existing, params, key=f"setup:{run}:portal")


def put_webhook(*, run: str, must_know_secret: bool) -> str:
    """Our webhook endpoint, for exactly the events we handle, in the pinned API version.

    Returns the secret if one was made, else "". An endpoint whose secret nobody here knows
    (`must_know_secret`) is made anew: Stripe tells a secret only at creation. A version cannot be
    changed on an endpoint, so one of another version is made anew as well.
    """
    events = sorted(HANDLERS)
    ours = [each for each in stripe_api.webhook_endpoints() if _is_ours(each)]
    fit = [each for each in ours if each.get("api_version") == stripe_api.API_VERSION]
    if fit and not must_know_secret:
        params = {"enabled_events": events, "url": webhook_url(), "disabled": False}
        stripe_api.update_webhook_endpoint(fit[0]["id"], params, key=f"setup:{run}:hook:update")
        stale, secret = [each for each in ours if each is not fit[0]], ""
    else:
        params = {
            "url": webhook_url(),
            "enabled_events": events,
            "metadata": MANAGED_BY,
            "description": "Membership service",
        }
        secret = stripe_api.create_webhook_endpoint(params, key=f"setup:{run}:hook")
        stale = ours
    for each in stale:
        stripe_api.delete_webhook_endpoint(each["id"])
    return secret


def write_secret(env_file: Path, secret: str) -> None:
    """Put the secret first among STRIPE_WEBHOOK_SECRETS of an environment file, mode 0600.

    The ones that stood there stay behind it, for deliveries that are signed with them still.
    """
    env_file.touch(mode=0o600)
    env_file.chmod(0o600)
    lines = env_file.read_text().splitlines()
    old = [line.partition("=")[2] for line in lines if line.startswith(f"{_SECRETS}=")]
    known = [each for line in old for each in line.split(",") if each]
    kept = [line for line in lines if not line.startswith(f"{_SECRETS}=")]
    secrets = ",".join([secret, *known][:3])
    env_file.write_text("\n".join([*kept, f"{_SECRETS}={secrets}"]) + "\n")


def _is_ours(endpoint: Shape) -> bool:
    return is_ours(endpoint) or endpoint.get("url") == webhook_url()
