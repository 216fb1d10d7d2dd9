"""What the installed SDK knows of Stripe's API, and the checks made of it."""
