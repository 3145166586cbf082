-- Chasing what is late and letting go of what is not owed: dunning, promises, late interest, disputes with
-- messages and files, write-offs, refunds, vouchers, and what acquirers of cards and wallets tell.

ALTER TABLE series DROP CONSTRAINT series_document_check;
ALTER TABLE series ADD CONSTRAINT series_document_check CHECK (document IN ('bill', 'credit-note', 'deposit', 'claim'));

ALTER TABLE bill DROP CONSTRAINT bill_kind_check;
ALTER TABLE bill ADD CONSTRAINT bill_kind_check CHECK (kind IN ('bill', 'credit-note', 'corrective', 'claim'));
ALTER TABLE bill DROP CONSTRAINT bill_check1;
ALTER TABLE bill ADD CONSTRAINT bill_check1 CHECK ((kind IN ('bill', 'claim')) = (corrects_bill_id IS NULL));
COMMENT ON TABLE bill IS 'fact: an issued bill, credit note (amounts positive, the kind gives the direction), corrective bill, or claim of late interest and recovery fees';

CREATE INDEX debt_operation_deposit ON debt_operation (deposit_payer, deposit_id) WHERE deposit_id IS NOT NULL;

ALTER TABLE dispute ADD COLUMN owner text;
ALTER TABLE dispute ADD COLUMN settled_by text;
COMMENT ON COLUMN dispute.owner IS 'the operator who answers for it';
COMMENT ON COLUMN dispute.settled_by IS 'the credit note or corrective bill in which it ended';

CREATE TABLE dispute_message (
    account_id    text COLLATE "C" NOT NULL,
    dispute_id    bigint NOT NULL,
    message_no    integer NOT NULL CHECK (message_no >= 1),
    body          text NOT NULL,
    file_name     text,
    file_sha256   text CHECK (file_sha256 ~ '^[0-9a-f]{64}$'),
    file_bytes    bigint CHECK (file_bytes > 0),
    written_by    text NOT NULL,
    written_at    timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, dispute_id, message_no),
    CHECK ((file_name IS NULL) = (file_sha256 IS NULL)),
    CHECK ((file_name IS NULL) = (file_bytes IS NULL))
);
COMMENT ON TABLE dispute_message IS 'fact: what was said about a dispute; the bytes of a file are in the archive under file_sha256';

CREATE TABLE late_rate (
    country   text NOT NULL,
    from_on   date NOT NULL,
    rate_bp   integer NOT NULL CHECK (rate_bp BETWEEN 0 AND 10000),
    floor_bp  integer CHECK (floor_bp BETWEEN 0 AND 10000),
    PRIMARY KEY (country, from_on)
);
COMMENT ON TABLE late_rate IS 'the yearly rate of late interest in law from a day on; floor_bp: what a contract may not go below, where it is known';

CREATE SEQUENCE dunning_calendar_id;
CREATE TABLE dunning_calendar (
    calendar_id      bigint PRIMARY KEY DEFAULT nextval('dunning_calendar_id'),
    legal_entity_id  text COLLATE "C" NOT NULL REFERENCES legal_entity,
    account_id       text COLLATE "C" REFERENCES account,
    steps            jsonb NOT NULL,
    claims           boolean NOT NULL,
    set_by           text NOT NULL,
    set_at           timestamptz NOT NULL DEFAULT instant()
);
CREATE INDEX dunning_calendar_of ON dunning_calendar (legal_entity_id, account_id, calendar_id);
COMMENT ON TABLE dunning_calendar IS 'fact: when what is late is chased, for a legal entity or for one payer of it; the newest row holds, one without steps gives a payer back to its legal entity''s. claims: a formal notice claims late interest and fees';

CREATE TABLE dunning_text (
    legal_entity_id  text COLLATE "C" NOT NULL REFERENCES legal_entity,
    language         text NOT NULL CHECK (language ~ '^[a-z]{2}$'),
    kind             text NOT NULL,
    text_no          integer NOT NULL CHECK (text_no >= 1),
    subject          text NOT NULL,
    body             text NOT NULL,
    set_by           text NOT NULL,
    set_at           timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (legal_entity_id, language, kind, text_no)
);
COMMENT ON TABLE dunning_text IS 'fact: a seller''s own words for a step; the newest holds, without one the program''s own do';

CREATE SEQUENCE dunning_step_id;
CREATE TABLE dunning_step (
    account_id       text COLLATE "C" NOT NULL,
    step_id          bigint NOT NULL,
    legal_entity_id  text COLLATE "C" NOT NULL,
    kind             text NOT NULL CHECK (kind IN ('courtesy', 'reminder', 'notice', 'suspension')),
    code             text NOT NULL,
    happened_on      date NOT NULL,
    recorded_at      timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, step_id)
);
CREATE INDEX dunning_step_of ON dunning_step (account_id, happened_on);
CREATE INDEX dunning_step_day ON dunning_step (happened_on);
COMMENT ON TABLE dunning_step IS 'fact: a payer (account_id) was reminded, put on formal notice, or suspended, once for several debts';

