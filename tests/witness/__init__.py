"""What somebody else's tool, billing-e2e as published, says of the local Stripe and of us."""
