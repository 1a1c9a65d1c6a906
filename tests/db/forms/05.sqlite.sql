CREATE TABLE alerts (
    "key" VARCHAR(200) NOT NULL,
    at DATETIME NOT NULL,
    subject VARCHAR(300) NOT NULL,
    body TEXT NOT NULL,
    delivered_at DATETIME,
    CONSTRAINT pk_alerts PRIMARY KEY ("key")
);
CREATE TABLE issues (
    id INTEGER NOT NULL,
    edition VARCHAR NOT NULL,
    number INTEGER,
    slot VARCHAR(16) NOT NULL,
    status VARCHAR NOT NULL,
    cutoff_at DATETIME NOT NULL,
    subject VARCHAR(300) DEFAULT '' NOT NULL,
    preheader VARCHAR(300) DEFAULT '' NOT NULL,
    note TEXT DEFAULT '' NOT NULL,
    bottom_line TEXT DEFAULT '' NOT NULL,
    version INTEGER DEFAULT '1' NOT NULL,
    created_at DATETIME NOT NULL,
    updated_at DATETIME NOT NULL,
    approved_at DATETIME,
    approved_by VARCHAR(200),
    content_hash VARCHAR(64),
    send_at DATETIME,
    started_at DATETIME,
    finished_at DATETIME,
    reason TEXT DEFAULT '' NOT NULL,
    archived BOOLEAN DEFAULT (true) NOT NULL,
    CONSTRAINT pk_issues PRIMARY KEY (id),
    CONSTRAINT ck_issues_edition CHECK (edition IN ('weekly', 'monthly')),
    CONSTRAINT ck_issues_status CHECK (status IN ('draft', 'approved', 'sending', 'paused', 'sent', 'cancelled')),
    CONSTRAINT uq_issues_edition_number UNIQUE (edition, number),
    CONSTRAINT uq_issues_edition_slot UNIQUE (edition, slot)
);
CREATE TABLE mailboxes (
    name VARCHAR(300) NOT NULL,
    validity BIGINT NOT NULL,
    last_uid BIGINT NOT NULL,
    CONSTRAINT pk_mailboxes PRIMARY KEY (name)
);
CREATE TABLE readers (
    id INTEGER NOT NULL,
    address VARCHAR(320),
    address_key VARCHAR(320),
    name VARCHAR(200) DEFAULT '' NOT NULL,
    status VARCHAR NOT NULL,
    status_at DATETIME NOT NULL,
    edition VARCHAR DEFAULT 'weekly' NOT NULL,
    paused_until DATE,
    time_zone VARCHAR(64) DEFAULT '' NOT NULL,
    send_hour INTEGER,
    monthly_tokens BIGINT,
    team_size INTEGER,
    added_at DATETIME NOT NULL,
    confirmed_at DATETIME,
    replaces INTEGER,
    CONSTRAINT pk_readers PRIMARY KEY (id),
    CONSTRAINT ck_readers_erased_has_no_address CHECK ((status = 'erased') = (address IS NULL)),
    CONSTRAINT ck_readers_edition CHECK (edition IN ('weekly', 'monthly')),
    CONSTRAINT ck_readers_status CHECK (status IN ('unconfirmed', 'active', 'left', 'bounced', 'complained', 'erased')),
    CONSTRAINT ck_readers_send_hour CHECK (send_hour BETWEEN 0 AND 23),
    CONSTRAINT fk_readers_replaces_readers FOREIGN KEY(replaces) REFERENCES readers (id),
    CONSTRAINT uq_readers_address_key UNIQUE (address_key)
);
CREATE INDEX ix_readers_may_receive ON readers (edition, id, paused_until) WHERE status = 'active';
CREATE TABLE rulings (
    tool_id VARCHAR(200) NOT NULL,
    attribute VARCHAR(100) NOT NULL,
    claim_id VARCHAR(64),
    reason TEXT NOT NULL,
    "by" VARCHAR(200) NOT NULL,
    at DATETIME NOT NULL,
    CONSTRAINT pk_rulings PRIMARY KEY (tool_id, attribute)
);
CREATE TABLE sign_up_counts (
    scope VARCHAR NOT NULL,
    key_hash VARCHAR(64) NOT NULL,
    window_at DATETIME NOT NULL,
    count INTEGER NOT NULL,
    CONSTRAINT pk_sign_up_counts PRIMARY KEY (scope, key_hash, window_at),
    CONSTRAINT ck_sign_up_counts_scope CHECK (scope IN ('address', 'network', 'domain'))
)
 WITHOUT ROWID;
