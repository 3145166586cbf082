-- How bills leave: channels, contacts, deliveries and their tries, and the statuses of e-invoices.

CREATE TABLE delivery_channel (
    legal_entity_id  text COLLATE "C" NOT NULL REFERENCES legal_entity,
    channel          text COLLATE "C" NOT NULL CHECK (channel IN ('email', 'platform', 'peppol')),
    from_on          date NOT NULL,
    channel_no       bigint GENERATED ALWAYS AS IDENTITY,
    is_on            boolean NOT NULL,
    form             text NOT NULL CHECK (form IN ('pdf', 'pdf+ubl', 'link', 'cii', 'ubl')),
    origin           text NOT NULL DEFAULT '',
    set_by           text NOT NULL,
    set_at           timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (legal_entity_id, channel, from_on, channel_no)
);
COMMENT ON TABLE delivery_channel IS 'fact: bills of a legal entity that are dated from_on or later leave by a channel, or no longer; of one day the last row holds';

CREATE TABLE billing_contact (
    account_id  text COLLATE "C" NOT NULL REFERENCES account,
    email       text NOT NULL,
    set_by      text NOT NULL,
    set_at      timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, email)
);
COMMENT ON TABLE billing_contact IS 'who gets the bills of an account by mail; without a row the account''s own address, else its parent''s';

CREATE SEQUENCE delivery_id;
CREATE TABLE delivery (
    account_id       text COLLATE "C" NOT NULL,
    delivery_id      bigint NOT NULL DEFAULT nextval('delivery_id'),
    legal_entity_id  text COLLATE "C" NOT NULL,
    channel          text COLLATE "C" NOT NULL CHECK (channel IN ('email', 'platform', 'peppol')),
    bill_id          text COLLATE "C" NOT NULL,
    event            text COLLATE "C" NOT NULL,
    form             text NOT NULL,
    subject          text NOT NULL DEFAULT '',
    queued_at        timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, delivery_id),
    CHECK ((bill_id = '') = (event = 'letter')),
    CHECK ((account_id = '') = (event = 'letter'))
);
CREATE UNIQUE INDEX delivery_number ON delivery (delivery_id);
CREATE UNIQUE INDEX delivery_once ON delivery (account_id, bill_id, channel, event) WHERE bill_id <> '';
COMMENT ON TABLE delivery IS 'fact: something is to leave by a channel, once: a bill (event bill), a status of it (212/operation), or a letter that is about no one bill (then account, legal entity and bill are empty)';

CREATE TABLE delivery_waiting (
    account_id   text COLLATE "C" NOT NULL,
    delivery_id  bigint NOT NULL,
    channel      text COLLATE "C" NOT NULL,
    next_at      timestamptz NOT NULL DEFAULT instant(),
    tries        integer NOT NULL DEFAULT 0,
    to_address   text NOT NULL DEFAULT '',
    sealed       bytea,
    PRIMARY KEY (account_id, delivery_id)
);
CREATE INDEX delivery_due ON delivery_waiting (next_at);
COMMENT ON TABLE delivery_waiting IS 'deliveries that are to be tried, from next_at on; gone when sent, refused or ended. to_address and sealed: the letter itself, encrypted; it is kept no longer than it waits';

CREATE TABLE delivery_attempt (
    account_id    text COLLATE "C" NOT NULL,
    delivery_id   bigint NOT NULL,
    attempt_no    integer NOT NULL,
    outcome       text NOT NULL CHECK (outcome IN ('sent', 'delayed', 'refused', 'bounced', 'retried', 'ended')),
    reference     text COLLATE "C" NOT NULL DEFAULT '',
    told          text NOT NULL DEFAULT '',
    accepted      text[] NOT NULL DEFAULT '{}',
    attempted_at  timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, delivery_id, attempt_no)
);
CREATE INDEX delivery_reference ON delivery_attempt (reference) WHERE outcome = 'sent';
CREATE INDEX delivery_unsent ON delivery_attempt (outcome) WHERE outcome IN ('refused', 'bounced', 'ended');
CREATE UNIQUE INDEX delivery_bounced ON delivery_attempt (account_id, delivery_id, reference) WHERE outcome = 'bounced';
COMMENT ON TABLE delivery_attempt IS 'fact: what became of one try: sent, delayed, refused; what came back later (bounced: reference names the report); or what a person decided (retried, ended). accepted: who took a mail; reference: what the receiver calls it';

