-- Triggers and rules switched off, as an interrupted restore or a bulk load
-- leaves them.  Foreign keys are triggers, too: then nothing keeps them.
SELECT 'warning' AS severity, format('%I.%I', n.nspname, c.relname) AS object,
	concat_ws(', ', 'foreign key not enforced: ' || string_agg(DISTINCT quote_ident(f.conname), ', '),
		'trigger disabled: ' || string_agg(quote_ident(t.tgname), ', ' ORDER BY t.tgname) FILTER (WHERE NOT t.tgisinternal)) AS evidence,
	'instant' AS cost,
	string_agg(format('ALTER TABLE %I.%I ENABLE TRIGGER %I;', n.nspname, c.relname, t.tgname), ' ' ORDER BY t.tgname)
		|| CASE WHEN bool_or(t.tgisinternal) THEN ' -- rows that are there are not checked by that' ELSE '' END AS remedy
FROM pg_trigger AS t
	JOIN pg_class AS c ON c.oid = t.tgrelid
	JOIN pg_namespace AS n ON n.oid = c.relnamespace
	LEFT JOIN pg_constraint AS f ON f.oid = t.tgconstraint AND t.tgisinternal
WHERE t.tgenabled = 'D' AND coalesce(to_jsonb(f) ->> 'conenforced', 'true') = 'true'
GROUP BY n.nspname, c.relname
UNION ALL
SELECT 'warning', format('%I.%I', n.nspname, c.relname), format('rule disabled: %I', r.rulename), 'instant',
	format('ALTER TABLE %I.%I ENABLE RULE %I;', n.nspname, c.relname, r.rulename)
FROM pg_rewrite AS r
	JOIN pg_class AS c ON c.oid = r.ev_class
	JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE r.ev_enabled = 'D'
UNION ALL
SELECT 'notice', format('%I', e.evtname), 'event trigger disabled', 'instant', format('ALTER EVENT TRIGGER %I ENABLE;', e.evtname)
FROM pg_event_trigger AS e
WHERE e.evtenabled = 'D'
ORDER BY severity DESC, object
