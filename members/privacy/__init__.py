"""What is known of one person, as one list: what they get a copy of, and what goes with them.

parts      the list: every table of ours is in it, or is about nobody (a test counts them)
copies     a copy of everything, made when it is downloaded and kept nowhere
erasure    ended at Stripe, forgotten at Stripe, told, wiped: in this order, and never half
"""
