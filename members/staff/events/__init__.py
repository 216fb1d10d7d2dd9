"""The inbox as staff see it: what Stripe told us, what it did, why it failed, what it would do."""
