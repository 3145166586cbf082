-- Programs that sign in by themselves (OAuth2 client credentials), and short-lived tokens.

CREATE TABLE service_account (
    service_account_id  text COLLATE "C" PRIMARY KEY,
    account_id          text COLLATE "C" NOT NULL REFERENCES account,
    name                text NOT NULL,
    description         text NOT NULL,
    secret_hash         bytea NOT NULL,
    created_at          timestamptz NOT NULL DEFAULT instant(),
    UNIQUE (account_id, service_account_id)
);
COMMENT ON TABLE service_account IS 'a program that signs in as itself: it trades its id and secret for access tokens, and may do what its rights say';

CREATE TABLE service_account_right (
    account_id          text COLLATE "C" NOT NULL,
    service_account_id  text COLLATE "C" NOT NULL,
    action              text COLLATE "C" NOT NULL,
    given_at            timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, service_account_id, action),
    FOREIGN KEY (account_id, service_account_id) REFERENCES service_account (account_id, service_account_id) ON DELETE CASCADE
);
COMMENT ON TABLE service_account_right IS 'actions that a service account may carry out, as routes name them; * stands for anything';

CREATE TABLE access_token (
    credential_id       bigint PRIMARY KEY REFERENCES credential ON DELETE CASCADE,
    account_id          text COLLATE "C" NOT NULL REFERENCES account,
    service_account_id  text COLLATE "C",
    parent_id           bigint REFERENCES credential ON DELETE CASCADE,
    FOREIGN KEY (account_id, service_account_id) REFERENCES service_account (account_id, service_account_id) ON DELETE CASCADE,
    CHECK (service_account_id IS NOT NULL OR parent_id IS NOT NULL)
);
CREATE INDEX access_token_of ON access_token (account_id, service_account_id);
CREATE INDEX access_token_parent ON access_token (parent_id);
COMMENT ON TABLE access_token IS 'a bearer token that lives an hour at most: of a service account, or traded for the credential parent_id, with which it ends';
