-- Forgotten passwords.

CREATE INDEX account_email ON account (lower(email));

CREATE TABLE password_link (
    link_hash   bytea PRIMARY KEY,
    account_id  text COLLATE "C" NOT NULL REFERENCES account,
    login       text COLLATE "C" NOT NULL,
    asked_at    timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL,
    spent       boolean NOT NULL DEFAULT false
);
CREATE INDEX password_link_login ON password_link (account_id, login);
COMMENT ON TABLE password_link IS 'links by which a login sets a new password, as SHA-256; each is good once and for an hour';
