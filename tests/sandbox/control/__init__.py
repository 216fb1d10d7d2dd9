"""Control for tests and demos under /_sandbox/: JSON in, JSON out, never part of Stripe."""
