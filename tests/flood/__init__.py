"""The flood: lives at the local Stripe, their events thrice and shuffled, workers killed meanwhile.

`stories` makes the lives, `torrent` carries the events, `crew` is the workers that are killed,
`rewind` goes back to the moment before, `digest` is what must be the same at the end.
"""
