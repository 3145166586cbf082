-- Services that change hands as lists: the latest of all accounts first, and what was said to each change.

CREATE INDEX service_move_latest ON service_move (to_service_id);
CREATE INDEX act_contact_change ON act (subject) WHERE verb IN ('agree_to_contact_change', 'refuse_contact_change', 'resend_contact_letter');
