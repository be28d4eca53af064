BEGIN TRANSACTION;
CREATE TABLE "_sqlite_migrations" (
   "id" INTEGER PRIMARY KEY,
   "migration_set" TEXT,
   "name" TEXT,
   "applied_at" TEXT
);
INSERT INTO "_sqlite_migrations" VALUES(1,'warmstart','m0001_runs','2026-11-29 01:46:20.164291+00:00');
INSERT INTO "_sqlite_migrations" VALUES(2,'warmstart','m0002_fine_tuning','2026-11-29 01:46:20.164733+00:00');
INSERT INTO "_sqlite_migrations" VALUES(3,'warmstart','m0003_studies','2026-11-29 01:46:20.165629+00:00');
INSERT INTO "_sqlite_migrations" VALUES(4,'warmstart','m0004_tasks','2026-11-29 01:46:20.166106+00:00');
INSERT INTO "_sqlite_migrations" VALUES(5,'warmstart','m0005_seconds','2026-11-29 01:46:20.166559+00:00');
INSERT INTO "_sqlite_migrations" VALUES(6,'warmstart','m0006_marks','2026-11-29 01:46:20.172138+00:00');
INSERT INTO "_sqlite_migrations" VALUES(7,'warmstart','m0007_ending','2026-11-29 01:46:20.172738+00:00');
CREATE TABLE artifact(id INTEGER PRIMARY KEY, run_id INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE,
  kind TEXT NOT NULL, path TEXT NOT NULL, step INTEGER NOT NULL, value REAL, time REAL NOT NULL,
  UNIQUE(run_id, path)) STRICT;
CREATE TABLE chunk(run_id INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE,
  metric_id INTEGER NOT NULL REFERENCES metric(id), seq INTEGER NOT NULL, n INTEGER NOT NULL, step0 INTEGER NOT NULL,
  stride INTEGER, steps BLOB, ts BLOB NOT NULL, vals BLOB NOT NULL, PRIMARY KEY(run_id, metric_id, seq)) STRICT;
CREATE TABLE env(id INTEGER PRIMARY KEY, hash TEXT NOT NULL UNIQUE, python TEXT NOT NULL, packages TEXT NOT NULL,
  hardware TEXT NOT NULL) STRICT;
INSERT INTO "env" VALUES(1,'x','3.11.7','{}','{}');
CREATE TABLE message(id INTEGER PRIMARY KEY, run_id INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE,
  time REAL NOT NULL, level TEXT NOT NULL, text TEXT NOT NULL) STRICT;
CREATE TABLE metric(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,
  goal TEXT NOT NULL CHECK(goal IN('min','max'))) STRICT;
CREATE TABLE result(id INTEGER PRIMARY KEY, run_id INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE,
  time REAL NOT NULL, metric TEXT NOT NULL, value REAL, low REAL, high REAL, n INTEGER NOT NULL, unit TEXT NOT NULL,
  protocol TEXT NOT NULL, class_names TEXT NOT NULL, ids BLOB, truth BLOB, predicted BLOB, scores BLOB, hardness BLOB) STRICT;
