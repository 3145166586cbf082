-- Which forms of bills have passed the official rules of electronic bills, and problems that name their rule.

CREATE TABLE proven_form (
    seller_hash  bytea NOT NULL,
    form         text COLLATE "C" NOT NULL CHECK (form <> ''),
    rules        text COLLATE "C" NOT NULL CHECK (rules <> ''),
    proven_at    timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (seller_hash, form, rules)
);
COMMENT ON TABLE proven_form IS 'fact: a draft of that seller (as printed) and form (VAT case, currency, language, payment) passed the official rules; rules: their version and that of the program that writes the files';
COMMENT ON COLUMN parked_account.problems IS 'what has to be mended: code, message and where, the rule of a standard, and the message in French';
