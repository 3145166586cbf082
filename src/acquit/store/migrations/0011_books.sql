-- Months of the books: deferred, closed, reopened, sealed; no entry in a closed one. VAT ids with the proof of their check.

CREATE TABLE period_act (
    legal_entity_id  text COLLATE "C" NOT NULL REFERENCES legal_entity,
    act_no           integer NOT NULL CHECK (act_no >= 1),
    period           text COLLATE "C" NOT NULL CHECK (period ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'),
    happening        text NOT NULL CHECK (happening IN ('deferred', 'closed', 'reopened', 'sealed')),
    reason           text NOT NULL DEFAULT '',
    entries          bigint NOT NULL DEFAULT 0 CHECK (entries >= 0),
    head             bytea,
    totals           jsonb NOT NULL DEFAULT '[]',
    acted_by         text NOT NULL,
    acted_at         timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (legal_entity_id, act_no),
    CHECK ((happening = 'closed') = (head IS NOT NULL)),
    CHECK (happening <> 'reopened' OR reason <> ''),
    CHECK (happening <> 'sealed' OR period LIKE '%-12')
);
COMMENT ON TABLE period_act IS 'fact: what became of a month of the books. deferred: its revenue was spread; closed: entries, head (SHA-256 over the entry hashes of the month, by account and number) and totals (ledger, currency, debit_minor, credit_minor) as they were then; sealed: the year that ends with the month is never opened again';

CREATE FUNCTION books_open_from(entity text) RETURNS date LANGUAGE sql STABLE AS $$
    SELECT coalesce(max((to_date(period, 'YYYY-MM') + interval '1 month')::date), '-infinity'::date)
      FROM (SELECT DISTINCT ON (period) period, happening
              FROM period_act
             WHERE legal_entity_id = entity AND happening IN ('closed', 'reopened')
             ORDER BY period, act_no DESC) latest
     WHERE happening = 'closed'
$$;
COMMENT ON FUNCTION books_open_from(text) IS 'the first day on which a legal entity may book: the day after its last closed month';

CREATE FUNCTION refuse_closed_period() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    late record;
BEGIN
    PERFORM pg_advisory_xact_lock_shared(hashtextextended('books ' || legal_entity_id, 0))
       FROM (SELECT DISTINCT a.legal_entity_id
               FROM fresh f JOIN account a ON a.account_id = f.account_id
              ORDER BY a.legal_entity_id) books;
    SELECT first.legal_entity_id, first.booked_on INTO late
      FROM (SELECT a.legal_entity_id, min(f.booked_on) AS booked_on
              FROM fresh f JOIN account a ON a.account_id = f.account_id
             GROUP BY a.legal_entity_id) first
     WHERE first.booked_on < books_open_from(first.legal_entity_id) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'an entry of % dated % lies in a closed period', late.legal_entity_id, late.booked_on
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER entry_in_open_period AFTER INSERT ON entry
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION refuse_closed_period();

CREATE SEQUENCE vat_check_no;
CREATE TABLE vat_check (
    account_id   text COLLATE "C" NOT NULL REFERENCES account,
    check_no     bigint NOT NULL DEFAULT nextval('vat_check_no'),
    vat_id       text COLLATE "C" NOT NULL CHECK (vat_id <> ''),
    register     text NOT NULL CHECK (register <> ''),
    outcome      text NOT NULL CHECK (outcome IN ('valid', 'invalid', 'unknown')),
    reference    text NOT NULL DEFAULT '',
    told         text NOT NULL DEFAULT '',
    checked_on   date NOT NULL,
    checked_by   text NOT NULL,
    checked_at   timestamptz NOT NULL DEFAULT instant(),
    PRIMARY KEY (account_id, check_no)
);
CREATE INDEX vat_check_id ON vat_check (account_id, vat_id, check_no);
COMMENT ON TABLE vat_check IS 'fact: a register was asked about the VAT id of an account: what it answered and, as proof, under which reference; unknown: it gave no answer';

INSERT INTO ledger_account (legal_entity_id, role, number, name)
SELECT legal_entity_id, 'deferred', '487000', 'Produits constatés d''avance'
  FROM ledger_account l
 WHERE role = 'receivable' AND number LIKE '411%'
   AND NOT EXISTS (SELECT FROM ledger_account o
                    WHERE o.legal_entity_id = l.legal_entity_id AND o.number = '487000');
