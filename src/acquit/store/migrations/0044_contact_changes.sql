-- Contacts of services: who is to be one is asked for and agreed to by both sides.

CREATE TABLE service_contact (
    account_id    text COLLATE "C" NOT NULL REFERENCES account,
    service_id    bigint NOT NULL,
    technical_id  text COLLATE "C" NOT NULL REFERENCES account,
    set_by        text NOT NULL,
    set_at        timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, service_id)
);
COMMENT ON TABLE service_contact IS 'the account that is named as technical contact of a service of another one; it reads nothing of it';

CREATE SEQUENCE contact_change_id START 1000;
CREATE TABLE contact_change (
    account_id         text COLLATE "C" NOT NULL REFERENCES account,
    contact_change_id  bigint NOT NULL UNIQUE DEFAULT nextval('contact_change_id'),
    service_id         bigint NOT NULL,
    service_name       text NOT NULL,
    contact            text NOT NULL CHECK (contact IN ('admin', 'billing', 'technical')),
    from_account_id    text COLLATE "C" NOT NULL,
    to_account_id      text COLLATE "C" NOT NULL REFERENCES account,
    state              text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'agreed', 'done', 'refused', 'aborted')),
    asked_by           text NOT NULL,
    asked_at           timestamptz NOT NULL DEFAULT instant(),
    given_at           timestamptz,
    taken_at           timestamptz,
    told_at            timestamptz NOT NULL DEFAULT instant(),
    done_at            timestamptz,
    PRIMARY KEY (account_id, contact_change_id),
    CHECK (account_id <> to_account_id OR contact = 'technical'),
    CHECK ((done_at IS NULL) = (state IN ('waiting', 'agreed')))
);
CREATE INDEX contact_change_taker ON contact_change (to_account_id, contact_change_id);
CREATE UNIQUE INDEX contact_change_waiting ON contact_change (account_id, service_id, contact) WHERE state IN ('waiting', 'agreed');
COMMENT ON TABLE contact_change IS 'an account asks that another one be a contact of its service; given_at, taken_at: when either agreed. Administration and billing that are both agreed give the service away';