CREATE TABLE dunning_step_debt (
    account_id       text COLLATE "C" NOT NULL,
    step_id          bigint NOT NULL,
    debt_account_id  text COLLATE "C" NOT NULL,
    debt_id          bigint NOT NULL,
    kind             text NOT NULL CHECK (kind IN ('courtesy', 'reminder', 'notice', 'suspension')),
    code             text NOT NULL,
    days             integer NOT NULL,
    late_days        integer NOT NULL,
    open_minor       bigint NOT NULL CHECK (open_minor > 0),
    chased_minor     bigint NOT NULL CHECK (chased_minor > 0 AND chased_minor <= open_minor),
    PRIMARY KEY (account_id, step_id, debt_account_id, debt_id)
);
CREATE INDEX dunning_step_debt_of ON dunning_step_debt (debt_account_id, debt_id);
COMMENT ON TABLE dunning_step_debt IS 'fact: the step that one debt reached, and how much of it was asked for: what is open without what is disputed, promised, or has arrived unmatched';

CREATE TABLE dunning_effect (
    account_id   text COLLATE "C" NOT NULL,
    step_id      bigint NOT NULL,
    effect       text NOT NULL CHECK (effect IN ('sent', 'claimed', 'suspended', 'restored')),
    told         text NOT NULL DEFAULT '',
    happened_on  date NOT NULL,
    recorded_at  timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, step_id, effect)
);
COMMENT ON TABLE dunning_effect IS 'fact: a step was carried out: its letter handed over, its interest claimed, services suspended, or restored after payment';

CREATE SEQUENCE promise_id;
CREATE TABLE promise (
    account_id    text COLLATE "C" NOT NULL REFERENCES account,
    promise_id    bigint NOT NULL DEFAULT nextval('promise_id'),
    currency      text NOT NULL,
    amount_minor  bigint NOT NULL CHECK (amount_minor > 0),
    promised_on   date NOT NULL,
    due_on        date NOT NULL CHECK (due_on >= promised_on),
    words         text NOT NULL DEFAULT '',
    recorded_by   text NOT NULL,
    recorded_at   timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, promise_id)
);
COMMENT ON TABLE promise IS 'fact: a payer promised to pay so much by a day; until then so much of its oldest debts is not chased';

CREATE SEQUENCE write_off_id;
CREATE TABLE write_off (
    account_id    text COLLATE "C" NOT NULL,
    write_off_id  bigint NOT NULL DEFAULT nextval('write_off_id'),
    debt_id       bigint NOT NULL,
    amount_minor  bigint NOT NULL CHECK (amount_minor > 0),
    reason        text NOT NULL,
    asked_on      date NOT NULL,
    asked_by      text NOT NULL,
    asked_at      timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, write_off_id)
);
COMMENT ON TABLE write_off IS 'fact: somebody proposed to give up so much of a debt';

CREATE TABLE write_off_decision (
    account_id    text COLLATE "C" NOT NULL,
    write_off_id  bigint NOT NULL,
    decision      text NOT NULL CHECK (decision IN ('approved', 'refused')),
    operation_id  bigint,
    reason        text NOT NULL DEFAULT '',
    decided_by    text NOT NULL,
    decided_at    timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, write_off_id),
    CHECK ((decision = 'approved') = (operation_id IS NOT NULL))
);
COMMENT ON TABLE write_off_decision IS 'fact: a write-off was approved, then the debt operation is named, or refused';

CREATE SEQUENCE refund_id;
CREATE TABLE refund (
    account_id    text COLLATE "C" NOT NULL,
    refund_id     bigint NOT NULL DEFAULT nextval('refund_id'),
    deposit_id    text COLLATE "C" NOT NULL,
    order_id      bigint NOT NULL DEFAULT nextval('order_id'),
    currency      text NOT NULL,
    amount_minor  bigint NOT NULL CHECK (amount_minor > 0),
    cause         text NOT NULL CHECK (cause IN ('refund', 'charged-back')),
    reason        text NOT NULL,
    asked_on      date NOT NULL,
    asked_by      text NOT NULL,
    asked_at      timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, refund_id),
    FOREIGN KEY (account_id, deposit_id) REFERENCES deposit
);
CREATE INDEX refund_deposit ON refund (account_id, deposit_id);
COMMENT ON TABLE refund IS 'fact: unapplied money of a deposit is to go back to the payer; charged-back: an acquirer took it back already';

