"""All addresses of the service."""

from django.conf import settings
from django.urls import include, path

from billing.webhook import stripe_webhook
from config.health import healthz

urlpatterns = [
    path("stripe/webhook", stripe_webhook, name="stripe-webhook"),
    path("healthz", healthz, name="healthz"),
    path("staff/", include("members.staff.urls")),
    path("", include("members.urls")),
]

if settings.DEBUG:
    urlpatterns.append(path("dev/", include("config.mailbox")))
