INSERT INTO billing_membership (
    id, supporter_id, plan_id, campaign_id, amount_cents, extra_cents, currency, interval, state,
    stripe_subscription_id, started_at, period_start, period_end, ends_on, past_due_since,
    next_interval, stripe_method_id, method_kind, card_expires_on, ended_at, end_reason,
    applied_ticket, created_at
)
SELECT pg_temp.id_at(began, n), supporter, plan.id, campaign,
       CASE WHEN changed < reached THEN changed_cents ELSE cents END, extra, 'eur', plan.interval,
       CASE WHEN ended IS NOT NULL THEN 'ended' WHEN overdue THEN 'past_due'
            WHEN pause IS NOT NULL AND began + (pause + rest) * step - interval '1 hour' > timestamptz '$now'
            THEN 'paused' ELSE 'active' END,
       pg_temp.stripe_id('sub', n), began, began + period * step, began + (period + 1) * step,
       CASE WHEN ended IS NULL AND way = 'requested' AND reached = lasts AND pg_temp.chance(n, 19) < 0.7
            THEN began + lasts * step END,
       CASE WHEN ended IS NULL AND overdue THEN began + lasts * step END,
       '', pg_temp.stripe_id('pm', n), CASE WHEN card < 96 THEN 'card' ELSE 'sepa_debit' END,
       CASE WHEN card < 96
            THEN (timestamptz '$now' + pg_temp.chance(n, 20) * interval '1500 days')::date END,
       ended, CASE WHEN ended IS NULL THEN '' ELSE way END, 1, began
FROM life
JOIN billing_plan plan ON plan.slug = CASE WHEN yearly THEN 'yearly' ELSE 'monthly' END,
LATERAL (SELECT way = 'payment_failed' AND reached > lasts AS overdue) a,
LATERAL (SELECT least(reached - 1, CASE WHEN overdue THEN lasts ELSE lasts - 1 END) AS period) b;

INSERT INTO billing_membershipevent (
    id, membership_id, old_state, new_state, changes, source, reference, happened_at, recorded_at
)
SELECT pg_temp.id_at(at, 8 * n + line), pg_temp.id_at(began, n), was, becomes, '{}', 'event', '',
       at, at + interval '2 seconds'
FROM life,
LATERAL (VALUES
    (0, 'pending', 'active', began),
    (1, 'active', 'paused', began + pause * step - interval '3 days'),
    (2, 'paused', 'active', began + (pause + rest) * step - interval '1 hour'),
    (3, 'active', 'past_due',
     CASE WHEN way = 'payment_failed' AND reached > lasts THEN began + lasts * step END),
    (4, CASE WHEN way = 'payment_failed' THEN 'past_due' ELSE 'active' END, 'ended', ended)
) AS lines(line, was, becomes, at)
WHERE at <= timestamptz '$now';
