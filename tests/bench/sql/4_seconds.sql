-- Who comes back after a while, and who has two at once.
INSERT INTO seat
SELECT $members + person, person, supporter, again
FROM life,
LATERAL (SELECT CASE
             WHEN ended IS NOT NULL AND pg_temp.chance(n, 17) < 0.15
             THEN ended + interval '20 days' + pg_temp.chance(n, 18) * interval '300 days'
             WHEN pg_temp.chance(n, 17) < 0.004
             THEN began + interval '5 minutes' + pg_temp.chance(n, 18) * interval '200 days'
         END AS again) a
WHERE again < timestamptz '$now' - interval '1 hour';
