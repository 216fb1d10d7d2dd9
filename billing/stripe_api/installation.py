"""What `stripe_setup` keeps in place at Stripe."""

from billing import stripe_shapes as shapes
from billing.stripe_api.client import API_VERSION, NotFound, api, ask, pages, plain
from billing.stripe_shapes import Shape


def put_product(product_id: str, params: Shape, *, key: str) -> None:
    """Make the product with this id, or bring it to these params."""
    try:
        ask(api().products.retrieve, product_id)
    except NotFound:
        ask(api().products.create, {"id": product_id, **params}, key=key)
    else:
        ask(api().products.update, product_id, params, key=f"{key}:update")


def portal_configuration() -> str:
    """The id of the portal configuration that is ours, or ""."""
    for page in pages(api().billing_portal.configurations, {}):
        for each in page:
            if shapes.is_ours(each):
                return str(each["id"])
    return ""


def put_portal_configuration(existing_id: str, params: Shape, *, key: str) -> str:
    service = api().billing_portal.configurations
    found = (
        ask(service.update, existing_id, params, key=key)
        if existing_id
        else ask(service.create, params, key=key)
    )
    return str(plain(found)["id"])


def webhook_endpoints() -> list[Shape]:
    return [each for page in pages(api().webhook_endpoints, {}) for each in page]


def create_webhook_endpoint(params: Shape, *, key: str) -> str:
    """Register our webhook and return its secret, which Stripe tells this once only."""
    params = {**params, "api_version": API_VERSION}
    return str(plain(ask(api().webhook_endpoints.create, params, key=key))["secret"])


def update_webhook_endpoint(endpoint_id: str, params: Shape, *, key: str) -> None:
    ask(api().webhook_endpoints.update, endpoint_id, params, key=key)


def delete_webhook_endpoint(endpoint_id: str) -> None:
    ask(api().webhook_endpoints.delete, endpoint_id)
