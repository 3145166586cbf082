-- Direct debits and refunds on their way to the bank: mandates, files of collections and refunds, what the
-- bank told of them.

CREATE TABLE creditor (
    legal_entity_id  text COLLATE "C" PRIMARY KEY REFERENCES legal_entity,
    creditor_id      text COLLATE "C" NOT NULL CHECK (creditor_id ~ '^[A-Z]{2}[0-9]{2}[A-Z0-9]{3}[A-Z0-9]{1,28}$'),
    notice_days      integer NOT NULL DEFAULT 14 CHECK (notice_days BETWEEN 1 AND 60),
    approval_days    integer NOT NULL DEFAULT 1 CHECK (approval_days BETWEEN 0 AND 30),
    bundled          boolean NOT NULL DEFAULT true,
    set_by           text NOT NULL,
    set_at           timestamptz NOT NULL DEFAULT instant()
);
COMMENT ON TABLE creditor IS 'how a legal entity collects by direct debit: SEPA creditor identifier, days of notice, days for the approval, one debit per payer and day or per bill';

CREATE SEQUENCE mandate_id;
CREATE TABLE mandate (
    account_id         text COLLATE "C" NOT NULL REFERENCES account,
    mandate_id         bigint NOT NULL UNIQUE DEFAULT nextval('mandate_id'),
    legal_entity_id    text COLLATE "C" NOT NULL REFERENCES legal_entity,
    reference          text COLLATE "C" NOT NULL CHECK (length(reference) BETWEEN 1 AND 35),
    creditor_id        text COLLATE "C" NOT NULL,
    scheme             text NOT NULL CHECK (scheme IN ('CORE', 'B2B')),
    use                text NOT NULL CHECK (use IN ('recurrent', 'one-off')),
    iban               text COLLATE "C" NOT NULL,
    bic                text COLLATE "C" NOT NULL DEFAULT '',
    debtor_name        text NOT NULL,
    street             text NOT NULL DEFAULT '',
    building           text NOT NULL DEFAULT '',
    postcode           text NOT NULL DEFAULT '',
    town               text NOT NULL CHECK (town <> ''),
    country            text NOT NULL CHECK (country ~ '^[A-Z]{2}$'),
    signed_on          date NOT NULL,
    payment_method_id  bigint NOT NULL UNIQUE,
    registered_by      text NOT NULL,
    registered_at      timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, mandate_id),
    UNIQUE (creditor_id, reference)
);
COMMENT ON TABLE mandate IS 'fact: a payer signed that a creditor may collect from its bank account; its state follows from its events, its use and the day';

CREATE TABLE mandate_event (
    account_id   text COLLATE "C" NOT NULL,
    mandate_id   bigint NOT NULL,
    event_no     integer NOT NULL CHECK (event_no >= 1),
    step         text NOT NULL CHECK (step IN ('suspended', 'resumed', 'cancelled')),
    happened_on  date NOT NULL,
    reason       text NOT NULL DEFAULT '',
    recorded_by  text NOT NULL,
    recorded_at  timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, mandate_id, event_no),
    FOREIGN KEY (account_id, mandate_id) REFERENCES mandate
);
COMMENT ON TABLE mandate_event IS 'fact: a mandate was suspended, resumed or cancelled';

CREATE TABLE remittance (
    legal_entity_id  text COLLATE "C" NOT NULL REFERENCES legal_entity,
    remittance_id    bigint NOT NULL CHECK (remittance_id >= 1),
    kind             text NOT NULL CHECK (kind IN ('direct-debit', 'refund')),
    message_id       text COLLATE "C" NOT NULL UNIQUE,
    currency         text NOT NULL,
    lines            integer NOT NULL CHECK (lines > 0),
    amount_minor     bigint NOT NULL CHECK (amount_minor > 0),
    sha256           text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    size_bytes       bigint NOT NULL CHECK (size_bytes > 0),
    made_on          date NOT NULL,
    made_by          text NOT NULL,
    made_at          timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (legal_entity_id, remittance_id)
);
COMMENT ON TABLE remittance IS 'fact: a numbered file for the bank; its bytes are in the archive under sha256';

