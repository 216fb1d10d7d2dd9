-- One a period, but for those that were paused; and the one that failed in the end. OFFSET 0: what
-- is computed in one step is not computed again wherever a later one names it.
INSERT INTO billing_payment (
    id, supporter_id, plan_id, membership_id, state, amount_cents, extra_cents, currency,
    stripe_payment_intent_id, stripe_charge_id, stripe_invoice_id, paid_at, first_failed_at,
    fee_cents, net_cents, method, last4, outside_stripe, period_start, period_end, applied_ticket,
    created_at, closed_month, recovered_by
)
SELECT pg_temp.id_at(due, number), supporter, plan.id, pg_temp.id_at(began, life.n),
       CASE WHEN lost THEN 'failed' WHEN paid IS NULL THEN 'pending' ELSE 'succeeded' END,
       amount, extra, 'eur', CASE WHEN NOT outside THEN pg_temp.stripe_id('pi', number) END,
       CASE WHEN outside THEN '' ELSE pg_temp.stripe_id('ch', number) END,
       pg_temp.stripe_id('in', number), paid, CASE WHEN failed THEN due + interval '1 hour' END,
       fee, amount - fee, CASE WHEN outside THEN '' WHEN card < 96 THEN 'Visa' ELSE 'SEPA' END,
       CASE WHEN outside THEN '' ELSE '4242' END, outside, due, due + step, 1, due,
       CASE WHEN outside THEN pg_temp.closed(paid) END,
       CASE WHEN paid IS NULL OR NOT failed THEN '' WHEN number % 3 = 0 THEN 'new_means' ELSE 'retry' END
FROM life
JOIN billing_plan plan ON plan.slug = CASE WHEN yearly THEN 'yearly' ELSE 'monthly' END,
LATERAL generate_series(0, least(reached - 1, CASE WHEN way = 'payment_failed' THEN lasts ELSE lasts - 1 END)) k,
LATERAL (SELECT began + k * step AS due, 64 * life.n + k AS number, k = lasts AS lost,
                CASE WHEN changed <= k THEN changed_cents ELSE cents END AS amount OFFSET 0) a,
LATERAL (SELECT lost OR (k > 0 AND pg_temp.chance(number, 21) < 0.03
                         AND due + interval '14 days' < timestamptz '$now') AS failed,
                k > 0 AND NOT lost AND pg_temp.chance(number, 22) < 0.0005 AS outside OFFSET 0) b,
LATERAL (SELECT CASE WHEN lost OR settled > timestamptz '$now' THEN NULL ELSE settled END AS paid
         FROM (SELECT CASE
                   WHEN failed THEN due + interval '1 hour' + (1 + floor(pg_temp.chance(number, 23) * 4)) * interval '3 days'
                   WHEN card >= 96 AND k > 0 THEN due + interval '4 days'
                   ELSE due END AS settled) s OFFSET 0) c,
-- DOMAIN 8: cards of the EEA, of the United Kingdom, premium cards, direct debits. Not told at once.
LATERAL (SELECT CASE WHEN paid IS NULL OR outside OR paid > timestamptz '$now' - interval '2 hours' THEN NULL
                     WHEN card < 85 THEN 25 + round(amount * 0.015)
                     WHEN card < 93 THEN 25 + round(amount * 0.025)
                     WHEN card < 96 THEN 25 + round(amount * 0.019) ELSE 35 END::int AS fee) d
WHERE k < coalesce(pause, 999) OR k >= pause + rest;

-- Gifts: one of each who only gives, the others by anybody, a campaign named in a third of them.
INSERT INTO billing_payment (
    id, supporter_id, plan_id, campaign_id, state, amount_cents, currency, stripe_payment_intent_id,
    stripe_charge_id, stripe_invoice_id, paid_at, fee_cents, net_cents, method, last4,
    outside_stripe, applied_ticket, created_at
)
SELECT pg_temp.id_at(at, number), person.id, plan.id, campaign.id, 'succeeded', cents, 'eur',
       pg_temp.stripe_id('pi', number), pg_temp.stripe_id('ch', number), '', at, fee, cents - fee,
       'Visa', '4242', false, 1, at
FROM generate_series(1, $members / 4) g
JOIN person ON person.n = CASE WHEN g <= $members / 10 THEN $members + g
                               ELSE 1 + floor(pg_temp.chance(g, 24) * ($members * 1.1))::bigint END
JOIN billing_plan plan ON plan.slug = 'once'
LEFT JOIN campaign ON campaign.n = floor(pg_temp.chance(g, 25) * 40)::int,
LATERAL (SELECT 256::bigint * $members + g AS number,
                since + pg_temp.chance(g, 26) * (timestamptz '$now' - interval '3 hours' - since) AS at,
                (ARRAY[500, 500, 1000, 1000, 2000, 2500, 5000, 10000,
                       200 + 50 * floor(pg_temp.chance(g, 27) * 100)::int])
                    [1 + floor(pg_temp.chance(g, 28) * 9)::int] AS cents) a,
LATERAL (SELECT 25 + round(cents * 0.015)::int AS fee) b
WHERE at <= timestamptz '$now' - interval '3 hours';
