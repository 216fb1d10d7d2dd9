-- What becomes of each: how many periods it `lasts`, how many have begun (`reached`), how it ends,
-- when it pauses (period and number of periods), when the amount changes.
INSERT INTO life
SELECT n, person, supporter, began, yearly, step, cents, extra, changed, changed_cents, lasts,
       reached, way, pause, rest, card, campaign,
       CASE WHEN ends <= timestamptz '$now' THEN ends END
FROM seat,
LATERAL (SELECT pg_temp.chance(n, 3) < 0.2 AS yearly,
                pg_temp.chance(n, 4) AS c_length, pg_temp.chance(n, 5) AS c_way,
                pg_temp.preset(pg_temp.chance(n, 6)) AS monthly,
                floor(pg_temp.chance(person, 7) * 100)::int AS card) a,
LATERAL (SELECT CASE WHEN yearly THEN interval '1 year' ELSE interval '1 month' END AS step,
                CASE WHEN yearly THEN 12 * monthly ELSE monthly END AS plain,
                CASE WHEN yearly THEN 12 ELSE 1 END AS months,
                extract(year FROM age(timestamptz '$now', began))::int * 12
                + extract(month FROM age(timestamptz '$now', began))::int AS gone) b,
LATERAL (SELECT CASE WHEN pg_temp.chance(n, 8) < 0.1 THEN 25 + plain * 2 / 100 ELSE 0 END AS extra,
                gone / months AS whole,
                CASE WHEN pg_temp.chance(n, 9) < 0.08
                     THEN 1 + floor(pg_temp.chance(n, 10) * 20)::int END AS changed,
                CASE WHEN c_way < 0.008 THEN 'withdrawn' WHEN c_way < 0.58 THEN 'requested'
                     WHEN c_way < 0.92 THEN 'payment_failed' WHEN c_way < 0.95 THEN 'disputed'
                     WHEN c_way < 0.96 THEN 'fraud' ELSE 'other' END AS way) c,
LATERAL (SELECT plain + extra AS cents,
                -- Age stops short of the last day of a month that is longer than this one.
                1 + whole + (began + (whole + 1) * step <= timestamptz '$now')::int AS reached,
                pg_temp.preset(pg_temp.chance(n, 11)) * months + extra AS changed_cents,
                CASE WHEN way = 'withdrawn' THEN 1
                     ELSE greatest(1, ceil(ln(1 - c_length) / ln(CASE WHEN yearly THEN 0.78 ELSE 0.965 END)))
                END::int AS lasts) d,
LATERAL (SELECT 1 + floor(pg_temp.chance(n, 12) * 18)::int AS asked,
                1 + floor(pg_temp.chance(n, 13) * 5)::int AS wanted,
                campaign.id AS campaign
         FROM (VALUES (1)) one(x)
         LEFT JOIN campaign ON campaign.n = floor(pg_temp.chance(seat.n, 14) * 40)::int) e,
LATERAL (SELECT CASE WHEN paused THEN asked END AS pause, CASE WHEN paused THEN wanted END AS rest
         FROM (SELECT NOT yearly AND pg_temp.chance(n, 15) < 0.05 AND asked + wanted < lasts
                      AND began + asked * step - interval '3 days' <= timestamptz '$now' AS paused) p) f,
LATERAL (SELECT CASE
             WHEN way = 'withdrawn' THEN began + interval '1 day' + pg_temp.chance(n, 16) * interval '12 days'
             WHEN way = 'payment_failed' THEN began + lasts * step + interval '14 days'
             WHEN way IN ('disputed', 'fraud') THEN began + (lasts - 1) * step + interval '20 days'
             ELSE began + lasts * step END AS ends) g
WHERE $which;
