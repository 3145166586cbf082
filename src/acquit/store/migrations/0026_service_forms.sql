-- Accounts are asked about their services, first of all why they end them.

CREATE TABLE service_form_answer (
    account_id   text COLLATE "C" NOT NULL,
    service_id   bigint NOT NULL,
    answer_no    integer NOT NULL,
    form         text NOT NULL CHECK (form <> ''),
    answers      jsonb NOT NULL,
    answered_by  text NOT NULL,
    answered_at  timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, service_id, answer_no)
);
COMMENT ON TABLE service_form_answer IS 'fact: what an account answered when it was asked about a service, question by question; the newest of a form counts';
