-- Files that accounts keep here.

CREATE TABLE kept_file (
    account_id  text COLLATE "C" NOT NULL REFERENCES account,
    file_id     text COLLATE "C" NOT NULL DEFAULT gen_random_uuid()::text,
    name        text NOT NULL,
    labels      jsonb NOT NULL DEFAULT '{}',
    size_bytes  bigint NOT NULL DEFAULT 0 CHECK (size_bytes >= 0),
    content     bytea,
    created_at  timestamptz NOT NULL DEFAULT instant(),
    expires_at  timestamptz,
    sent_at     timestamptz,
    PRIMARY KEY (account_id, file_id),
    CHECK ((content IS NULL) = (sent_at IS NULL)),
    CHECK (coalesce(octet_length(content), 0) = size_bytes)
);
CREATE INDEX kept_file_expiry ON kept_file (expires_at) WHERE expires_at IS NOT NULL;
COMMENT ON TABLE kept_file IS 'a file that an account keeps here; its bytes are sent by a link after it was made, and go with the row';

CREATE TABLE file_origin (
    account_id  text COLLATE "C" NOT NULL REFERENCES account,
    origin      text COLLATE "C" NOT NULL,
    PRIMARY KEY (account_id, origin)
);
COMMENT ON TABLE file_origin IS 'web sites whose pages may send and fetch an account''s files by link';
