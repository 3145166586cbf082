-- People sign in by an identity provider.

CREATE TABLE sign_on (
    sign_on_hash     bytea PRIMARY KEY,
    door             text NOT NULL CHECK (door IN ('manager', 'office')),
    nonce            text NOT NULL,
    verifier_sealed  bytea NOT NULL,
    account_id       text COLLATE "C" REFERENCES account,
    next             text NOT NULL,
    expires_at       timestamptz NOT NULL
);
COMMENT ON TABLE sign_on IS 'browsers that were sent to an identity provider and are not back yet; the hash is of the state and of a secret of the browser';

CREATE TABLE operator_identity (
    issuer       text COLLATE "C" NOT NULL,
    subject      text COLLATE "C" NOT NULL,
    operator_id  text COLLATE "C" NOT NULL REFERENCES operator,
    linked_at    timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (issuer, subject),
    UNIQUE (operator_id, issuer)
);
COMMENT ON TABLE operator_identity IS 'which person of an identity provider an operator is';

CREATE TABLE account_identity (
    account_id  text COLLATE "C" NOT NULL,
    login       text COLLATE "C" NOT NULL,
    issuer      text COLLATE "C" NOT NULL,
    subject     text COLLATE "C" NOT NULL,
    linked_at   timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, login, issuer),
    UNIQUE (issuer, subject, account_id),
    FOREIGN KEY (account_id, login) REFERENCES identity_user ON DELETE CASCADE
);
COMMENT ON TABLE account_identity IS 'which person of an identity provider a login of an account is';

CREATE INDEX identity_user_email ON identity_user (lower(email)) WHERE email IS NOT NULL;