CREATE TABLE remittance_event (
    legal_entity_id  text COLLATE "C" NOT NULL,
    remittance_id    bigint NOT NULL,
    event_no         integer NOT NULL CHECK (event_no >= 1),
    state            text NOT NULL CHECK (state IN ('approved', 'downloaded', 'sent', 'accepted', 'rejected', 'collected', 'paid', 'cancelled')),
    happened_on      date NOT NULL,
    told             text NOT NULL DEFAULT '',
    recorded_by      text NOT NULL,
    recorded_at      timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (legal_entity_id, remittance_id, event_no),
    UNIQUE (legal_entity_id, remittance_id, state),
    FOREIGN KEY (legal_entity_id, remittance_id) REFERENCES remittance
);
COMMENT ON TABLE remittance_event IS 'fact: a second person approved a file, it was handed over, sent, taken or refused by the bank, ended, or was cancelled';

CREATE SEQUENCE collection_id;
CREATE TABLE collection (
    account_id       text COLLATE "C" NOT NULL,
    collection_id    bigint NOT NULL UNIQUE,
    legal_entity_id  text COLLATE "C" NOT NULL,
    remittance_id    bigint NOT NULL,
    line_no          integer NOT NULL CHECK (line_no >= 1),
    batch_id         text COLLATE "C" NOT NULL,
    end_to_end       text COLLATE "C" NOT NULL UNIQUE,
    mandate_id       bigint NOT NULL,
    sequence         text NOT NULL CHECK (sequence IN ('FRST', 'RCUR', 'OOFF')),
    requested_on     date NOT NULL,
    currency         text NOT NULL CHECK (currency = 'EUR'),
    amount_minor     bigint NOT NULL CHECK (amount_minor > 0),
    PRIMARY KEY (account_id, collection_id),
    UNIQUE (legal_entity_id, remittance_id, line_no),
    FOREIGN KEY (account_id, mandate_id) REFERENCES mandate,
    FOREIGN KEY (legal_entity_id, remittance_id) REFERENCES remittance
);
CREATE INDEX collection_mandate ON collection (account_id, mandate_id);
CREATE INDEX collection_batch ON collection (batch_id);
COMMENT ON TABLE collection IS 'fact: one debit of a payer''s bank account, a line of a file; account_id is the payer';

CREATE TABLE collection_debt (
    account_id     text COLLATE "C" NOT NULL,
    debt_id        bigint NOT NULL,
    collection_id  bigint NOT NULL,
    payer_id       text COLLATE "C" NOT NULL,
    bill_id        text COLLATE "C" NOT NULL,
    amount_minor   bigint NOT NULL CHECK (amount_minor > 0),
    PRIMARY KEY (account_id, debt_id, collection_id),
    FOREIGN KEY (payer_id, collection_id) REFERENCES collection
);
CREATE INDEX collection_debt_of ON collection_debt (payer_id, collection_id);
COMMENT ON TABLE collection_debt IS 'fact: so much of a debt is collected by a debit; account_id is the bill''s account';

CREATE TABLE pending_debt (
    account_id     text COLLATE "C" NOT NULL,
    debt_id        bigint NOT NULL,
    collection_id  bigint NOT NULL,
    amount_minor   bigint NOT NULL CHECK (amount_minor > 0),
    PRIMARY KEY (account_id, debt_id)
);
CREATE INDEX pending_debt_collection ON pending_debt (collection_id);
COMMENT ON TABLE pending_debt IS 'a debt that a collection under way takes up: its key keeps it out of a second one; gone when the collection ends';

