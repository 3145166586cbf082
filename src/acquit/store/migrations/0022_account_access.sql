-- From where an account may be reached, what a sign-in asks besides a password, what an account keeps about itself.

CREATE TABLE address_rule (
    account_id       text COLLATE "C" NOT NULL REFERENCES account,
    address_rule_id  bigint GENERATED ALWAYS AS IDENTITY,
    block            cidr NOT NULL,
    accepts          boolean NOT NULL,
    warns            boolean NOT NULL,
    PRIMARY KEY (account_id, address_rule_id),
    UNIQUE (account_id, block)
);
COMMENT ON TABLE address_rule IS 'whether the account is reached from a block of addresses, and whether a sign-in from there is told by letter; the narrowest block decides';

CREATE TABLE address_default (
    account_id  text COLLATE "C" PRIMARY KEY REFERENCES account,
    accepts     boolean NOT NULL,
    warns       boolean NOT NULL
);
COMMENT ON TABLE address_default IS 'what holds for addresses in no block of the account; without a row they are accepted';

CREATE TABLE code_generator (
    account_id         text COLLATE "C" NOT NULL REFERENCES account,
    code_generator_id  bigint GENERATED ALWAYS AS IDENTITY,
    login              text COLLATE "C" NOT NULL,
    secret_sealed      bytea NOT NULL,
    description        text NOT NULL DEFAULT '',
    state              text NOT NULL DEFAULT 'new' CHECK (state IN ('new', 'enabled', 'disabled')),
    last_step          bigint NOT NULL DEFAULT 0,
    created_at         timestamptz NOT NULL DEFAULT instant(),
    last_used_at       timestamptz,
    PRIMARY KEY (account_id, code_generator_id)
);
CREATE INDEX code_generator_login ON code_generator (account_id, login);
COMMENT ON TABLE code_generator IS 'a device of a login that makes codes by time (RFC 6238); last_step is the step of the last code taken, none is taken twice';

CREATE TABLE backup_codes (
    account_id    text COLLATE "C" NOT NULL REFERENCES account,
    login         text COLLATE "C" NOT NULL,
    state         text NOT NULL DEFAULT 'new' CHECK (state IN ('new', 'enabled', 'disabled')),
    created_at    timestamptz NOT NULL DEFAULT instant(),
    last_used_at  timestamptz,
    PRIMARY KEY (account_id, login)
);
COMMENT ON TABLE backup_codes IS 'the set of codes that let a login in without its device';

CREATE TABLE backup_code (
    account_id  text COLLATE "C" NOT NULL,
    login       text COLLATE "C" NOT NULL,
    code_mac    text COLLATE "C" NOT NULL,
    PRIMARY KEY (account_id, login, code_mac),
    FOREIGN KEY (account_id, login) REFERENCES backup_codes ON DELETE CASCADE
);
COMMENT ON TABLE backup_code IS 'codes not spent yet, under the key of the installation';

CREATE TABLE pending_sign_in (
    pending_hash  bytea PRIMARY KEY,
    account_id    text COLLATE "C" NOT NULL REFERENCES account,
    login         text COLLATE "C" NOT NULL,
    expires_at    timestamptz NOT NULL
);
COMMENT ON TABLE pending_sign_in IS 'who gave the right password and still owes a code';

CREATE TABLE api_call (
    account_id  text COLLATE "C" NOT NULL,
    call_id     bigint GENERATED ALWAYS AS IDENTITY,
    at          timestamptz NOT NULL,
    method      text NOT NULL,
    route       text NOT NULL,
    path        text NOT NULL,
    address     text NOT NULL,
    PRIMARY KEY (account_id, call_id)
);
COMMENT ON TABLE api_call IS 'the latest admitted calls of each account, written in batches a moment later; older ones are forgotten';

CREATE TABLE email_change (
    account_id       text COLLATE "C" NOT NULL REFERENCES account,
    email_change_id  bigint GENERATED ALWAYS AS IDENTITY,
    new_email        text NOT NULL,
    state            text NOT NULL DEFAULT 'todo' CHECK (state IN ('todo', 'done', 'refused', 'aborted')),
    asked_at         timestamptz NOT NULL DEFAULT instant(),
    done_at          timestamptz,
    PRIMARY KEY (account_id, email_change_id)
);
COMMENT ON TABLE email_change IS 'another address that an account asked for; it holds once the token of the letter to it came back';

CREATE TABLE ssh_key (
    account_id  text COLLATE "C" NOT NULL REFERENCES account,
    name        text COLLATE "C" NOT NULL,
    key         text NOT NULL,
    added_at    timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, name)
);
COMMENT ON TABLE ssh_key IS 'public keys that an account keeps here for its servers; billing does not use them';

CREATE TABLE preference (
    account_id  text COLLATE "C" NOT NULL REFERENCES account,
    name        text COLLATE "C" NOT NULL,
    value       text NOT NULL,
    PRIMARY KEY (account_id, name)
);
COMMENT ON TABLE preference IS 'texts that a page keeps for an account; only the page knows what they mean';
