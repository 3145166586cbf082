-- Lists of the pages go on from a key, and a search through accounts reads an index.

CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE INDEX account_words ON account USING gin
    (lower(account_id COLLATE "default" || chr(10) || coalesce(description, '') || chr(10) || email) gin_trgm_ops);
CREATE INDEX account_family ON account (coalesce(parent_id, account_id), (parent_id IS NOT NULL), sub_account_no);
CREATE INDEX account_party ON account (legal_party_id) WHERE legal_party_id IS NOT NULL;
CREATE INDEX legal_party_words ON legal_party USING gin (lower(name) gin_trgm_ops);
CREATE INDEX request_decided ON request (decided_at DESC, request_id DESC) WHERE state <> 'waiting';
CREATE INDEX dispute_open ON dispute (deadline_on, dispute_id) WHERE state = 'open';
CREATE INDEX terms_grant_second ON terms_grant (grant_id) WHERE needs_approval;
CREATE INDEX bank_decision_entry ON bank_decision (legal_entity_id, entry_id);
CREATE INDEX deposit_recorded ON deposit (account_id, recorded_at, deposit_id);
CREATE INDEX purchase_order_newest ON purchase_order (account_id, start_on, purchase_order_id) WHERE status = 'CREATED';
CREATE INDEX purchase_order_draw_newest ON purchase_order_draw (account_id, purchase_order_id, drawn_on, bill_id);
