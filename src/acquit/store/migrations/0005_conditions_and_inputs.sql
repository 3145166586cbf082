-- Discounts, minimum spends, credit balances, and the inputs that a run was decided by.

CREATE SEQUENCE discount_id START 1;

CREATE TABLE discount (
    account_id    text COLLATE "C" NOT NULL REFERENCES account,
    discount_id   bigint NOT NULL UNIQUE DEFAULT nextval('discount_id'),
    name          text NOT NULL CHECK (name <> ''),
    share_bp      integer CHECK (share_bp BETWEEN 1 AND 10000),
    amount_minor  bigint CHECK (amount_minor > 0),
    currency      text NOT NULL,
    service_id    bigint,
    plan_code     text COLLATE "C",
    from_on       date NOT NULL,
    end_on        date CHECK (end_on > from_on),
    agreed_by     text NOT NULL,
    agreed_at     timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, discount_id),
    CHECK ((share_bp IS NULL) <> (amount_minor IS NULL)),
    CHECK (service_id IS NULL OR plan_code IS NULL)
);
COMMENT ON TABLE discount IS 'fact: what an account is let off: a share of each line or an amount per period; for one service, one plan or all, from from_on to the day before end_on';

CREATE TABLE discount_end (
    account_id   text COLLATE "C" NOT NULL,
    discount_id  bigint NOT NULL,
    end_on       date NOT NULL,
    ended_by     text NOT NULL,
    ended_at     timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, discount_id, end_on)
);
COMMENT ON TABLE discount_end IS 'fact: the discount ends earlier than was agreed; the first of its ends holds';

CREATE SEQUENCE minimum_spend_id START 1;

CREATE TABLE minimum_spend (
    account_id        text COLLATE "C" NOT NULL REFERENCES account,
    minimum_spend_id  bigint NOT NULL UNIQUE DEFAULT nextval('minimum_spend_id'),
    name              text NOT NULL CHECK (name <> ''),
    amount_minor      bigint NOT NULL CHECK (amount_minor > 0),
    currency          text NOT NULL,
    "interval"        text NOT NULL CHECK ("interval" IN ('month', 'quarter', 'year')),
    whose             text NOT NULL CHECK (whose IN ('account', 'payer')),
    from_on           date NOT NULL,
    end_on            date CHECK (end_on > from_on),
    agreed_by         text NOT NULL,
    agreed_at         timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, minimum_spend_id)
);
COMMENT ON TABLE minimum_spend IS 'fact: an account (or a payer with all that it pays for) is billed at least so much net per interval';

CREATE TABLE minimum_spend_end (
    account_id        text COLLATE "C" NOT NULL,
    minimum_spend_id  bigint NOT NULL,
    end_on            date NOT NULL,
    ended_by          text NOT NULL,
    ended_at          timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, minimum_spend_id, end_on)
);
COMMENT ON TABLE minimum_spend_end IS 'fact: the minimum spend ends earlier than was agreed; the first of its ends holds';

CREATE SEQUENCE input_no;

CREATE TABLE bill_run_input (
    run_id      bigint NOT NULL,
    input_no    bigint NOT NULL DEFAULT nextval('input_no'),
    accounts    bigint NOT NULL,
    program     text NOT NULL,
    body        bytea NOT NULL,
    written_at  timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (run_id, input_no)
);
ALTER TABLE bill_run_input ALTER COLUMN body SET STORAGE EXTERNAL;
COMMENT ON TABLE bill_run_input IS 'fact: everything that a page of a run was decided by (zlib over msgpack), so that it can be decided again; buyers and the seller are named by the hash of their snapshot, not copied';

CREATE SEQUENCE credit_movement_id START 1;

CREATE TABLE credit_movement (
    account_id        text COLLATE "C" NOT NULL REFERENCES account,
    movement_id       bigint NOT NULL DEFAULT nextval('credit_movement_id'),
    balance           text NOT NULL CHECK (balance <> ''),
    type              text NOT NULL CHECK (type IN ('VOUCHER', 'BONUS', 'PREPAID_ACCOUNT', 'DEPOSIT')),
    currency          text NOT NULL,
    amount_minor      bigint NOT NULL CHECK (amount_minor <> 0),
    lot_id            bigint NOT NULL,
    expires_on        date,
    source            text NOT NULL DEFAULT '',
    deposit_id        text COLLATE "C",
    debt_account_id   text COLLATE "C",
    debt_id           bigint,
    operation_id      bigint,
    occurred_on       date NOT NULL,
    recorded_by       text NOT NULL,
    recorded_at       timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, movement_id),
    CHECK ((lot_id = movement_id) = (operation_id IS NULL)),
    CHECK ((operation_id IS NULL) = (debt_id IS NULL)),
    CHECK (lot_id <> movement_id OR amount_minor > 0)
);
CREATE INDEX credit_movement_lot ON credit_movement (account_id, lot_id);
COMMENT ON TABLE credit_movement IS 'fact: credit that a payer got (a lot: lot_id is its own id), and every use of a lot by a debt operation (negative) or its giving back (positive)';

INSERT INTO ledger_account (legal_entity_id, role, number, name)
SELECT e.legal_entity_id, chart.role, chart.number, chart.name
  FROM legal_entity e,
       (VALUES ('credit_balance', '419700', 'Clients - avoirs à utiliser'),
               ('credit_given', '709600', 'Rabais, remises et ristournes accordés')) AS chart(role, number, name)
    ON CONFLICT DO NOTHING;
