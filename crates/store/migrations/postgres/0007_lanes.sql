-- Alerts and what calls itself critical have partitions of their own, so that triage never has them behind logs.
INSERT INTO partitions (id) SELECT generate_series(16, 31);
