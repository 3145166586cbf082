-- Money in: statements of banks, what their entries pay and why, and what payers say that they pay. What a match
-- by mistake had made credit of a payer is taken back by a movement without a debt.

CREATE TABLE bank_account (
    iban             text COLLATE "C" PRIMARY KEY CHECK (iban ~ '^[A-Z0-9]{5,34}$'),
    legal_entity_id  text COLLATE "C" NOT NULL REFERENCES legal_entity,
    name             text NOT NULL DEFAULT '',
    added_by         text NOT NULL,
    added_at         timestamptz NOT NULL DEFAULT instant()
);
COMMENT ON TABLE bank_account IS 'accounts at banks that a legal entity has beside the one that its bills name';

CREATE TABLE bank_setting (
    legal_entity_id        text COLLATE "C" PRIMARY KEY REFERENCES legal_entity,
    approval_above_minor   bigint CHECK (approval_above_minor >= 0),
    short_tolerance_minor  bigint NOT NULL CHECK (short_tolerance_minor >= 0),
    set_by                 text NOT NULL,
    set_at                 timestamptz NOT NULL DEFAULT instant()
);
COMMENT ON TABLE bank_setting IS 'above which amount a match by hand needs a second operator (null: never), and how much may be missing for a write-off to be proposed';

CREATE TABLE suspense_account (
    legal_entity_id  text COLLATE "C" PRIMARY KEY REFERENCES legal_entity,
    account_id       text COLLATE "C" NOT NULL UNIQUE REFERENCES account
);
COMMENT ON TABLE suspense_account IS 'fact: the account in whose chain of entries the money of unknown payers is booked';

CREATE TABLE bank_file (
    sha256       text PRIMARY KEY CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    name         text NOT NULL,
    form         text NOT NULL,
    statements   integer NOT NULL,
    entries      bigint NOT NULL,
    imported_by  text NOT NULL,
    imported_at  timestamptz NOT NULL DEFAULT instant()
);
COMMENT ON TABLE bank_file IS 'fact: a file of a bank of which everything is booked';

CREATE SEQUENCE bank_statement_id;
CREATE TABLE bank_statement (
    legal_entity_id  text COLLATE "C" NOT NULL REFERENCES legal_entity,
    statement_id     bigint NOT NULL UNIQUE DEFAULT nextval('bank_statement_id'),
    iban             text COLLATE "C" NOT NULL,
    form             text NOT NULL CHECK (form IN ('camt.052', 'camt.053', 'camt.054', 'csv')),
    external_id      text NOT NULL,
    number           text NOT NULL,
    from_on          date,
    until_on         date,
    currency         text NOT NULL,
    opening_minor    bigint,
    closing_minor    bigint,
    told             bigint NOT NULL,
    again            bigint NOT NULL,
    moved_minor      bigint NOT NULL,
    sha256           text NOT NULL,
    imported_at      timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (legal_entity_id, statement_id),
    CHECK (opening_minor + moved_minor = closing_minor)
);
CREATE UNIQUE INDEX bank_statement_told ON bank_statement
    (iban, form, external_id, (coalesce(until_on, 'infinity')), (coalesce(opening_minor, 0)));
COMMENT ON TABLE bank_statement IS 'fact: what a bank told about one account and period; of the entries told, so many were known already';

CREATE SEQUENCE bank_entry_id;
CREATE TABLE bank_entry (
    legal_entity_id    text COLLATE "C" NOT NULL,
    entry_id           bigint NOT NULL DEFAULT nextval('bank_entry_id'),
    statement_id       bigint NOT NULL,
    place              text NOT NULL,
    direction          text NOT NULL CHECK (direction IN ('credit', 'debit')),
    amount_minor       bigint NOT NULL CHECK (amount_minor >= 0),
    currency           text NOT NULL,
    booked_on          date NOT NULL,
    value_on           date,
    bank_reference     text NOT NULL,
    batch_reference    text NOT NULL,
    end_to_end_id      text NOT NULL,
    transaction_id     text NOT NULL,
    mandate_id         text NOT NULL,
    payer_name         text NOT NULL,
    payer_iban         text COLLATE "C" NOT NULL,
    ultimate_name      text NOT NULL,
    own_iban           text COLLATE "C" NOT NULL,
    "references"       text[] NOT NULL,
    text               text NOT NULL,
    code               text NOT NULL,
    is_reversal        boolean NOT NULL,
    return_code        text NOT NULL,
    return_text        text NOT NULL,
    charges_minor      bigint NOT NULL,
    original_minor     bigint,
    original_currency  text NOT NULL,
    PRIMARY KEY (legal_entity_id, entry_id)
);
COMMENT ON TABLE bank_entry IS 'fact: one movement on an account at a bank, booked once however often it is told';