CREATE TABLE refund_event (
    account_id   text COLLATE "C" NOT NULL,
    refund_id    bigint NOT NULL,
    event_no     integer NOT NULL CHECK (event_no >= 1),
    state        text NOT NULL CHECK (state IN ('approved', 'refused', 'paid', 'failed')),
    happened_on  date NOT NULL,
    told         text NOT NULL DEFAULT '',
    recorded_by  text NOT NULL,
    recorded_at  timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, refund_id, event_no),
    UNIQUE (account_id, refund_id, state),
    FOREIGN KEY (account_id, refund_id) REFERENCES refund
);
COMMENT ON TABLE refund_event IS 'fact: a refund was approved, refused, paid by the bank, or came back unpaid';

CREATE VIEW refund_state AS
    SELECT r.account_id, r.refund_id, r.deposit_id, r.order_id, r.currency, r.amount_minor, r.cause, r.reason,
           r.asked_on, r.asked_by, r.asked_at, coalesce(e.state, 'asked') AS state, e.happened_on AS state_on
      FROM refund r
      LEFT JOIN LATERAL (
           SELECT state, happened_on
             FROM refund_event
            WHERE account_id = r.account_id AND refund_id = r.refund_id
            ORDER BY event_no DESC
            LIMIT 1) e ON true;
COMMENT ON VIEW refund_state IS 'each refund as it stands; what was refused or failed is the deposit''s again';

CREATE SEQUENCE voucher_id;
CREATE TABLE voucher (
    legal_entity_id  text COLLATE "C" NOT NULL REFERENCES legal_entity,
    voucher_id       bigint NOT NULL DEFAULT nextval('voucher_id'),
    code_hash        bytea NOT NULL CHECK (length(code_hash) = 32),
    hint             text NOT NULL,
    currency         text NOT NULL,
    amount_minor     bigint NOT NULL CHECK (amount_minor > 0),
    until_on         date NOT NULL,
    credit_days      integer CHECK (credit_days > 0),
    uses_max         integer CHECK (uses_max > 0),
    words            text NOT NULL,
    made_by          text NOT NULL,
    made_at          timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (legal_entity_id, voucher_id),
    UNIQUE (legal_entity_id, code_hash)
);
COMMENT ON TABLE voucher IS 'fact: who knows the code has so much credit, once per payer, until a day; the code itself is not kept';

CREATE TABLE voucher_use (
    account_id       text COLLATE "C" NOT NULL,
    legal_entity_id  text COLLATE "C" NOT NULL,
    voucher_id       bigint NOT NULL,
    movement_id      bigint NOT NULL,
    used_on          date NOT NULL,
    used_by          text NOT NULL,
    used_at          timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, legal_entity_id, voucher_id),
    FOREIGN KEY (legal_entity_id, voucher_id) REFERENCES voucher,
    FOREIGN KEY (account_id, movement_id) REFERENCES credit_movement
);
CREATE INDEX voucher_use_of ON voucher_use (legal_entity_id, voucher_id);
COMMENT ON TABLE voucher_use IS 'fact: a payer made credit of a voucher';

CREATE TABLE acquirer_event (
    account_id    text COLLATE "C" NOT NULL,
    acquirer      text COLLATE "C" NOT NULL,
    event_id      text COLLATE "C" NOT NULL,
    kind          text NOT NULL CHECK (kind IN ('authorised', 'paid', 'failed', 'charged-back')),
    payment       text COLLATE "C" NOT NULL,
    currency      text NOT NULL,
    amount_minor  bigint NOT NULL CHECK (amount_minor > 0),
    occurred_on   date NOT NULL,
    deposit_id    text COLLATE "C",
    reason        text NOT NULL DEFAULT '',
    sha256        bytea NOT NULL CHECK (length(sha256) = 32),
    recorded_by   text NOT NULL,
    recorded_at   timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, acquirer, event_id),
    UNIQUE (acquirer, event_id),
    CHECK ((kind = 'paid') = (deposit_id IS NOT NULL))
);
CREATE UNIQUE INDEX acquirer_event_paid ON acquirer_event (acquirer, payment) WHERE kind = 'paid';
CREATE INDEX acquirer_event_deposit ON acquirer_event (account_id, deposit_id) WHERE deposit_id IS NOT NULL;
COMMENT ON TABLE acquirer_event IS 'fact: what an acquirer told of a payment, once per its own event id; sha256 is that of the content';

