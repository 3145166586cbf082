-- What was archived and booked is stamped: a tree of hashes, signed; and papers go when the law lets them.

CREATE TABLE stamp (
    legal_entity_id  text COLLATE "C" NOT NULL REFERENCES legal_entity,
    stamp_no         integer NOT NULL CHECK (stamp_no >= 1),
    stamped_on       date NOT NULL,
    leaves           integer NOT NULL CHECK (leaves >= 0),
    root             bytea NOT NULL CHECK (length(root) = 32),
    prev_hash        bytea NOT NULL CHECK (length(prev_hash) = 32),
    hash             bytea NOT NULL CHECK (length(hash) = 32),
    signature        bytea NOT NULL CHECK (length(signature) = 64),
    public_key       bytea NOT NULL CHECK (length(public_key) = 32),
    stamped_at       timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (legal_entity_id, stamp_no)
);
COMMENT ON TABLE stamp IS 'fact: what was archived and booked of a seller since the stamp before; hash = SHA-256(UTF-8 of acquit stamp 1|legal_entity_id|stamp_no|stamped_on|leaves|root|prev_hash, hashes in hexadecimal), prev_hash of the first is 32 zero bytes, signature is Ed25519 over the same text; root is that of RFC 9162 section 2.1.1 over the leaves in order';

CREATE TABLE stamped_paper (
    account_id       text COLLATE "C" NOT NULL,
    bill_id          text COLLATE "C" NOT NULL,
    form             text NOT NULL,
    legal_entity_id  text COLLATE "C" NOT NULL,
    stamp_no         integer NOT NULL,
    leaf_no          integer NOT NULL CHECK (leaf_no >= 0),
    entry_no         integer NOT NULL,
    leaf             bytea NOT NULL,
    PRIMARY KEY (account_id, bill_id, form)
);
CREATE UNIQUE INDEX stamped_paper_leaf ON stamped_paper (legal_entity_id, stamp_no, leaf_no);
COMMENT ON TABLE stamped_paper IS 'fact: a paper is a leaf of a stamp; leaf = SHA-256(0x00 || UTF-8 of paper|account_id|bill_id|form|sha256|size_bytes|entry_no|hash of the entry)';

CREATE TABLE stamped_head (
    account_id       text COLLATE "C" NOT NULL,
    entry_no         integer NOT NULL,
    legal_entity_id  text COLLATE "C" NOT NULL,
    stamp_no         integer NOT NULL,
    leaf_no          integer NOT NULL CHECK (leaf_no >= 0),
    leaf             bytea NOT NULL,
    PRIMARY KEY (account_id, entry_no)
);
CREATE UNIQUE INDEX stamped_head_leaf ON stamped_head (legal_entity_id, stamp_no, leaf_no);
COMMENT ON TABLE stamped_head IS 'fact: the end of an account''s chain of entries is a leaf of a stamp; leaf = SHA-256(0x00 || UTF-8 of head|account_id|entry_no|hash of the entry)';

CREATE TABLE removed_paper (
    account_id  text COLLATE "C" NOT NULL,
    bill_id     text COLLATE "C" NOT NULL,
    form        text NOT NULL,
    issued_on   date NOT NULL,
    removed_by  text NOT NULL,
    removed_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, bill_id, form),
    FOREIGN KEY (account_id, bill_id, form) REFERENCES document,
    CHECK (extract(year FROM issued_on) + 10 < extract(year FROM removed_at AT TIME ZONE 'UTC'))
);
COMMENT ON TABLE removed_paper IS 'fact: the bytes of a paper were removed from the archive, later than ten years after the end of the year of its bill; its hash stays';