CREATE TABLE bank_telling (
    statement_id  bigint NOT NULL,
    place         text NOT NULL,
    form          text NOT NULL,
    bank_key      bytea,
    batch_key     bytea,
    told_key      bytea NOT NULL,
    entry_id      bigint NOT NULL,
    PRIMARY KEY (statement_id, place)
);
CREATE INDEX bank_telling_bank_key ON bank_telling (bank_key) WHERE bank_key IS NOT NULL;
CREATE INDEX bank_telling_batch_key ON bank_telling (batch_key) WHERE batch_key IS NOT NULL;
CREATE INDEX bank_telling_told_key ON bank_telling (told_key);
COMMENT ON TABLE bank_telling IS 'fact: a statement told an entry; the keys (SHA-256 cut to 16 bytes) are those by which it is known again';

CREATE TABLE bank_progress (
    legal_entity_id  text COLLATE "C" NOT NULL,
    statement_id     bigint NOT NULL,
    done_id          bigint NOT NULL DEFAULT 0,
    is_done          boolean NOT NULL DEFAULT false,
    PRIMARY KEY (legal_entity_id, statement_id)
);
COMMENT ON TABLE bank_progress IS 'up to which of its entries a statement was matched and booked, so that a stopped import goes on there';

CREATE TABLE bank_inbox (
    legal_entity_id  text COLLATE "C" NOT NULL,
    entry_id         bigint NOT NULL,
    since_on         date NOT NULL,
    PRIMARY KEY (legal_entity_id, entry_id)
);
COMMENT ON TABLE bank_inbox IS 'entries that wait for a person; the audit compares with bank_move and bank_set_aside';

CREATE TABLE bank_proposal (
    legal_entity_id  text COLLATE "C" NOT NULL,
    entry_id         bigint NOT NULL,
    rank             integer NOT NULL CHECK (rank >= 1),
    rule             integer NOT NULL,
    score            integer NOT NULL CHECK (score BETWEEN 0 AND 100),
    reason           text NOT NULL,
    body             jsonb NOT NULL,
    PRIMARY KEY (legal_entity_id, entry_id, rank)
);
COMMENT ON TABLE bank_proposal IS 'what may explain an entry in the inbox, best first; looked for again when debts have changed';

CREATE TABLE bank_move (
    legal_entity_id  text COLLATE "C" NOT NULL,
    entry_id         bigint NOT NULL,
    move_no          integer NOT NULL CHECK (move_no >= 1),
    kind             text NOT NULL CHECK (kind IN ('suspense', 'identified', 'deposit', 'withdrawn', 'returned')),
    account_id       text COLLATE "C" NOT NULL,
    deposit_id       text COLLATE "C",
    amount_minor     bigint NOT NULL CHECK (amount_minor > 0),
    moved_on         date NOT NULL,
    moved_at         timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (legal_entity_id, entry_id, move_no),
    CHECK ((kind IN ('suspense', 'identified')) = (deposit_id IS NULL))
);
CREATE INDEX bank_move_withdrawn ON bank_move (account_id, deposit_id) WHERE kind = 'withdrawn';
COMMENT ON TABLE bank_move IS 'fact: where the money of an entry went: into suspense, out of it (identified), to a payer as a deposit, away from that again (withdrawn), or back to the bank (returned). suspense - identified + deposit - withdrawn + returned = the entry';

