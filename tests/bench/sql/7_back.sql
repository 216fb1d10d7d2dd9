-- What goes back: what was withdrawn, and a few others, some in part; a few refunds fail.
INSERT INTO billing_refund (
    id, payment_id, stripe_refund_id, state, amount_cents, currency, refunded_at, applied_ticket
)
SELECT id, id, 're_' || right(stripe_payment_intent_id, 24),
       CASE WHEN pg_temp.chance_of(id, 31) < 0.02 THEN 'failed' ELSE 'succeeded' END,
       CASE WHEN pg_temp.chance_of(id, 32) < 0.2 THEN amount_cents / 2 ELSE amount_cents END, 'eur',
       paid_at + interval '2 days', 1
FROM billing_payment
WHERE fee_cents IS NOT NULL AND paid_at < timestamptz '$now' - interval '4 days'
  AND pg_temp.chance_of(id, 30) < 0.002;

INSERT INTO billing_refund (
    id, payment_id, stripe_refund_id, state, amount_cents, currency, refunded_at, applied_ticket
)
SELECT payment.id, payment.id, pg_temp.stripe_id('re', 64 * n), 'succeeded', payment.amount_cents, 'eur', ended, 1
FROM life JOIN billing_payment payment ON payment.id = pg_temp.id_at(began, 64 * n)
WHERE way = 'withdrawn' AND ended IS NOT NULL AND fee_cents IS NOT NULL
ON CONFLICT DO NOTHING;

-- Disputes: those that ended a membership are lost, a few others won.
INSERT INTO billing_dispute (
    id, payment_id, stripe_dispute_id, state, reason, amount_cents, currency, opened_at, applied_ticket
)
SELECT payment.id, payment.id, pg_temp.stripe_id('dp', n), 'lost', 'general', payment.amount_cents, 'eur', ended, 1
FROM life
JOIN billing_payment payment
  ON payment.id = pg_temp.id_at(began + (lasts - 1) * step, 64 * n + lasts - 1)
LEFT JOIN billing_refund refund ON refund.payment_id = payment.id
WHERE way = 'disputed' AND ended IS NOT NULL AND fee_cents IS NOT NULL AND refund.id IS NULL;

INSERT INTO billing_dispute (
    id, payment_id, stripe_dispute_id, state, reason, amount_cents, currency, opened_at, applied_ticket
)
SELECT id, id, 'dp_won_' || right(stripe_payment_intent_id, 24), 'won', 'general', amount_cents,
       'eur', paid_at + interval '10 days', 1
FROM billing_payment payment
WHERE fee_cents IS NOT NULL AND paid_at < timestamptz '$now' - interval '60 days'
  AND pg_temp.chance_of(id, 33) < 0.0002
  AND NOT EXISTS (SELECT FROM billing_refund r WHERE r.payment_id = payment.id)
  AND NOT EXISTS (SELECT FROM billing_dispute d WHERE d.payment_id = payment.id);
