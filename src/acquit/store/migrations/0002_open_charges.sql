-- A charge may be one of several parts of its kind; open charges are rows of their own.

ALTER TABLE charge
    ADD COLUMN part text COLLATE "C" NOT NULL DEFAULT '' CHECK (part ~ '^[A-Za-z0-9._:-]{0,80}$'),
    DROP CONSTRAINT charge_pkey,
    ADD PRIMARY KEY (account_id, service_id, kind, part, period_start);
COMMENT ON TABLE charge IS 'fact: a priced fact to bill in arrears (accepted_on is the cut-off it counts for); open while no bill_detail bears its key. part tells charges of one kind and period apart (a meter, a discount); service 0 is the account itself. period_end is the last day covered';

ALTER TABLE bill_detail ADD COLUMN part text COLLATE "C" NOT NULL DEFAULT '';
DROP INDEX bill_detail_charge;
CREATE UNIQUE INDEX bill_detail_charge ON bill_detail (account_id, service_id, kind, part, period_start, correction_no);
COMMENT ON TABLE bill_detail IS 'fact: one line of a bill; a charge is billed once: unique (account, service, kind, part, start of its period) per correction. period_end is the last day covered';

CREATE TABLE open_charge (
    account_id    text COLLATE "C" NOT NULL,
    service_id    bigint NOT NULL,
    kind          text NOT NULL,
    part          text COLLATE "C" NOT NULL,
    period_start  date NOT NULL,
    accepted_on   date NOT NULL,
    PRIMARY KEY (account_id, service_id, kind, part, period_start)
);
COMMENT ON TABLE open_charge IS 'charges on no bill yet: a trigger adds each new charge, the run that bills it takes it away; the audit compares with charge and bill_detail';

CREATE FUNCTION open_new_charges() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO open_charge (account_id, service_id, kind, part, period_start, accepted_on)
    SELECT account_id, service_id, kind, part, period_start, accepted_on FROM fresh;
    RETURN NULL;
END $$;

CREATE TRIGGER charge_opened AFTER INSERT ON charge
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION open_new_charges();

INSERT INTO open_charge (account_id, service_id, kind, part, period_start, accepted_on)
SELECT c.account_id, c.service_id, c.kind, c.part, c.period_start, c.accepted_on
  FROM charge c
 WHERE NOT EXISTS (
       SELECT FROM bill_detail d
        WHERE d.account_id = c.account_id AND d.service_id = c.service_id AND d.kind = c.kind
          AND d.part = c.part AND d.period_start = c.period_start);
