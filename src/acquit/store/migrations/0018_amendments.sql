-- Letters about debits that failed are owed until they are sent; mandates are amended.

CREATE TABLE collection_failure_notice (
    account_id     text COLLATE "C" NOT NULL,
    collection_id  bigint NOT NULL,
    sent_to        text NOT NULL,
    sent_on        date NOT NULL,
    sent_at        timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, collection_id),
    FOREIGN KEY (account_id, collection_id) REFERENCES collection
);
COMMENT ON TABLE collection_failure_notice IS 'fact: the payer was told that a debit was refused or taken back; sent_to is empty where nobody is to be told';
INSERT INTO collection_failure_notice (account_id, collection_id, sent_to, sent_on)
SELECT account_id, collection_id, '', happened_on
  FROM collection_event
 WHERE state IN ('rejected', 'returned');

CREATE TABLE mandate_amendment (
    account_id       text COLLATE "C" NOT NULL,
    mandate_id       bigint NOT NULL,
    amendment_no     integer NOT NULL CHECK (amendment_no >= 1),
    legal_entity_id  text COLLATE "C" NOT NULL REFERENCES legal_entity,
    amended_on       date NOT NULL,
    reference        text COLLATE "C" NOT NULL DEFAULT '' CHECK (length(reference) <= 35),
    creditor_id      text COLLATE "C" NOT NULL DEFAULT '',
    former_name      text NOT NULL DEFAULT '',
    iban             text COLLATE "C" NOT NULL DEFAULT '',
    bic              text COLLATE "C" NOT NULL DEFAULT '',
    reason           text NOT NULL DEFAULT '',
    recorded_by      text NOT NULL,
    recorded_at      timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, mandate_id, amendment_no),
    FOREIGN KEY (account_id, mandate_id) REFERENCES mandate,
    CHECK (reference <> '' OR creditor_id <> '' OR former_name <> '' OR iban <> '')
);
CREATE UNIQUE INDEX mandate_amendment_reference ON mandate_amendment (legal_entity_id, reference) WHERE reference <> '';
COMMENT ON TABLE mandate_amendment IS 'fact: a mandate got another reference, creditor identifier, creditor''s name (the former one is kept) or bank account; what is empty stayed as it was';

ALTER TABLE collection ADD COLUMN amendment_no integer NOT NULL DEFAULT 0 CHECK (amendment_no >= 0);
COMMENT ON COLUMN collection.amendment_no IS 'how often its mandate had been amended when the file was made';