CREATE VIEW delivery_state AS
SELECT d.account_id, d.delivery_id, d.legal_entity_id, d.channel, d.bill_id, d.event, d.form, d.subject, d.queued_at,
       CASE WHEN w.delivery_id IS NULL THEN coalesce(a.outcome, 'waiting')
            WHEN a.outcome = 'delayed' THEN 'delayed' ELSE 'waiting' END AS state,
       coalesce(a.told, '') AS told, coalesce(s.reference, '') AS reference, s.attempted_at AS sent_at, w.next_at,
       coalesce(w.tries, 0) AS tries
  FROM delivery d
  LEFT JOIN delivery_waiting w ON w.account_id = d.account_id AND w.delivery_id = d.delivery_id
  LEFT JOIN LATERAL (
       SELECT outcome, told FROM delivery_attempt
        WHERE account_id = d.account_id AND delivery_id = d.delivery_id
        ORDER BY attempt_no DESC LIMIT 1) a ON true
  LEFT JOIN LATERAL (
       SELECT reference, attempted_at FROM delivery_attempt
        WHERE account_id = d.account_id AND delivery_id = d.delivery_id AND outcome = 'sent'
        ORDER BY attempt_no DESC LIMIT 1) s ON true;
COMMENT ON VIEW delivery_state IS 'bookkeeping: each delivery with where it stands: waiting, delayed, or the outcome of its last try';

CREATE TABLE bill_status (
    account_id   text COLLATE "C" NOT NULL,
    bill_id      text COLLATE "C" NOT NULL,
    status_no    bigint GENERATED ALWAYS AS IDENTITY,
    code         integer NOT NULL CHECK (code BETWEEN 200 AND 601),
    said_by      text NOT NULL CHECK (said_by IN ('seller', 'buyer', 'platform')),
    reference    text COLLATE "C" NOT NULL,
    happened_at  timestamptz NOT NULL,
    reason_code  text NOT NULL DEFAULT '',
    reason       text NOT NULL DEFAULT '',
    recorded_at  timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, bill_id, status_no)
);
CREATE UNIQUE INDEX bill_status_once ON bill_status (account_id, bill_id, code, said_by, reference);
COMMENT ON TABLE bill_status IS 'fact: a status in the life of an e-invoice (AFNOR XP Z12-012) and who told it; reference: the operation (212), the dispute (207) or the flow that it comes from';

CREATE TABLE bill_status_amount (
    account_id    text COLLATE "C" NOT NULL,
    bill_id       text COLLATE "C" NOT NULL,
    status_no     bigint NOT NULL,
    vat_rate_bp   integer NOT NULL,
    amount_minor  bigint NOT NULL CHECK (amount_minor <> 0),
    PRIMARY KEY (account_id, bill_id, status_no, vat_rate_bp)
);
COMMENT ON TABLE bill_status_amount IS 'fact: what of a settlement was collected at a VAT rate, VAT included; negative when it went back. The rates add up to the operation';

CREATE TABLE status_waiting (
    account_id    text COLLATE "C" NOT NULL,
    bill_id       text COLLATE "C" NOT NULL,
    debt_id       bigint NOT NULL,
    operation_id  bigint NOT NULL,
    PRIMARY KEY (account_id, bill_id, operation_id)
);
COMMENT ON TABLE status_waiting IS 'operations on debts of bills that went to an e-invoicing platform, which is to be told; a trigger adds each, gone when told';

CREATE FUNCTION note_operations_to_tell() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO status_waiting (account_id, bill_id, debt_id, operation_id)
    SELECT o.account_id, d.bill_id, o.debt_id, o.operation_id
      FROM fresh o
      JOIN debt d ON d.account_id = o.account_id AND d.debt_id = o.debt_id
      JOIN delivery v ON v.account_id = d.account_id AND v.bill_id = d.bill_id
                     AND v.channel = 'platform' AND v.event = 'bill' AND v.bill_id <> ''
     WHERE o.means NOT IN ('credit-note', 'loss');
    RETURN NULL;
END $$;

CREATE TRIGGER debt_operation_noted AFTER INSERT ON debt_operation
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION note_operations_to_tell();

CREATE TABLE platform_progress (
    platform    text COLLATE "C" PRIMARY KEY,
    seen_until  timestamptz NOT NULL
);
COMMENT ON TABLE platform_progress IS 'up to which instant the flows of an e-invoicing platform were looked at';
