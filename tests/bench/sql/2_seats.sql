-- When each membership began: the first of each member.
CREATE TEMPORARY TABLE seat AS
SELECT n, n AS person, id AS supporter, since AS began FROM person WHERE n <= $members;

CREATE TEMPORARY TABLE life (
    n bigint, person bigint, supporter uuid, began timestamptz, yearly bool, step interval,
    cents int, extra int, changed int, changed_cents int, lasts int, reached int, way text,
    pause int, rest int, card int, campaign uuid, ended timestamptz
);
