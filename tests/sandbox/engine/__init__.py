"""What Stripe does by itself: charging, invoicing, subscribing, refunding, in clock time."""
