-- Sheets with names and addresses that accounts keep.

CREATE SEQUENCE contact_id START 1000;
CREATE TABLE contact_sheet (
    account_id  text COLLATE "C" NOT NULL REFERENCES account,
    contact_id  bigint NOT NULL UNIQUE DEFAULT nextval('contact_id'),
    said        jsonb NOT NULL CHECK (jsonb_typeof(said) = 'object'),
    kept_at     timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, contact_id)
);
COMMENT ON TABLE contact_sheet IS 'name, address and numbers of somebody whom an account keeps a note of; said: the members that say something, by name';
