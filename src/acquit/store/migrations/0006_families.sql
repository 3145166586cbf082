-- Families: bills shared by sub-accounts of one legal party; and sandboxes: sellers with a clock of their own.

ALTER TABLE bill_detail ADD COLUMN owner_id text COLLATE "C";
DROP INDEX bill_detail_charge;
CREATE UNIQUE INDEX bill_detail_charge ON bill_detail
    ((coalesce(owner_id, account_id)), service_id, kind, part, period_start, correction_no);
COMMENT ON COLUMN bill_detail.owner_id IS 'on a shared bill the sub-account whose charge it is; null: the bill''s own account';
COMMENT ON TABLE bill_detail IS 'fact: one line of a bill; a charge is billed once: unique (owner, service, kind, part, start of its period) per correction. period_end is the last day covered';

CREATE TABLE bill_slice (
    account_id  text COLLATE "C" NOT NULL,
    bill_id     text COLLATE "C" NOT NULL,
    slice_no    integer NOT NULL,
    owner_id    text COLLATE "C" NOT NULL,
    name        text NOT NULL,
    net_minor   bigint NOT NULL,
    tax_minor   bigint NOT NULL,
    PRIMARY KEY (account_id, bill_id, slice_no)
);
CREATE INDEX bill_slice_owner ON bill_slice (owner_id, bill_id);
COMMENT ON TABLE bill_slice IS 'fact: what of a shared bill is of one account (its own account among them), with its name as printed; the slices add up to the bill';

CREATE TABLE bill_sharing (
    account_id  text COLLATE "C" NOT NULL REFERENCES account,
    sharing_no  bigint GENERATED ALWAYS AS IDENTITY,
    from_on     date NOT NULL,
    is_shared   boolean NOT NULL,
    set_by      text NOT NULL,
    set_at      timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, from_on, sharing_no)
);
COMMENT ON TABLE bill_sharing IS 'fact: from that day on a parent and its sub-accounts of the same legal party share one bill, or no longer; of one day the last row holds';

CREATE SEQUENCE sandbox_no;
ALTER TABLE legal_entity
    ADD COLUMN sandbox_of text COLLATE "C" REFERENCES legal_entity,
    ADD COLUMN test_on date,
    ADD CHECK ((sandbox_of IS NULL) = (test_on IS NULL));
COMMENT ON COLUMN legal_entity.sandbox_of IS 'the seller that this one stands for in the sandbox of one account: series, chart, runs and clock are its own';
COMMENT ON COLUMN legal_entity.test_on IS 'the business date of a sandbox; moved forward by hand';
