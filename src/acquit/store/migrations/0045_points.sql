-- Points: what a seller gives for what is paid, kept by movements that a trigger proves.

CREATE SEQUENCE programme_id;
CREATE TABLE points_programme (
    legal_entity_id  text COLLATE "C" NOT NULL REFERENCES legal_entity,
    programme_id     bigint NOT NULL DEFAULT nextval('programme_id'),
    currency         text NOT NULL,
    from_on          date NOT NULL,
    points           bigint NOT NULL CHECK (points >= 0),
    per_minor        bigint NOT NULL CHECK (per_minor > 0),
    worth_minor      bigint NOT NULL CHECK (worth_minor > 0),
    used_bp          integer NOT NULL CHECK (used_bp BETWEEN 1 AND 10000),
    lapse_months     integer CHECK (lapse_months > 0),
    is_sold          boolean NOT NULL DEFAULT false,
    without_plans    text[] NOT NULL DEFAULT '{}',
    without_kinds    text[] NOT NULL DEFAULT '{}',
    set_by           text NOT NULL,
    set_at           timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (legal_entity_id, programme_id)
);
CREATE INDEX points_programme_day ON points_programme (legal_entity_id, currency, from_on);
COMMENT ON TABLE points_programme IS 'fact: from a day on a seller gives so many points per so much net that is paid in a currency (0: none any more); the latest of a day holds';

CREATE SEQUENCE points_movement_id;
CREATE TABLE points_movement (
    account_id          text COLLATE "C" NOT NULL REFERENCES account,
    movement_id         bigint NOT NULL DEFAULT nextval('points_movement_id'),
    kind                text NOT NULL CHECK (kind IN ('earned', 'bought', 'given', 'taken', 'back', 'used', 'lapsed', 'undone')),
    points              bigint NOT NULL CHECK (points <> 0),
    balance             bigint NOT NULL CHECK (balance >= 0),
    lot_id              bigint NOT NULL,
    currency            text,
    worth_minor         bigint CHECK (worth_minor > 0),
    used_bp             integer CHECK (used_bp BETWEEN 1 AND 10000),
    lapses_on           date,
    bill_account_id     text COLLATE "C",
    bill_id             text COLLATE "C",
    order_id            bigint NOT NULL DEFAULT 0,
    credit_movement_id  bigint,
    reason              text NOT NULL DEFAULT '',
    occurred_on         date NOT NULL,
    recorded_by         text NOT NULL,
    recorded_at         timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, movement_id),
    CHECK ((kind IN ('earned', 'bought', 'given')) = (lot_id = movement_id)),
    CHECK ((lot_id = movement_id) = (points > 0)),
    CHECK ((lot_id = movement_id) = (worth_minor IS NOT NULL)),
    CHECK ((worth_minor IS NULL) = (used_bp IS NULL) AND (worth_minor IS NULL) = (currency IS NULL)),
    CHECK (lapses_on IS NULL OR lot_id = movement_id),
    CHECK ((kind IN ('earned', 'back')) = (bill_id IS NOT NULL) AND (bill_id IS NULL) = (bill_account_id IS NULL)),
    CHECK ((kind IN ('used', 'bought')) = (credit_movement_id IS NOT NULL))
);
CREATE INDEX points_movement_lot ON points_movement (account_id, lot_id);
CREATE INDEX points_movement_bill ON points_movement (account_id, bill_account_id, bill_id) WHERE bill_id IS NOT NULL;
CREATE INDEX points_movement_lapse ON points_movement (lapses_on) WHERE lapses_on IS NOT NULL;
COMMENT ON TABLE points_movement IS 'fact: points that a payer got (a lot: lot_id is its own id, with what a point of it is worth), and what became of them (negative); balance: what the payer has after it, in all. credit_movement_id: the credit that used ones became, or the money of bought ones, which waits';

CREATE TABLE points_order (
    account_id   text COLLATE "C" NOT NULL,
    order_id     bigint NOT NULL,
    points       bigint NOT NULL CHECK (points > 0),
    worth_minor  bigint NOT NULL CHECK (worth_minor > 0),
    PRIMARY KEY (account_id, order_id),
    FOREIGN KEY (account_id, order_id) REFERENCES prepay_order
);
COMMENT ON TABLE points_order IS 'fact: what an order of prepaid money buys is points, at their worth; they come with the money';

CREATE SEQUENCE points_owed_id;
CREATE TABLE points_owed (
    account_id       text COLLATE "C" NOT NULL REFERENCES account,
    owed_id          bigint NOT NULL DEFAULT nextval('points_owed_id'),
    bill_account_id  text COLLATE "C" NOT NULL,
    bill_id          text COLLATE "C" NOT NULL,
    points           bigint NOT NULL CHECK (points <> 0),
    occurred_on      date NOT NULL,
    recorded_at      timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, owed_id)
);
CREATE INDEX points_owed_bill ON points_owed (account_id, bill_account_id, bill_id);
COMMENT ON TABLE points_owed IS 'fact: points of a bill that is paid no more and that were not there to take back; negative: they were taken since';

