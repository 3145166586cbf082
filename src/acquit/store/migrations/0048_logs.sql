-- What acts on access left besides themselves, for a while; logs that are forwarded to streams of accounts.

CREATE TABLE act_trace (
    account_id  text COLLATE "C" NOT NULL REFERENCES account,
    act_id      bigint NOT NULL,
    at          timestamptz NOT NULL DEFAULT instant(),
    address     text NOT NULL DEFAULT '',
    browser     text NOT NULL DEFAULT '',
    before      jsonb,
    after       jsonb,
    PRIMARY KEY (account_id, act_id)
);
CREATE INDEX act_trace_at ON act_trace (at);
COMMENT ON TABLE act_trace IS 'what an act on access left besides itself: from where, by which browser, how it was before and after; forgotten with its day, while the act stays';

CREATE TABLE log_stream (
    account_id     text COLLATE "C" NOT NULL REFERENCES account,
    stream_id      uuid NOT NULL DEFAULT gen_random_uuid(),
    name           text NOT NULL,
    format         text NOT NULL CHECK (format IN ('https', 'gelf', 'syslog')),
    host           text NOT NULL,
    port           integer NOT NULL CHECK (port BETWEEN 1 AND 65535),
    path           text NOT NULL DEFAULT '',
    secret_name    text NOT NULL DEFAULT '',
    secret_sealed  bytea,
    authorities    text NOT NULL DEFAULT '',
    created_at     timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, stream_id)
);
COMMENT ON TABLE log_stream IS 'where an account collects its logs; authorities: PEM certificates that vouch for it besides the public ones';

CREATE TABLE log_forwarding (
    account_id     text COLLATE "C" NOT NULL,
    forwarding_id  uuid NOT NULL DEFAULT gen_random_uuid(),
    kind           text NOT NULL CHECK (kind IN ('api', 'audit')),
    stream_id      uuid NOT NULL,
    created_at     timestamptz NOT NULL DEFAULT instant(),
    next_at        timestamptz NOT NULL DEFAULT instant(),
    claimed_until  timestamptz,
    claim          uuid,
    failures       integer NOT NULL DEFAULT 0,
    problem        text NOT NULL DEFAULT '',
    sent           bigint NOT NULL DEFAULT 0,
    sent_at        timestamptz,
    lost           bigint NOT NULL DEFAULT 0,
    lost_from      timestamptz,
    lost_to        timestamptz,
    PRIMARY KEY (account_id, forwarding_id),
    UNIQUE (account_id, kind, stream_id),
    FOREIGN KEY (account_id, stream_id) REFERENCES log_stream ON DELETE CASCADE
);
COMMENT ON TABLE log_forwarding IS 'one kind of log that goes to one stream; claim: whoever sends just now; lost: records that were forgotten before they could be sent, until the stream is told';

CREATE TABLE log_waiting (
    account_id     text COLLATE "C" NOT NULL,
    forwarding_id  uuid NOT NULL,
    waiting_no     bigint GENERATED ALWAYS AS IDENTITY,
    record_no      bigint NOT NULL,
    at             timestamptz NOT NULL,
    PRIMARY KEY (account_id, forwarding_id, waiting_no),
    FOREIGN KEY (account_id, forwarding_id) REFERENCES log_forwarding ON DELETE CASCADE
);
COMMENT ON TABLE log_waiting IS 'records of a log that a stream has not taken yet, by their numbers (call_id, act_id); written with the record, gone once it was taken';

INSERT INTO act_trace (account_id, act_id, at, address)
SELECT t.account_id, t.act_id, t.at, coalesce(t.details->>'address', '')
  FROM act t
  JOIN account a ON a.account_id = t.account_id
 WHERE t.at > now() - interval '365 days'
   AND t.verb IN (
       'sign_in', 'set_password', 'reset_password', 'add_identity_user', 'change_identity_user',
       'disable_identity_user', 'enable_identity_user', 'join_identity_group', 'leave_identity_group',
       'remove_identity_user', 'add_identity_group', 'change_identity_group', 'remove_identity_group',
       'create_personal_token', 'change_personal_token', 'revoke_personal_token', 'create_service_account',
       'change_service_account', 'give_rights', 'take_rights', 'remove_service_account');
