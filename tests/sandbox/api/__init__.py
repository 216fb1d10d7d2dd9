"""The /v1 resources: one module per family, each with its ROUTES."""
