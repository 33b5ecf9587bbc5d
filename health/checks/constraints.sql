-- Constraints that hold for new rows only: NOT VALID, and never validated.
SELECT 'notice' AS severity, format('%I on %s', c.conname, coalesce(nullif(c.conrelid, 0)::regclass::text, c.contypid::regtype::text)) AS object,
	CASE c.contype WHEN 'f' THEN 'foreign key not validated' WHEN 'c' THEN 'check not validated' ELSE 'not validated' END AS evidence,
	'minutes' AS cost,
	CASE WHEN c.conrelid <> 0 THEN format('ALTER TABLE %s VALIDATE CONSTRAINT %I;', c.conrelid::regclass, c.conname)
		ELSE format('ALTER DOMAIN %s VALIDATE CONSTRAINT %I;', c.contypid::regtype, c.conname) END AS remedy
FROM pg_constraint AS c
WHERE NOT c.convalidated AND coalesce(to_jsonb(c) ->> 'conenforced', 'true') = 'true'
	-- A partition's follows its parent's.
	AND c.conparentid = 0
ORDER BY object
