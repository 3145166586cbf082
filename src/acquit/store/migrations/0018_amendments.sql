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
