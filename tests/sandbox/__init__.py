"""The local Stripe: a stateful stand-in that speaks HTTP and signed webhooks."""
