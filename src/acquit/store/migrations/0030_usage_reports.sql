-- Reports of use that accounts ask for.

CREATE SEQUENCE usage_report_id START 1000;
CREATE TABLE usage_report (
    account_id  text COLLATE "C" NOT NULL REFERENCES account,
    report_id   bigint NOT NULL UNIQUE DEFAULT nextval('usage_report_id'),
    from_on     date NOT NULL,
    until_on    date NOT NULL,
    asked_by    text NOT NULL,
    asked_at    timestamptz NOT NULL DEFAULT instant(),
    sha256      text CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    built_at    timestamptz,
    PRIMARY KEY (account_id, report_id),
    CHECK (until_on >= from_on),
    CHECK ((sha256 IS NULL) = (built_at IS NULL))
);
CREATE INDEX usage_report_waiting ON usage_report (report_id) WHERE sha256 IS NULL;
COMMENT ON TABLE usage_report IS 'a report on the use of the months that begin between two days, which an account asked for; built by the worker, read by a link';