CREATE TABLE collection_event (
    account_id     text COLLATE "C" NOT NULL,
    collection_id  bigint NOT NULL,
    event_no       integer NOT NULL CHECK (event_no >= 1),
    state          text NOT NULL CHECK (state IN ('collected', 'rejected', 'returned', 'cancelled')),
    happened_on    date NOT NULL,
    reason_code    text NOT NULL DEFAULT '',
    told           text NOT NULL DEFAULT '',
    deposit_id     text COLLATE "C",
    recorded_by    text NOT NULL,
    recorded_at    timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, collection_id, event_no),
    UNIQUE (account_id, collection_id, state),
    FOREIGN KEY (account_id, collection_id) REFERENCES collection,
    FOREIGN KEY (account_id, deposit_id) REFERENCES deposit,
    CHECK ((state = 'collected') = (deposit_id IS NOT NULL))
);
CREATE UNIQUE INDEX collection_event_deposit ON collection_event (account_id, deposit_id) WHERE deposit_id IS NOT NULL;
COMMENT ON TABLE collection_event IS 'fact: the bank credited a debit (then its deposit is named), refused it, or took it back; or its file was cancelled';

CREATE TABLE collection_notice (
    account_id     text COLLATE "C" NOT NULL,
    collection_id  bigint NOT NULL,
    sent_to        text NOT NULL,
    sent_on        date NOT NULL,
    sent_at        timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, collection_id),
    FOREIGN KEY (account_id, collection_id) REFERENCES collection
);
COMMENT ON TABLE collection_notice IS 'fact: the payer was told the amount and the day of a debit';

CREATE TABLE refund_account (
    account_id    text COLLATE "C" NOT NULL REFERENCES account,
    account_no    integer NOT NULL CHECK (account_no >= 1),
    iban          text COLLATE "C" NOT NULL,
    bic           text COLLATE "C" NOT NULL DEFAULT '',
    holder_name   text NOT NULL CHECK (holder_name <> ''),
    town          text NOT NULL CHECK (town <> ''),
    country       text NOT NULL CHECK (country ~ '^[A-Z]{2}$'),
    recorded_by   text NOT NULL,
    recorded_at   timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, account_no)
);
COMMENT ON TABLE refund_account IS 'fact: where a payer gets money back; the newest row holds';

CREATE TABLE remittance_refund (
    account_id       text COLLATE "C" NOT NULL,
    refund_id        bigint NOT NULL,
    legal_entity_id  text COLLATE "C" NOT NULL,
    remittance_id    bigint NOT NULL,
    line_no          integer NOT NULL CHECK (line_no >= 1),
    end_to_end       text COLLATE "C" NOT NULL UNIQUE,
    iban             text COLLATE "C" NOT NULL,
    bic              text COLLATE "C" NOT NULL DEFAULT '',
    holder_name      text NOT NULL,
    currency         text NOT NULL,
    amount_minor     bigint NOT NULL CHECK (amount_minor > 0),
    PRIMARY KEY (account_id, refund_id, legal_entity_id, remittance_id),
    UNIQUE (legal_entity_id, remittance_id, line_no),
    FOREIGN KEY (account_id, refund_id) REFERENCES refund,
    FOREIGN KEY (legal_entity_id, remittance_id) REFERENCES remittance
);
COMMENT ON TABLE remittance_refund IS 'fact: a refund is a line of a file of transfers';

CREATE TABLE pending_refund (
    account_id       text COLLATE "C" NOT NULL,
    refund_id        bigint NOT NULL,
    legal_entity_id  text COLLATE "C" NOT NULL,
    remittance_id    bigint NOT NULL,
    PRIMARY KEY (account_id, refund_id)
);
COMMENT ON TABLE pending_refund IS 'a refund that a file under way pays: its key keeps it out of a second one; gone when it is paid, rejected or cancelled';

CREATE TABLE status_report (
    legal_entity_id  text COLLATE "C" NOT NULL,
    remittance_id    bigint NOT NULL,
    sha256           text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    report_id        text NOT NULL,
    status           text NOT NULL,
    accepted         integer NOT NULL CHECK (accepted >= 0),
    rejected         integer NOT NULL CHECK (rejected >= 0),
    taken_by         text NOT NULL,
    taken_at         timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (legal_entity_id, remittance_id, sha256),
    FOREIGN KEY (legal_entity_id, remittance_id) REFERENCES remittance
);
COMMENT ON TABLE status_report IS 'fact: what the bank told of a file (pain.002), taken in once; its bytes are in the archive under sha256';
