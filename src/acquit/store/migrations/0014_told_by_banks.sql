-- Entries of banks that tell of files which were sent to them, and of the payouts of acquirers.

ALTER TABLE bank_entry ADD COLUMN file_references text[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN bank_entry.file_references IS 'what the entry repeats of a file that was sent to the bank: its block (PmtInfId), then its number (MsgId)';
ALTER TABLE bank_inbox ADD COLUMN told text NOT NULL DEFAULT '';
COMMENT ON COLUMN bank_inbox.told IS 'why an entry that names something of ours waits nevertheless';

ALTER TABLE bank_move DROP CONSTRAINT bank_move_kind_check;
ALTER TABLE bank_move ADD CONSTRAINT bank_move_kind_check CHECK (kind IN ('suspense', 'identified', 'deposit', 'withdrawn', 'returned', 'own'));
ALTER TABLE bank_move DROP CONSTRAINT bank_move_check;
ALTER TABLE bank_move ADD CONSTRAINT bank_move_check CHECK ((kind IN ('suspense', 'identified', 'own')) = (deposit_id IS NULL));
COMMENT ON TABLE bank_move IS 'fact: where the money of an entry went: into suspense, out of it (identified), to a payer as a deposit, away from that again (withdrawn), back to the bank (returned), or nowhere, as what the entry tells is booked already (own). suspense - identified + deposit - withdrawn + returned + own = the entry';
ALTER TABLE bank_match_part DROP CONSTRAINT bank_match_part_kind_check;
ALTER TABLE bank_match_part ADD CONSTRAINT bank_match_part_kind_check CHECK (kind IN ('paid', 'credit-used', 'written-off', 'to-credit', 'returned', 'own'));
COMMENT ON TABLE bank_match_part IS 'fact: what a match did: an operation on a debt, a credit of the payer, or nothing, as the entry tells of a file of ours or a payout (own)';

CREATE TABLE bank_own (
    legal_entity_id  text COLLATE "C" NOT NULL,
    entry_id         bigint NOT NULL,
    kind             text NOT NULL CHECK (kind IN ('collected', 'returned', 'refund-paid', 'refund-returned', 'payout')),
    reference        text COLLATE "C" NOT NULL,
    amount_minor     bigint NOT NULL CHECK (amount_minor <> 0),
    is_again         boolean NOT NULL,
    PRIMARY KEY (legal_entity_id, entry_id, kind, reference)
);
CREATE UNIQUE INDEX bank_own_once ON bank_own (legal_entity_id, kind, reference) WHERE NOT is_again;
COMMENT ON TABLE bank_own IS 'fact: an entry tells of a debit or refund in a file of ours (EndToEndId), or of the payout of an acquirer, whose money is booked with that; is_again when a notification before the statement had told it';
