-- Each movement is a line; a day's lines that are available are the payout of that day.
INSERT INTO billing_ledgerline (
    id, kind, payment_id, amount_cents, fee_cents, net_cents, currency, source_id, payout_id,
    booked_at, available_on, recorded_at, closed_month
)
SELECT line, kind, payment, amount, fee, amount - fee, 'eur', source,
       CASE WHEN day < date '$now' THEN 'po_' || to_char(day, 'YYYYMMDD') ELSE '' END,
       booked, available, booked, pg_temp.closed(booked)
FROM (
    SELECT 'txn_' || right(stripe_payment_intent_id, 24) AS line, 'payment' AS kind, id AS payment,
           amount_cents AS amount, fee_cents AS fee, stripe_charge_id AS source, paid_at AS booked
    FROM billing_payment WHERE fee_cents IS NOT NULL
    UNION ALL
    SELECT 'txn_r_' || stripe_refund_id, 'refund', payment_id, -amount_cents, 0, stripe_refund_id,
           refunded_at
    FROM billing_refund
    UNION ALL
    SELECT 'txn_f_' || stripe_refund_id, 'refund_failed', payment_id, amount_cents, 0,
           stripe_refund_id, refunded_at + interval '1 day'
    FROM billing_refund WHERE state = 'failed'
    UNION ALL
    SELECT 'txn_d_' || stripe_dispute_id, 'dispute', payment_id, -amount_cents, 2000,
           stripe_dispute_id, opened_at
    FROM billing_dispute
    UNION ALL
    SELECT 'txn_w_' || stripe_dispute_id, 'dispute', payment_id, amount_cents, 0, stripe_dispute_id,
           opened_at + interval '40 days'
    FROM billing_dispute WHERE state = 'won'
) movement,
LATERAL (SELECT date_trunc('day', booked) + interval '3 days' AS available) a,
LATERAL (SELECT available::date AS day) b;

INSERT INTO billing_payout (id, status, amount_cents, currency, arrives_on, created, applied_ticket)
SELECT payout_id, 'paid', sum(net_cents), 'eur', max(available_on) + interval '1 day',
       max(available_on), 1
FROM billing_ledgerline WHERE payout_id <> '' GROUP BY payout_id;

INSERT INTO billing_ledgerline (
    id, kind, amount_cents, fee_cents, net_cents, currency, source_id, payout_id, booked_at,
    available_on, recorded_at, closed_month
)
SELECT 'txn_' || id, 'payout', -amount_cents, 0,
       -amount_cents, 'eur', id, id, created, arrives_on, created,
       pg_temp.closed(created)
FROM billing_payout;
