-- Chances that depend on the seed alone, between 0 and below 1, and ids ordered by time as ours are.
CREATE FUNCTION pg_temp.chance(n bigint, salt int) RETURNS float8 IMMUTABLE LANGUAGE sql AS
    'SELECT (hashint8extended(n, $seed + 1000 * salt) & 4503599627370495)::float8 / 4503599627370496';
CREATE FUNCTION pg_temp.chance_of(id uuid, salt int) RETURNS float8 IMMUTABLE LANGUAGE sql AS
    'SELECT (uuid_hash_extended(id, $seed + 1000 * salt) & 4503599627370495)::float8 / 4503599627370496';
CREATE FUNCTION pg_temp.id_at(at timestamptz, n bigint) RETURNS uuid STABLE LANGUAGE sql AS
    'SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, ''0'') || ''70008''
             || lpad(to_hex(n), 15, ''0''))::uuid';
CREATE FUNCTION pg_temp.stripe_id(kind text, n bigint) RETURNS text IMMUTABLE LANGUAGE sql AS
    'SELECT kind || ''_'' || lpad(to_hex(n), 24, ''0'')';
-- The month of the books that counted a movement: all are closed but the last two.
CREATE FUNCTION pg_temp.closed(at timestamptz) RETURNS date STABLE LANGUAGE sql AS
    'SELECT CASE WHEN at < timestamptz ''$open''
            THEN date_trunc(''month'', at AT TIME ZONE ''Europe/Dublin'')::date END';

-- For each ten members one person who only ever gives once in a while. Starts over 48 months.
CREATE TEMPORARY TABLE person AS
SELECT n, pg_temp.id_at(since, n) AS id, since
FROM generate_series(1, $members + $members / 10) n,
LATERAL (SELECT timestamptz '$now' - pg_temp.chance(n, 1) * interval '1440 days' - interval '1 hour'
         AS since) s;

INSERT INTO members_supporter (id, email_sealed, email_hash, name_sealed, language, created_at)
SELECT id, '\x00', md5(n::text) || md5((-n)::text), '',
       CASE WHEN pg_temp.chance(n, 2) < 0.06 THEN 'ga' ELSE 'en' END, since
FROM person;

INSERT INTO billing_campaign (id, slug, name, active, created_at)
SELECT pg_temp.id_at(timestamptz '$now' - interval '1500 days', n), 'campaign-' || n,
       'Campaign ' || n, n > 3, timestamptz '$now' - interval '1500 days'
FROM generate_series(1, 12) n;
CREATE TEMPORARY TABLE campaign AS
SELECT id, substr(slug, 10)::int AS n FROM billing_campaign WHERE slug LIKE 'campaign-%';

-- What was chosen on the join page. Rounded amounts above all, now and then any.
CREATE FUNCTION pg_temp.preset(c float8) RETURNS int IMMUTABLE LANGUAGE sql AS
    'SELECT CASE WHEN c < 0.45 THEN 199 WHEN c < 0.65 THEN 299 WHEN c < 0.85 THEN 499
                 WHEN c < 0.955 THEN 1000 WHEN c < 0.995 THEN 250 + 50 * floor((c - 0.955) * 1000)::int
                 ELSE 200 + floor((c - 0.995) * 560000)::int END';