CREATE TABLE slots (
    job VARCHAR(100) NOT NULL,
    slot VARCHAR(16) NOT NULL,
    due_at DATETIME NOT NULL,
    status VARCHAR NOT NULL,
    owner VARCHAR(200),
    lease_until DATETIME,
    attempts INTEGER DEFAULT '0' NOT NULL,
    finished_at DATETIME,
    outcome TEXT DEFAULT '' NOT NULL,
    CONSTRAINT pk_slots PRIMARY KEY (job, slot),
    CONSTRAINT ck_slots_status CHECK (status IN ('due', 'running', 'done', 'skipped'))
)
 WITHOUT ROWID;
CREATE TABLE suppressions (
    address_hash VARCHAR(64) NOT NULL,
    reason VARCHAR(100) NOT NULL,
    at DATETIME NOT NULL,
    source VARCHAR(500) DEFAULT '' NOT NULL,
    CONSTRAINT pk_suppressions PRIMARY KEY (address_hash)
);
CREATE TABLE batches (
    id INTEGER NOT NULL,
    issue_id INTEGER NOT NULL,
    variant VARCHAR(50) NOT NULL,
    low INTEGER NOT NULL,
    high INTEGER NOT NULL,
    status VARCHAR NOT NULL,
    not_before DATETIME,
    owner VARCHAR(200),
    lease_until DATETIME,
    fence INTEGER DEFAULT '0' NOT NULL,
    attempts INTEGER DEFAULT '0' NOT NULL,
    readers INTEGER NOT NULL,
    accepted INTEGER DEFAULT '0' NOT NULL,
    rejected INTEGER DEFAULT '0' NOT NULL,
    skipped INTEGER DEFAULT '0' NOT NULL,
    unsure INTEGER DEFAULT '0' NOT NULL,
    CONSTRAINT pk_batches PRIMARY KEY (id),
    CONSTRAINT ck_batches_status CHECK (status IN ('pending', 'running', 'done')),
    CONSTRAINT fk_batches_issue_id_issues FOREIGN KEY(issue_id) REFERENCES issues (id)
);
CREATE INDEX ix_batches_issue_id ON batches (issue_id);
CREATE TABLE consents (
    id INTEGER NOT NULL,
    reader_id INTEGER NOT NULL,
    event VARCHAR NOT NULL,
    at DATETIME NOT NULL,
    source VARCHAR(500) NOT NULL,
    wording VARCHAR(100) DEFAULT '' NOT NULL,
    CONSTRAINT pk_consents PRIMARY KEY (id),
    CONSTRAINT ck_consents_event CHECK (event IN ('requested', 'confirmed', 'imported', 'added', 'withdrawn', 'restored')),
    CONSTRAINT fk_consents_reader_id_readers FOREIGN KEY(reader_id) REFERENCES readers (id)
);
CREATE INDEX ix_consents_reader_id ON consents (reader_id);
CREATE TABLE exclusions (
    id INTEGER NOT NULL,
    kind VARCHAR NOT NULL,
    "key" VARCHAR(200) NOT NULL,
    reach VARCHAR NOT NULL,
    issue_id INTEGER,
    at DATETIME NOT NULL,
    CONSTRAINT pk_exclusions PRIMARY KEY (id),
    CONSTRAINT ck_exclusions_kind CHECK (kind IN ('comparison', 'verdict', 'model', 'question')),
    CONSTRAINT ck_exclusions_reach CHECK (reach IN ('this-issue', 'for-ever')),
    CONSTRAINT fk_exclusions_issue_id_issues FOREIGN KEY(issue_id) REFERENCES issues (id) ON DELETE CASCADE,
    CONSTRAINT uq_exclusions_kind_key_issue_id UNIQUE (kind, "key", issue_id)
);
CREATE TABLE items (
    issue_id INTEGER NOT NULL,
    kind VARCHAR NOT NULL,
    "key" VARCHAR(200) NOT NULL,
    room VARCHAR NOT NULL,
    position INTEGER NOT NULL,
    pinned BOOLEAN DEFAULT (false) NOT NULL,
    note TEXT DEFAULT '' NOT NULL,
    CONSTRAINT pk_items PRIMARY KEY (issue_id, kind, "key"),
    CONSTRAINT ck_items_kind CHECK (kind IN ('comparison', 'verdict', 'model', 'question')),
    CONSTRAINT ck_items_room CHECK (room IN ('lead', 'more', 'card', 'overflow', 'question')),
    CONSTRAINT fk_items_issue_id_issues FOREIGN KEY(issue_id) REFERENCES issues (id) ON DELETE CASCADE
)
 WITHOUT ROWID;
