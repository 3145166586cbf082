-- A second factor for staff; where a session was opened from, and how.

ALTER TABLE session ADD COLUMN session_no bigint GENERATED ALWAYS AS IDENTITY UNIQUE;
ALTER TABLE session ADD COLUMN address text NOT NULL DEFAULT '';
ALTER TABLE session ADD COLUMN browser text NOT NULL DEFAULT '';
ALTER TABLE session ADD COLUMN means text NOT NULL DEFAULT 'password' CHECK (means IN ('password', 'code', 'single-sign-on'));
CREATE INDEX session_account ON session (account_id, login);
CREATE INDEX session_operator ON session (operator_id);
COMMENT ON TABLE session IS 'people who are signed in: from where, by which browser, and by what they proved who they are';

ALTER TABLE pending_sign_in ALTER COLUMN account_id DROP NOT NULL;
ALTER TABLE pending_sign_in ALTER COLUMN login DROP NOT NULL;
ALTER TABLE pending_sign_in ADD COLUMN operator_id text COLLATE "C" REFERENCES operator;
ALTER TABLE pending_sign_in ADD CONSTRAINT pending_sign_in_check CHECK ((account_id IS NULL) = (login IS NULL) AND (account_id IS NULL) <> (operator_id IS NULL));

CREATE TABLE operator_device (
    operator_id    text COLLATE "C" PRIMARY KEY REFERENCES operator,
    secret_sealed  bytea NOT NULL,
    confirmed      boolean NOT NULL DEFAULT false,
    last_step      bigint NOT NULL DEFAULT 0,
    created_at     timestamptz NOT NULL DEFAULT instant(),
    last_used_at   timestamptz
);
COMMENT ON TABLE operator_device IS 'the device of an operator that makes codes by time (RFC 6238); asked for once confirmed, no code is taken twice';

CREATE TABLE operator_backup_code (
    operator_id  text COLLATE "C" NOT NULL REFERENCES operator_device ON DELETE CASCADE,
    code_mac     text COLLATE "C" NOT NULL,
    PRIMARY KEY (operator_id, code_mac)
);
COMMENT ON TABLE operator_backup_code IS 'codes of operators not spent yet, under the key of the installation';