CREATE SEQUENCE bank_match_no;
CREATE TABLE bank_match (
    legal_entity_id  text COLLATE "C" NOT NULL,
    match_no         bigint NOT NULL DEFAULT nextval('bank_match_no'),
    entry_id         bigint NOT NULL,
    rule             integer NOT NULL,
    is_automatic     boolean NOT NULL,
    score            integer NOT NULL CHECK (score BETWEEN 0 AND 100),
    reason           text NOT NULL,
    matched_by       text NOT NULL,
    matched_on       date NOT NULL,
    matched_at       timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (legal_entity_id, match_no)
);
CREATE INDEX bank_match_entry ON bank_match (legal_entity_id, entry_id);
COMMENT ON TABLE bank_match IS 'fact: an entry was matched, by which rule, how surely and why; it stands until a bank_unmatch';

CREATE TABLE bank_match_part (
    legal_entity_id  text COLLATE "C" NOT NULL,
    match_no         bigint NOT NULL,
    part_no          integer NOT NULL,
    kind             text NOT NULL CHECK (kind IN ('paid', 'credit-used', 'written-off', 'to-credit', 'returned')),
    account_id       text COLLATE "C" NOT NULL,
    debt_id          bigint,
    operation_id     bigint,
    movement_id      bigint,
    amount_minor     bigint NOT NULL CHECK (amount_minor > 0),
    PRIMARY KEY (legal_entity_id, match_no, part_no)
);
COMMENT ON TABLE bank_match_part IS 'fact: what a match did: an operation on a debt, or a credit of the payer';

CREATE TABLE bank_unmatch (
    legal_entity_id  text COLLATE "C" NOT NULL,
    match_no         bigint NOT NULL,
    reason           text NOT NULL CHECK (reason <> ''),
    unmatched_by     text NOT NULL,
    unmatched_at     timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (legal_entity_id, match_no)
);
COMMENT ON TABLE bank_unmatch IS 'fact: a match was undone by new facts; its money waits again';

CREATE SEQUENCE bank_decision_no;
CREATE TABLE bank_decision (
    legal_entity_id  text COLLATE "C" NOT NULL,
    decision_no      bigint NOT NULL DEFAULT nextval('bank_decision_no'),
    kind             text NOT NULL CHECK (kind IN ('match', 'unmatch')),
    entry_id         bigint NOT NULL,
    amount_minor     bigint NOT NULL,
    asked            jsonb NOT NULL,
    asked_by         text NOT NULL,
    asked_at         timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (legal_entity_id, decision_no)
);
COMMENT ON TABLE bank_decision IS 'fact: an operator wants to match or unmatch an entry above the amount that one may decide alone';

CREATE TABLE bank_decision_end (
    legal_entity_id  text COLLATE "C" NOT NULL,
    decision_no      bigint NOT NULL,
    is_approved      boolean NOT NULL,
    ended_by         text NOT NULL,
    ended_at         timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (legal_entity_id, decision_no)
);
COMMENT ON TABLE bank_decision_end IS 'fact: a second operator approved it, or somebody withdrew it';

CREATE TABLE bank_set_aside (
    legal_entity_id  text COLLATE "C" NOT NULL,
    entry_id         bigint NOT NULL,
    reason           text NOT NULL CHECK (reason <> ''),
    set_by           text NOT NULL,
    set_at           timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (legal_entity_id, entry_id, set_at)
);
COMMENT ON TABLE bank_set_aside IS 'fact: an entry pays no bill (a fee, money that is not ours); it stays in suspense and waits no longer';

CREATE TABLE payer_iban (
    legal_entity_id  text COLLATE "C" NOT NULL REFERENCES legal_entity,
    iban             text COLLATE "C" NOT NULL,
    account_id       text COLLATE "C" NOT NULL REFERENCES account,
    match_no         bigint,
    learned_by       text NOT NULL,
    learned_at       timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (legal_entity_id, iban, account_id)
);
COMMENT ON TABLE payer_iban IS 'from which account at a bank a payer is known to pay; learned from a match that a person confirmed, forgotten when that is undone';

CREATE TABLE virtual_iban (
    iban             text COLLATE "C" PRIMARY KEY,
    legal_entity_id  text COLLATE "C" NOT NULL REFERENCES legal_entity,
    account_id       text COLLATE "C" NOT NULL REFERENCES account,
    given_by         text NOT NULL,
    given_at         timestamptz NOT NULL DEFAULT instant()
);
COMMENT ON TABLE virtual_iban IS 'an account number that one payer alone is told; the bank books what comes there on the legal entity''s account';

