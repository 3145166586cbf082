"""Checks of the audit: every bill leaves by its seller's channels, and platforms hear what was collected."""

from typing import Final, LiteralString

from acquit.store.audit_check import Check

# A claim, a person and an address that nobody named go by mail alone; a French address goes by the platform
# between French businesses, one with another scheme by Peppol. Written here once more, in SQL.
DELIVERIES: Final[LiteralString] = """
    WITH asked AS (
        SELECT b.account_id, b.bill_id, c.channel
          FROM issued_paper b
          JOIN document p ON p.account_id = b.account_id AND p.bill_id = b.bill_id AND p.form = 'pdf'
          JOIN snapshot s ON s.snapshot_hash = b.seller_hash
          JOIN snapshot y ON y.snapshot_hash = CASE WHEN b.kind LIKE 'self-billed%' THEN b.seller_hash
                                                   ELSE b.buyer_hash END
          CROSS JOIN LATERAL (
               SELECT DISTINCT ON (channel) channel, is_on
                 FROM delivery_channel
                WHERE legal_entity_id = b.legal_entity_id AND from_on <= b.issued_on
                ORDER BY channel, from_on DESC, channel_no DESC) c
         WHERE c.is_on AND b.legal_entity_id IN (SELECT legal_entity_id FROM delivery_channel)
           AND CASE c.channel
                    WHEN 'email' THEN true
                    WHEN 'platform' THEN
                         b.kind <> 'claim' AND coalesce(y.body ->> 'tax_profile', '') <> 'person'
                         AND s.body ->> 'country' IN ('FR', 'GP', 'MQ', 'RE')
                         AND y.body ->> 'country' IN ('FR', 'GP', 'MQ', 'RE')
                         AND concat(y.body ->> 'e_address', y.body ->> 'siren') <> ''
                         AND coalesce(y.body ->> 'e_address', '') !~ '@'
                         AND (coalesce(y.body ->> 'e_address', '') !~ '^[0-9]{4}:[A-Za-z0-9+._/-]{1,60}$'
                              OR y.body ->> 'e_address' ~ '^0225:')
                    ELSE b.kind <> 'claim' AND coalesce(y.body ->> 'tax_profile', '') <> 'person'
                         AND y.body ->> 'e_address' ~ '^[0-9]{4}:[A-Za-z0-9+._/-]{1,60}$'
                         AND y.body ->> 'e_address' !~ '^0225:' END)
    SELECT count(*) AS compared,
           coalesce((array_agg(a.bill_id || '/' || a.channel ORDER BY a.bill_id, a.channel)
                     FILTER (WHERE d.delivery_id IS NULL))[:1000], '{}') AS differences
      FROM asked a
      LEFT JOIN delivery d ON d.account_id = a.account_id AND d.bill_id = a.bill_id
                          AND d.channel = a.channel AND d.event = 'bill' AND d.bill_id <> ''
"""

WAITING: Final[LiteralString] = """
    WITH ended AS (
        SELECT d.account_id, d.delivery_id, w.delivery_id IS NOT NULL AS waits,
               coalesce(a.outcome IN ('sent', 'refused', 'bounced', 'ended'), false) AS has_ended,
               d.event = 'letter' OR d.event LIKE 'message/%' OR EXISTS (
                   SELECT FROM issued_paper b WHERE b.account_id = d.account_id AND b.bill_id = d.bill_id)
                 AS has_bill
          FROM delivery d
          LEFT JOIN delivery_waiting w ON w.account_id = d.account_id AND w.delivery_id = d.delivery_id
          LEFT JOIN LATERAL (
               SELECT outcome FROM delivery_attempt t
                WHERE t.account_id = d.account_id AND t.delivery_id = d.delivery_id
                ORDER BY attempt_no DESC LIMIT 1) a ON true)
    SELECT count(*) AS compared,
           coalesce((array_agg(delivery_id::text ORDER BY delivery_id)
                     FILTER (WHERE waits = has_ended OR NOT has_bill))[:1000], '{}') AS differences
      FROM ended
"""

COLLECTED: Final[LiteralString] = """
    WITH told AS (
        SELECT s.account_id, s.bill_id, s.reference, sum(a.amount_minor) AS amount_minor
          FROM bill_status s
          LEFT JOIN bill_status_amount a ON a.account_id = s.account_id AND a.bill_id = s.bill_id
                                        AND a.status_no = s.status_no
         WHERE s.code = 212 AND s.said_by = 'seller'
         GROUP BY s.account_id, s.bill_id, s.reference),
    happened AS (
        SELECT o.account_id, d.bill_id, o.operation_id::text AS reference, -o.effect_minor AS amount_minor,
               w.operation_id IS NOT NULL AS waits
          FROM delivery v
          JOIN bill b ON b.account_id = v.account_id AND b.bill_id = v.bill_id
          JOIN snapshot s ON s.snapshot_hash = b.seller_hash
          JOIN debt d ON d.account_id = v.account_id AND d.bill_id = v.bill_id
          JOIN debt_operation o ON o.account_id = d.account_id AND o.debt_id = d.debt_id
          LEFT JOIN status_waiting w ON w.account_id = o.account_id AND w.bill_id = d.bill_id
                                    AND w.operation_id = o.operation_id
         WHERE v.channel = 'platform' AND v.event = 'bill' AND o.means NOT IN ('credit-note', 'loss')
           AND NOT coalesce((s.body ->> 'vat_on_debits')::boolean, false))
    SELECT count(*) AS compared,
           coalesce((array_agg(coalesce(t.bill_id, h.bill_id) || '/' || coalesce(t.reference, h.reference)
                               ORDER BY coalesce(t.bill_id, h.bill_id), coalesce(t.reference, h.reference))
                     FILTER (WHERE coalesce(t.amount_minor, 0) <> coalesce(h.amount_minor, 0)
                               AND NOT coalesce(h.waits, false)))[:1000], '{}') AS differences
      FROM told t
      FULL JOIN happened h ON h.account_id = t.account_id AND h.bill_id = t.bill_id
                          AND h.reference = t.reference
"""

MESSAGES: Final[LiteralString] = """
    WITH compared AS (
        SELECT coalesce(m.account_id, d.account_id) || '/' || coalesce('message/' || m.message_id, d.event)
                 AS name,
               m.message_id IS NULL OR d.delivery_id IS NULL AS is_alone
          FROM message m
          FULL JOIN (SELECT account_id, delivery_id, event FROM delivery WHERE event LIKE 'message/%') d
            ON d.account_id = m.account_id AND d.event = 'message/' || m.message_id)
    SELECT count(*) AS compared,
           coalesce((array_agg(name ORDER BY name) FILTER (WHERE is_alone))[:1000], '{}') AS differences
      FROM compared
"""

MAILS: Final[LiteralString] = """
    SELECT count(*) AS compared,
           coalesce((array_agg(s.account_id || '/' || s.mail_id ORDER BY s.account_id, s.mail_id)
                     FILTER (WHERE NOT EXISTS (
                         SELECT FROM delivery_attempt a
                          WHERE a.account_id = s.account_id AND a.delivery_id = s.delivery_id
                            AND (a.outcome = 'sent' OR cardinality(a.accepted) > 0))))[:1000], '{}')
             AS differences
      FROM sent_mail s
"""

CHECKS: Final = (
    Check("deliveries", DELIVERIES),
    Check("deliveries-wait", WAITING),
    Check("collected-told", COLLECTED),
    Check("messages-leave", MESSAGES),
    Check("mails-kept", MAILS),
)
"""In the order in which they are told."""