CREATE TABLE mails (
    id INTEGER NOT NULL,
    kind VARCHAR NOT NULL,
    "key" VARCHAR(200) NOT NULL,
    reader_id INTEGER,
    "values" JSON NOT NULL,
    status VARCHAR NOT NULL,
    attempts INTEGER DEFAULT '0' NOT NULL,
    not_before DATETIME NOT NULL,
    queued_at DATETIME NOT NULL,
    at DATETIME,
    code VARCHAR(50),
    provider_id VARCHAR(200),
    CONSTRAINT pk_mails PRIMARY KEY (id),
    CONSTRAINT ck_mails_kind CHECK (kind IN ('confirmation', 'reminder', 'welcome', 'sign-in', 'personal-link', 'test', 'alert')),
    CONSTRAINT ck_mails_status CHECK (status IN ('pending', 'begun', 'accepted', 'rejected', 'unsure')),
    CONSTRAINT fk_mails_reader_id_readers FOREIGN KEY(reader_id) REFERENCES readers (id),
    CONSTRAINT uq_mails_key UNIQUE ("key")
);
CREATE INDEX ix_mails_reader_id ON mails (reader_id);
CREATE INDEX ix_mails_waiting ON mails (not_before) WHERE status = 'pending';
CREATE TABLE plans (
    issue_id INTEGER NOT NULL,
    variant VARCHAR(50) NOT NULL,
    "plan" BLOB NOT NULL,
    CONSTRAINT pk_plans PRIMARY KEY (issue_id, variant),
    CONSTRAINT fk_plans_issue_id_issues FOREIGN KEY(issue_id) REFERENCES issues (id) ON DELETE CASCADE
);
CREATE TABLE publications (
    kind VARCHAR NOT NULL,
    "key" VARCHAR(200) NOT NULL,
    issue_id INTEGER NOT NULL,
    CONSTRAINT pk_publications PRIMARY KEY (kind, "key"),
    CONSTRAINT ck_publications_kind CHECK (kind IN ('comparison', 'verdict', 'model', 'question')),
    CONSTRAINT fk_publications_issue_id_issues FOREIGN KEY(issue_id) REFERENCES issues (id)
)
 WITHOUT ROWID;
CREATE INDEX ix_publications_issue_id ON publications (issue_id);
CREATE TABLE reader_tools (
    reader_id INTEGER NOT NULL,
    tool_id VARCHAR(200) NOT NULL,
    CONSTRAINT pk_reader_tools PRIMARY KEY (reader_id, tool_id),
    CONSTRAINT fk_reader_tools_reader_id_readers FOREIGN KEY(reader_id) REFERENCES readers (id) ON DELETE CASCADE
)
 WITHOUT ROWID;