CREATE TABLE payer_group (
    legal_entity_id  text COLLATE "C" NOT NULL REFERENCES legal_entity,
    name             text NOT NULL CHECK (name <> ''),
    account_id       text COLLATE "C" NOT NULL REFERENCES account,
    added_by         text NOT NULL,
    added_at         timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (legal_entity_id, name, account_id)
);
CREATE INDEX payer_group_account ON payer_group (account_id);
COMMENT ON TABLE payer_group IS 'payers that pay for one another, as from the account of their holding';

CREATE SEQUENCE bundle_id START 1;
CREATE TABLE bundle (
    account_id    text COLLATE "C" NOT NULL REFERENCES account,
    bundle_id     bigint NOT NULL UNIQUE DEFAULT nextval('bundle_id'),
    reference     text COLLATE "C" NOT NULL UNIQUE,
    currency      text NOT NULL,
    amount_minor  bigint NOT NULL CHECK (amount_minor > 0),
    credit_minor  bigint NOT NULL CHECK (credit_minor >= 0),
    made_on       date NOT NULL,
    made_by       text NOT NULL,
    made_at       timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, bundle_id)
);
COMMENT ON TABLE bundle IS 'fact: a payer will pay these debts, less so much of its credit, by one transfer with this reference';

CREATE TABLE bundle_part (
    account_id       text COLLATE "C" NOT NULL,
    bundle_id        bigint NOT NULL,
    debt_account_id  text COLLATE "C" NOT NULL,
    debt_id          bigint NOT NULL,
    bill_id          text COLLATE "C" NOT NULL,
    amount_minor     bigint NOT NULL CHECK (amount_minor > 0),
    PRIMARY KEY (account_id, bundle_id, debt_account_id, debt_id)
);
COMMENT ON TABLE bundle_part IS 'fact: what was open of one debt when the bundle was made';

CREATE SEQUENCE remittance_advice_id;
CREATE TABLE remittance_advice (
    account_id    text COLLATE "C" NOT NULL REFERENCES account,
    advice_id     bigint NOT NULL UNIQUE DEFAULT nextval('remittance_advice_id'),
    sha256        text NOT NULL,
    name          text NOT NULL,
    currency      text NOT NULL,
    total_minor   bigint NOT NULL,
    imported_by   text NOT NULL,
    imported_at   timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, advice_id),
    UNIQUE (account_id, sha256)
);
COMMENT ON TABLE remittance_advice IS 'fact: a payer said which bills a transfer of this total pays';

CREATE TABLE remittance_advice_line (
    account_id    text COLLATE "C" NOT NULL,
    advice_id     bigint NOT NULL,
    line_no       integer NOT NULL,
    bill_id       text COLLATE "C" NOT NULL,
    amount_minor  bigint NOT NULL,
    PRIMARY KEY (account_id, advice_id, line_no)
);
COMMENT ON TABLE remittance_advice_line IS 'fact: one line of a remittance advice; negative for what the payer takes off';

CREATE INDEX deposit_bank_reference ON deposit (bank_reference) WHERE bank_reference <> '';
CREATE INDEX legal_party_name ON legal_party (lower(name));

ALTER TABLE credit_movement DROP CONSTRAINT credit_movement_check;
ALTER TABLE credit_movement ADD CONSTRAINT credit_movement_check
    CHECK (CASE WHEN lot_id = movement_id THEN operation_id IS NULL
                ELSE operation_id IS NOT NULL OR (amount_minor < 0 AND deposit_id IS NOT NULL) END);
COMMENT ON TABLE credit_movement IS 'fact: credit that a payer got (a lot: lot_id is its own id), and every use of a lot by a debt operation (negative) or its giving back (positive); without operation and negative: money that was credit by mistake is unapplied again';

INSERT INTO ledger_account (legal_entity_id, role, number, name)
SELECT legal_entity_id, 'suspense', '471000', 'Comptes d''attente' FROM legal_entity
    ON CONFLICT (legal_entity_id, role) DO NOTHING;