CREATE TABLE run(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  uid TEXT NOT NULL UNIQUE CHECK(uid <> '' AND uid NOT GLOB '*[^a-z0-9]*'),  -- also the name of its folder
  name TEXT NOT NULL, plan TEXT NOT NULL DEFAULT '',
  family TEXT NOT NULL CHECK(family IN('finetune','meta')),
  state TEXT NOT NULL CHECK(state IN('queued','running','paused','finished','stopped','failed','interrupted')),
  created REAL NOT NULL, started REAL, ended REAL,
  heartbeat REAL, owner TEXT,                                 -- the process that works on it: see presence.py
  seed INTEGER NOT NULL,
  experiment TEXT NOT NULL, group_hash TEXT NOT NULL,         -- canonical JSON; the hash leaves the seed out
  env_id INTEGER REFERENCES env(id),
  step INTEGER NOT NULL DEFAULT 0, total_steps INTEGER NOT NULL DEFAULT 0,
  steps_per_epoch INTEGER NOT NULL DEFAULT 1, examples_per_step INTEGER NOT NULL DEFAULT 1,
  facts TEXT NOT NULL DEFAULT '{}',
  failure_kind TEXT, failure_message TEXT, failure_advice TEXT, failure_traceback TEXT,
  note TEXT NOT NULL DEFAULT '', starred INTEGER NOT NULL DEFAULT 0 CHECK(starred IN(0, 1)),
  deleted_at REAL                                             -- NULL = visible
, study_id INTEGER REFERENCES study(id), cell TEXT NOT NULL DEFAULT '', seconds REAL, tags TEXT NOT NULL DEFAULT '[]', archived INTEGER NOT NULL DEFAULT 0 CHECK(archived IN(0, 1)), cell_notes TEXT NOT NULL DEFAULT '{}', ending TEXT NOT NULL DEFAULT '') STRICT;
INSERT INTO "run" VALUES(1,'c7899b0d','Source, split 0','','finetune','finished',1.79591678059577751153e+09,1.79591678061852169038e+09,1.79591678061871743202e+09,1.79591678061871743202e+09,NULL,0,'{"backbone":{"head":"new","image_size":null,"name":"conv4","weights":"random"},"budget":{"instead_of_epochs":false,"minutes":null},"dataset":{"classes":null,"distance":1.0,"labels_per_class":null,"name":"digits","part":"source half","path":null,"shift":null,"split":null,"split_seed":0,"tested_on":[],"validation_per_class":null,"vary_frequency":false},"device":"cuda:1","method":{"hyperparameters":{"augmentation":"none","batch_norm":"batch statistics","batch_size":32,"class_weights":"none","clip_norm":0.0,"ema":0.0,"epochs":80,"label_smoothing":0.0,"layers":{},"learning_rate":0.001,"mixup":0.0,"momentum":0.9,"optimiser":"AdamW","patience":0,"schedule":"cosine","tested":"best validation epoch","weight_decay":0.0001},"name":"scratch"},"precision":"float32","search":null,"seed":0}','55eb7c146a5d2e47',1,0,0,1,1,'{}',NULL,NULL,NULL,NULL,'',0,NULL,1,'source, split 0, 9b84e5796e',NULL,'[]',0,'{}','');
INSERT INTO "run" VALUES(2,'n41e3ca5','From source, rate 0.01, seed 0','','finetune','finished',1.79591678061904072754e+09,1.79591678061974549291e+09,1.79591678061986207964e+09,1.79591678061986207964e+09,NULL,0,'{"backbone":{"head":"new","image_size":null,"name":"conv4","weights":"run:c7899b0d"},"budget":{"instead_of_epochs":false,"minutes":null},"dataset":{"classes":null,"distance":1.0,"labels_per_class":2,"name":"digits","part":"target half","path":null,"shift":null,"split":null,"split_seed":0,"tested_on":[],"validation_per_class":null,"vary_frequency":false},"device":"cuda:1","method":{"hyperparameters":{"augmentation":"none","batch_norm":"pretrained statistics","batch_size":32,"class_weights":"none","clip_norm":0.0,"ema":0.0,"epochs":20,"label_smoothing":0.0,"layers":{},"learning_rate":0.01,"mixup":0.0,"momentum":0.9,"optimiser":"AdamW","patience":0,"probe_epochs":100,"probe_learning_rate":0.01,"probe_weight_decay":1.0,"schedule":"cosine","tested":"best validation epoch","weight_decay":0.0001},"name":"lp_ft"},"precision":"float32","search":null,"seed":0}','1e716db00b9a2fc0',1,0,0,1,1,'{}',NULL,NULL,NULL,NULL,'',0,NULL,1,'lp_ft, 2 labels per class, no shift, seed 0, rate 0.01, dd89675a88',NULL,'[]',0,'{}','');
INSERT INTO "run" VALUES(3,'t0a8fe10','Bundled, rate 0.01, seed 0','','finetune','finished',1795916780.62005,1.79591678062066602708e+09,1.79591678062080097196e+09,1.79591678062080097196e+09,NULL,0,'{"backbone":{"head":"new","image_size":null,"name":"conv4","weights":"random"},"budget":{"instead_of_epochs":false,"minutes":null},"dataset":{"classes":null,"distance":1.0,"labels_per_class":2,"name":"digits","part":"target half","path":null,"shift":null,"split":null,"split_seed":0,"tested_on":[],"validation_per_class":null,"vary_frequency":false},"device":"cuda:1","method":{"hyperparameters":{"augmentation":"none","batch_norm":"pretrained statistics","batch_size":32,"class_weights":"none","clip_norm":0.0,"ema":0.0,"epochs":100,"label_smoothing":0.0,"layers":{},"learning_rate":0.01,"mixup":0.0,"momentum":0.9,"optimiser":"AdamW","patience":0,"schedule":"cosine","tested":"best validation epoch","weight_decay":1.0},"name":"linear_probe"},"precision":"float32","search":null,"seed":0}','86c998cea6f194e6',1,0,0,1,1,'{}',NULL,NULL,NULL,NULL,'',0,NULL,1,'linear_probe, 2 labels per class, no shift, seed 0, rate 0.01, d3d9b533c6',NULL,'[]',0,'{}','');
INSERT INTO "run" VALUES(4,'y3c79ada','on cpu','','meta','finished',1.79591678062108182911e+09,1.79591678062160944938e+09,1.79591678062171339986e+09,1.79591678062171339986e+09,NULL,0,'{"backbone":{"head":"new","image_size":null,"name":"conv4","weights":"random"},"budget":{"instead_of_epochs":false,"minutes":null},"dataset":{"classes":null,"distance":1.0,"labels_per_class":null,"name":"glyphs","part":null,"path":null,"shift":null,"split":null,"split_seed":0,"tested_on":[],"validation_per_class":null,"vary_frequency":false},"device":"cpu","method":{"hyperparameters":{"halve_every":500,"learning_rate":0.001,"meta_batch":1,"over_shots":"off","query":5,"rotations":"as the data says","shot":1,"slots":"shuffled","steps":1000,"test_episodes":600,"training_shot":0,"training_way":20,"validate_every":100,"validation_episodes":100,"way":5,"within":"as the data says"},"name":"protonet"},"precision":"float32","search":null,"seed":0}','f0faaf3c31b16e24',1,0,0,1,1,'{}',NULL,NULL,NULL,NULL,'',0,NULL,NULL,'',NULL,'[]',0,'{}','');
INSERT INTO "run" VALUES(5,'qeba3019','on cuda:0','','meta','finished',1.79591678062192583085e+09,1.79591678062249207495e+09,1.79591678062259316444e+09,1.79591678062259316444e+09,NULL,0,'{"backbone":{"head":"new","image_size":null,"name":"conv4","weights":"random"},"budget":{"instead_of_epochs":false,"minutes":null},"dataset":{"classes":null,"distance":1.0,"labels_per_class":null,"name":"glyphs","part":null,"path":null,"shift":null,"split":null,"split_seed":0,"tested_on":[],"validation_per_class":null,"vary_frequency":false},"device":"cuda:0","method":{"hyperparameters":{"halve_every":500,"learning_rate":0.001,"meta_batch":1,"over_shots":"off","query":5,"rotations":"as the data says","shot":1,"slots":"shuffled","steps":1000,"test_episodes":600,"training_shot":0,"training_way":20,"validate_every":100,"validation_episodes":100,"way":5,"within":"as the data says"},"name":"protonet"},"precision":"float32","search":null,"seed":0}','8ad79797bc8d082e',1,0,0,1,1,'{}',NULL,NULL,NULL,NULL,'',0,NULL,NULL,'',NULL,'[]',0,'{}','');
CREATE TABLE saved_view(id INTEGER PRIMARY KEY, page TEXT NOT NULL, name TEXT NOT NULL, spec TEXT NOT NULL, UNIQUE(page, name)) STRICT;
CREATE TABLE study(id INTEGER PRIMARY KEY AUTOINCREMENT, uid TEXT NOT NULL UNIQUE, title TEXT NOT NULL, spec TEXT NOT NULL, created REAL NOT NULL, note TEXT NOT NULL DEFAULT '', deleted_at REAL) STRICT;
INSERT INTO "study" VALUES(1,'d5804ef3','Half done','{"arms":[{"backbone":{"head":"new","image_size":null,"name":"conv4","weights":"source"},"method":{"hyperparameters":{},"name":"lp_ft"},"search":null,"title":"From source"},{"backbone":{"head":"new","image_size":null,"name":"conv4","weights":"random"},"method":{"hyperparameters":{},"name":"linear_probe"},"search":null,"title":"Bundled"}],"budget":{"instead_of_epochs":false,"minutes":null},"dataset":{"classes":null,"distance":1.0,"labels_per_class":null,"name":"digits","part":null,"path":null,"shift":null,"split":null,"split_seed":0,"tested_on":[],"validation_per_class":null,"vary_frequency":false},"description":"","device":"cuda:1","distances":[],"figure":"arm","labels":[2],"learning_rates":[0.01],"name":"","precision":"float32","seeds":[0,1],"shifts":[null],"source":{"backbone":{"head":"new","image_size":null,"name":"conv4","weights":"random"},"method":{"hyperparameters":{},"name":"scratch"}},"splits_follow_seed":false,"title":"Half done"}',1.79591678021189737318e+09,'',NULL);
CREATE TABLE summary(run_id INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE,
  metric_id INTEGER NOT NULL REFERENCES metric(id), n INTEGER NOT NULL, last REAL, last_step INTEGER NOT NULL,
  min REAL, min_step INTEGER, max REAL, max_step INTEGER, PRIMARY KEY(run_id, metric_id)) STRICT;
CREATE TABLE trial(run_id INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE, number INTEGER NOT NULL, params TEXT NOT NULL, scores TEXT NOT NULL, state TEXT NOT NULL, seconds REAL NOT NULL, time REAL NOT NULL, PRIMARY KEY(run_id, number)) STRICT;
CREATE TABLE undo(id INTEGER PRIMARY KEY AUTOINCREMENT, time REAL NOT NULL, label TEXT NOT NULL,
  forward TEXT NOT NULL, inverse TEXT NOT NULL, undone INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE UNIQUE INDEX "idx__sqlite_migrations_migration_set_name"
    ON "_sqlite_migrations" ("migration_set", "name");
CREATE INDEX run_list ON run(deleted_at, created);
CREATE INDEX run_group ON run(group_hash, seed);
CREATE INDEX run_state ON run(state);
CREATE INDEX run_env ON run(env_id);
CREATE INDEX result_run ON result(run_id);
CREATE INDEX message_run ON message(run_id);
CREATE INDEX run_study ON run(study_id);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('study',1);
INSERT INTO "sqlite_sequence" VALUES('run',5);
COMMIT;
