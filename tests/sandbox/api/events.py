"""/v1/events and /v1/webhook_endpoints."""

from __future__ import annotations

from urllib.parse import urlsplit

from ..shapes import shaped
from ..store import Obj, new_id
from ..webhooks import legacy
from ..webhooks.log import rendered
from ..wire.errors import invalid, missing, required, unmodelled
from ..wire.lists import PAGING, page
from ..wire.params import flag, metadata, needed, rows, text
from ..wire.routes import Call, listing, retrieval, route


def retrieve(call: Call) -> Obj:
    """Return an event as it was rendered when it happened."""
    event = call.world.log.find(call.id)
    if event is None:
        raise missing("event", call.id)
    return rendered(event)


def list_events(call: Call) -> Obj:
    """Return events, newest first, by type(s), time and delivery."""
    params = call.params
    kind, kinds = text(params, "type"), rows(params, "types")
    if len(kinds) > 20:
        raise invalid("You may pass at most 20 types", "types")
    if kind and kinds:
        message = "You may only specify one of these parameters: type, types."
        raise invalid(message, "types", "parameters_exclusive")
    delivered = flag(params, "delivery_success")

    def keep(event: Obj) -> bool:
        if delivered is not None and (not event["open"]) != delivered:
            return False
        return _named(event["type"], kind) and (not kinds or event["type"] in kinds)

    found = page(params, call.world.log.newest(), call.path, keep)
    found["data"] = [rendered(event) for event in found["data"]]
    return found


def _named(name: str, asked: str | None) -> bool:
    if asked is None:
        return True
    return name.startswith(asked[:-1]) if asked.endswith("*") else name == asked


def create_endpoint(call: Call) -> Obj:
    """Keep an endpoint; the answer is the only one to hold its signing secret."""
    params = call.params
    url = needed(params, "url")
    events = rows(params, "enabled_events")
    if not events:
        raise required("enabled_events")
    version = text(params, "api_version")
    if version and not legacy.speaks(version):
        raise unmodelled(f"events in version {version}, only from {legacy.OLDEST}", "api_version")
    if flag(params, "connect"):
        raise unmodelled("Connect: endpoints for the events of other accounts", "connect")
    _check_url(url)
    endpoint = shaped(
        "webhook_endpoint",
        id=new_id("we_1"),
        api_version=version,
        created=call.world.now(),
        description=text(params, "description"),
        enabled_events=events,
        metadata=metadata(params),
        status="enabled",
        url=url,
    )
    secret = new_id("whsec_", 32)
    call.world.store.note(endpoint["id"])["secret"] = secret
    call.world.store.add(endpoint)
    return {**endpoint, "secret": secret}


def _check_url(url: str) -> None:
    # Any address may be registered, as with Stripe; the courier calls this machine only.
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise invalid("Invalid URL: an explicit scheme (such as https) is needed.", "url")


def update_endpoint(call: Call) -> Obj:
    """Change an endpoint."""
    endpoint = call.world.store.get("webhook_endpoint", call.id)
    if url := text(call.params, "url"):
        _check_url(url)
        endpoint["url"] = url
    if "enabled_events" in call.params and rows(call.params, "enabled_events"):
        endpoint["enabled_events"] = rows(call.params, "enabled_events")
    if "description" in call.params:
        endpoint["description"] = text(call.params, "description")
    if "disabled" in call.params:
        endpoint["status"] = "disabled" if flag(call.params, "disabled") else "enabled"
    endpoint["metadata"] = metadata(call.params, endpoint["metadata"])
    return endpoint


def delete_endpoint(call: Call) -> Obj:
    """Remove an endpoint; what still waits for it is dropped."""
    endpoint = call.world.store.get("webhook_endpoint", call.id)
    call.world.outbox.drop(call.id)
    return call.world.store.bury(endpoint)


ROUTES = [
    route("GET", "/v1/events/{}", retrieve),
    route("GET", "/v1/events", list_events, f"{PAGING} type types delivery_success"),
    route(
        "POST",
        "/v1/webhook_endpoints",
        create_endpoint,
        "api_version connect description enabled_events metadata url",
    ),
    route(
        "POST",
        "/v1/webhook_endpoints/{}",
        update_endpoint,
        "description disabled enabled_events metadata url",
    ),
    retrieval("/v1/webhook_endpoints/{}", "webhook_endpoint"),
    listing("/v1/webhook_endpoints", "webhook_endpoint"),
    route("DELETE", "/v1/webhook_endpoints/{}", delete_endpoint),
]
