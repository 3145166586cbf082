-- What sellers ask their accounts to accept, and who accepted what when.

CREATE TABLE contract_text (
    contract_text_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    legal_entity_id   text COLLATE "C" NOT NULL REFERENCES legal_entity,
    account_id        text COLLATE "C" REFERENCES account,
    name              text NOT NULL,
    from_on           date NOT NULL,
    said              text NOT NULL,
    paper_sha256      text NOT NULL,
    published_by      text NOT NULL,
    published_at      timestamptz NOT NULL DEFAULT instant(),
    UNIQUE NULLS NOT DISTINCT (legal_entity_id, account_id, name, from_on)
);
COMMENT ON TABLE contract_text IS 'fact: a version of what a seller asks its accounts to accept; the newest of a name that is not in the future holds';
COMMENT ON COLUMN contract_text.account_id IS 'null: for every account of the seller';

CREATE TABLE acceptance (
    account_id        text COLLATE "C" NOT NULL REFERENCES account,
    contract_text_id  bigint NOT NULL REFERENCES contract_text,
    accepted_by       text NOT NULL,
    accepted_at       timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, contract_text_id)
);
CREATE INDEX acceptance_contract_text ON acceptance (contract_text_id);
COMMENT ON TABLE acceptance IS 'fact: an account''s yes to a contract text';