CREATE FUNCTION refuse_lost_points() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    broken record;
BEGIN
    SELECT f.account_id, f.movement_id INTO broken
      FROM fresh f
     WHERE f.balance <> f.points + coalesce((
           SELECT m.balance FROM points_movement m
            WHERE m.account_id = f.account_id AND m.movement_id < f.movement_id
            ORDER BY m.movement_id DESC LIMIT 1), 0)
        OR EXISTS (SELECT FROM points_movement m
                    WHERE m.account_id = f.account_id AND m.movement_id > f.movement_id
                      AND NOT EXISTS (SELECT FROM fresh n WHERE n.movement_id = m.movement_id))
        OR (SELECT sum(m.points) FROM points_movement m
             WHERE m.account_id = f.account_id AND m.lot_id = f.lot_id) < 0
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'movement % of points of account % does not follow from those before it', broken.movement_id, broken.account_id
              USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER points_movement_kept AFTER INSERT ON points_movement
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION refuse_lost_points();

CREATE FUNCTION refuse_overtaken_points() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    broken record;
BEGIN
    SELECT f.account_id, f.bill_id INTO broken
      FROM fresh f
     WHERE (SELECT sum(o.points) FROM points_owed o
             WHERE o.account_id = f.account_id AND o.bill_account_id = f.bill_account_id
               AND o.bill_id = f.bill_id) < 0
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'account % owes no such points of bill %', broken.account_id, broken.bill_id
              USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER points_owed_kept AFTER INSERT ON points_owed
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION refuse_overtaken_points();

CREATE TABLE points_due (
    due_id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    legal_entity_id  text COLLATE "C" NOT NULL,
    payer_id         text COLLATE "C" NOT NULL,
    account_id       text COLLATE "C" NOT NULL,
    debt_id          bigint NOT NULL
);
CREATE INDEX points_due_payer ON points_due (payer_id);
COMMENT ON TABLE points_due IS 'debts on which something happened since their points were counted; a trigger follows operations';

CREATE FUNCTION note_points_due() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM points_programme) THEN
        INSERT INTO points_due (legal_entity_id, payer_id, account_id, debt_id)
        SELECT a.legal_entity_id, d.payer_id, d.account_id, d.debt_id
          FROM (SELECT DISTINCT account_id, debt_id FROM fresh) f
          JOIN debt d ON d.account_id = f.account_id AND d.debt_id = f.debt_id
          JOIN account a ON a.account_id = d.payer_id AND a.currency = d.currency
         WHERE EXISTS (SELECT FROM points_programme p
                        WHERE p.legal_entity_id = a.legal_entity_id AND p.currency = d.currency);
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER debt_operation_points AFTER INSERT ON debt_operation
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION note_points_due();

CREATE TABLE points_alert (
    account_id        text COLLATE "C" PRIMARY KEY REFERENCES account,
    threshold_points  bigint NOT NULL CHECK (threshold_points >= 0),
    is_warned         boolean NOT NULL DEFAULT false,
    set_by            text NOT NULL,
    set_at            timestamptz NOT NULL DEFAULT instant()
);
COMMENT ON TABLE points_alert IS 'below how many points a payer wants a letter; is_warned until they are back';

ALTER TABLE service_order_payment DROP CONSTRAINT service_order_payment_means_check;
ALTER TABLE service_order_payment ADD CONSTRAINT service_order_payment_means_check
      CHECK (means IN ('terms', 'free', 'points'));
COMMENT ON TABLE service_order_payment IS 'fact: an order was put on the payment term of its payer, was paid with points or costs nothing; in that moment its services began';

ALTER TABLE credit_movement DROP CONSTRAINT credit_movement_type_check;
ALTER TABLE credit_movement ADD CONSTRAINT credit_movement_type_check
      CHECK (type IN ('VOUCHER', 'BONUS', 'PREPAID_ACCOUNT', 'DEPOSIT', 'POINTS'));
COMMENT ON TABLE credit_movement IS 'fact: credit that a payer got (a lot: lot_id is its own id), and every use of a lot by a debt operation (negative) or its giving back (positive); without operation and negative: money that was credit by mistake is unapplied again. POINTS: money behind points that were bought; it pays nothing until they are used';

INSERT INTO ledger_account (legal_entity_id, role, number, name)
SELECT e.legal_entity_id, 'points', '487100', 'Produits constatés d''avance - points'
  FROM legal_entity e
 WHERE NOT EXISTS (SELECT FROM ledger_account l WHERE l.legal_entity_id = e.legal_entity_id AND l.number = '487100')
    ON CONFLICT DO NOTHING;
