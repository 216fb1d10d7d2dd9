"""The recorder: a script, played at Stripe or a stand-in, and written down to be compared."""