CREATE TABLE acquirer_payout (
    acquirer         text COLLATE "C" NOT NULL,
    payout_id        text COLLATE "C" NOT NULL,
    legal_entity_id  text COLLATE "C" NOT NULL REFERENCES legal_entity,
    currency         text NOT NULL,
    gross_minor      bigint NOT NULL,
    fee_minor        bigint NOT NULL CHECK (fee_minor >= 0),
    paid_on          date NOT NULL,
    sha256           bytea NOT NULL CHECK (length(sha256) = 32),
    recorded_by      text NOT NULL,
    recorded_at      timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (acquirer, payout_id)
);
COMMENT ON TABLE acquirer_payout IS 'fact: an acquirer paid out what it had collected, less what was charged back, less its fees';

CREATE TABLE acquirer_payout_line (
    account_id    text COLLATE "C" NOT NULL,
    acquirer      text COLLATE "C" NOT NULL,
    event_id      text COLLATE "C" NOT NULL,
    payout_id     text COLLATE "C" NOT NULL,
    gross_minor   bigint NOT NULL CHECK (gross_minor <> 0),
    fee_minor     bigint NOT NULL,
    PRIMARY KEY (account_id, acquirer, event_id),
    FOREIGN KEY (account_id, acquirer, event_id) REFERENCES acquirer_event,
    FOREIGN KEY (acquirer, payout_id) REFERENCES acquirer_payout
);
CREATE INDEX acquirer_payout_line_of ON acquirer_payout_line (acquirer, payout_id);
COMMENT ON TABLE acquirer_payout_line IS 'fact: the payment (or, negative, the charge-back) that a payout gathers, once, with its share of the fees';

CREATE VIEW money_waiting AS
    SELECT d.account_id, d.currency,
           d.amount_minor - coalesce(o.applied_minor, 0) - coalesce(c.credit_minor, 0)
             - coalesce(r.refund_minor, 0) - coalesce(w.withdrawn_minor, 0) AS amount_minor
      FROM deposit d
      LEFT JOIN LATERAL (
           SELECT -sum(effect_minor) AS applied_minor
             FROM debt_operation
            WHERE deposit_payer = d.account_id AND deposit_id = d.deposit_id AND kind <> 'returned') o ON true
      LEFT JOIN LATERAL (
           SELECT sum(amount_minor) AS credit_minor
             FROM credit_movement
            WHERE account_id = d.account_id AND deposit_id = d.deposit_id) c ON true
      LEFT JOIN LATERAL (
           SELECT sum(amount_minor) AS refund_minor
             FROM refund_state
            WHERE account_id = d.account_id AND deposit_id = d.deposit_id
              AND state NOT IN ('refused', 'failed')) r ON true
      LEFT JOIN LATERAL (
           SELECT sum(amount_minor) AS withdrawn_minor
             FROM bank_move
            WHERE account_id = d.account_id AND deposit_id = d.deposit_id AND kind = 'withdrawn') w ON true
     UNION ALL
    SELECT account_id, currency, amount_minor
      FROM credit_movement
     WHERE type IN ('PREPAID_ACCOUNT', 'DEPOSIT')
     UNION ALL
    SELECT p.body ->> 'payer', e.currency, e.amount_minor
      FROM bank_inbox i
      JOIN bank_entry e ON e.legal_entity_id = i.legal_entity_id AND e.entry_id = i.entry_id
                       AND e.direction = 'credit'
      JOIN bank_proposal p ON p.legal_entity_id = i.legal_entity_id AND p.entry_id = i.entry_id AND p.rank = 1;
COMMENT ON VIEW money_waiting IS 'money that came from a payer (account_id) and settles nothing yet; what it covers is not chased';

INSERT INTO late_rate (country, from_on, rate_bp, floor_bp)
VALUES ('FR', '2023-01-01', 1250, 618), ('FR', '2023-07-01', 1400, 1266), ('FR', '2024-01-01', 1450, 1521),
       ('FR', '2024-07-01', 1425, 1476), ('FR', '2025-01-01', 1315, 1113), ('FR', '2025-07-01', 1215, 828),
       ('FR', '2026-01-01', 1215, NULL)
    ON CONFLICT DO NOTHING;

INSERT INTO ledger_account (legal_entity_id, role, number, name)
SELECT e.legal_entity_id, n.role, n.number, n.name
  FROM legal_entity e
 CROSS JOIN (VALUES ('late_interest', '763100', 'Revenus des créances commerciales'),
                    ('recovery_fee', '758800', 'Autres produits divers de gestion courante'),
                    ('refund_payable', '467100', 'Clients - remboursements à payer'),
                    ('acquirer', '511500', 'Cartes bancaires à encaisser'),
                    ('acquirer_fees', '627800', 'Autres frais et commissions sur prestations de services'))
       AS n(role, number, name)
    ON CONFLICT DO NOTHING;