CREATE TABLE reader_topics (
    reader_id INTEGER NOT NULL,
    topic VARCHAR(100) NOT NULL,
    CONSTRAINT pk_reader_topics PRIMARY KEY (reader_id, topic),
    CONSTRAINT fk_reader_topics_reader_id_readers FOREIGN KEY(reader_id) REFERENCES readers (id) ON DELETE CASCADE
)
 WITHOUT ROWID;
CREATE TABLE reports (
    "key" VARCHAR(64) NOT NULL,
    kind VARCHAR NOT NULL,
    at DATETIME NOT NULL,
    reader_id INTEGER,
    issue_id INTEGER,
    code VARCHAR(50) DEFAULT '' NOT NULL,
    outcome VARCHAR(50) NOT NULL,
    CONSTRAINT pk_reports PRIMARY KEY ("key"),
    CONSTRAINT ck_reports_kind CHECK (kind IN ('bounce', 'complaint', 'leaving', 'auto-reply')),
    CONSTRAINT fk_reports_reader_id_readers FOREIGN KEY(reader_id) REFERENCES readers (id)
);
CREATE INDEX ix_reports_reader_id ON reports (reader_id);
CREATE TABLE senders (
    name VARCHAR(200) NOT NULL,
    issue_id INTEGER NOT NULL,
    started_at DATETIME NOT NULL,
    seen_at DATETIME NOT NULL,
    waits_for TEXT DEFAULT '' NOT NULL,
    waits_until DATETIME,
    CONSTRAINT pk_senders PRIMARY KEY (name),
    CONSTRAINT fk_senders_issue_id_issues FOREIGN KEY(issue_id) REFERENCES issues (id)
);
CREATE INDEX ix_senders_issue_id ON senders (issue_id);
CREATE TABLE snapshots (
    issue_id INTEGER NOT NULL,
    letter TEXT NOT NULL,
    sender TEXT NOT NULL,
    record TEXT DEFAULT '' NOT NULL,
    CONSTRAINT pk_snapshots PRIMARY KEY (issue_id),
    CONSTRAINT fk_snapshots_issue_id_issues FOREIGN KEY(issue_id) REFERENCES issues (id) ON DELETE CASCADE
);
CREATE TABLE soft_bounces (
    reader_id INTEGER NOT NULL,
    issue_id INTEGER NOT NULL,
    at DATETIME NOT NULL,
    code VARCHAR(50) DEFAULT '' NOT NULL,
    CONSTRAINT pk_soft_bounces PRIMARY KEY (reader_id, issue_id),
    CONSTRAINT fk_soft_bounces_issue_id_issues FOREIGN KEY(issue_id) REFERENCES issues (id),
    CONSTRAINT fk_soft_bounces_reader_id_readers FOREIGN KEY(reader_id) REFERENCES readers (id)
)
 WITHOUT ROWID;
CREATE TABLE deliveries (
    issue_id INTEGER NOT NULL,
    reader_id INTEGER NOT NULL,
    batch_id INTEGER NOT NULL,
    status VARCHAR NOT NULL,
    attempts INTEGER DEFAULT '0' NOT NULL,
    at DATETIME,
    code VARCHAR(50),
    provider_id VARCHAR(200),
    CONSTRAINT pk_deliveries PRIMARY KEY (issue_id, reader_id),
    CONSTRAINT ck_deliveries_status CHECK (status IN ('pending', 'begun', 'retry', 'accepted', 'rejected', 'skipped', 'unsure')),
    CONSTRAINT fk_deliveries_batch_id_batches FOREIGN KEY(batch_id) REFERENCES batches (id),
    CONSTRAINT fk_deliveries_reader_id_readers FOREIGN KEY(reader_id) REFERENCES readers (id)
)
 WITHOUT ROWID;
CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num));
INSERT INTO alembic_version (version_num) VALUES ('0001');
