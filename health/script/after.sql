
WITH checks AS (
	SELECT c.value ->> 'check' AS name, c.value -> 'found' AS found, c.place
	FROM jsonb_array_elements(:'findings'::jsonb) WITH ORDINALITY AS c (value, place)
), findings AS (
	SELECT f.value ->> 'severity' AS severity, c.name, translate(f.value ->> 'object', E'\n\r', '  ') AS object,
		translate(f.value ->> 'evidence', E'\n\r', '  ') AS evidence,
		f.value ->> 'cost' AS cost, translate(f.value ->> 'remedy', E'\n\r', '  ') AS remedy, c.place, f.place AS place_within
	FROM checks AS c CROSS JOIN LATERAL jsonb_array_elements(c.found) WITH ORDINALITY AS f (value, place)
	UNION ALL
	SELECT 'ok', c.name, NULL, 'nothing found', NULL, NULL, c.place, 1
	FROM checks AS c
	WHERE c.found = '[]' AND (c.name <> 'drift' OR :'profile' <> 'null')
)
SELECT f.severity, f.name AS check_name, f.object, f.evidence, f.cost, f.remedy, 'health.md#' || f.name AS docs
FROM findings AS f
ORDER BY array_position(ARRAY['blocking', 'warning', 'unknown', 'notice', 'ok'], f.severity), f.place, f.place_within;
RESET statement_timeout;
RESET lock_timeout;
RESET enable_nestloop;
RESET max_parallel_workers_per_gather;
RESET jit;
RESET search_path;
